/// A JSON Schema of draft 2020-12, compiled once.
///
/// Made for schemas from strangers: nothing is fetched, patterns match in linear time, and work and depth are bounded.
public struct JSONSchema: Sendable {
  /// What may be set.
  public struct Options: Sendable {
    /// Whether `format` is checked (the formats of `JSONSchema.assertedFormats`); else it is an annotation.
    public var assertsFormat = false
    /// Documents that `$ref` and `$schema` may name, by their absolute URI without fragment.
    public var documents: [String: JSONValue] = [:]
    /// The URI of the schema itself, against which a relative `$id` is resolved.
    public var baseURI = "schema:/"
    /// What schema and validation may cost.
    public var limits = JSONSchemaLimits()

    /// The default options.
    public init() {}
  }

  /// The formats that are checked where `format` is asserted; others are annotations.
  public static var assertedFormats: [String] { SchemaFormat.allCases.map(\.rawValue) }

  private let program: SchemaProgram
  private let limits: JSONSchemaLimits

  /// Compiles a schema; throws if it breaks draft 2020-12 or a limit, or uses what is not supported.
  public init(_ schema: JSONValue, options: Options = Options()) throws(JSONSchemaError) {
    var compiler = SchemaCompiler(options: options)
    program = try compiler.compile(schema)
    limits = options.limits
  }

  /// All the ways in which a value breaks the schema, in the order of the value; none if it is valid.
  public func validate(_ value: JSONValue) -> [JSONSchemaFault] {
    var evaluator = SchemaEvaluator(program: program, limits: limits, gathering: .all)
    return evaluator.faults(of: value)
  }

  /// Whether a value is valid; faster than `validate` for one that is not.
  public func isValid(_ value: JSONValue) -> Bool {
    var evaluator = SchemaEvaluator(program: program, limits: limits, gathering: .none)
    return evaluator.isValid(value)
  }
}
