/// A compiled schema: nodes that name each other by index.
struct SchemaProgram: Sendable {
  var nodes: [SchemaNode] = []
  var root = 0
  /// The nodes that a `$dynamicRef` of a name may lead to, by resource.
  var dynamicNodes: [String: [Int: Int]] = [:]
  /// Whether some node needs to know which members and elements others have evaluated.
  var tracksEvaluated = false
}

/// A compiled subschema.
struct SchemaNode: Sendable {
  let resource: Int
  /// The place in the schema as a URI reference.
  let path: String
  /// The result if the subschema is `true` or `false`.
  var always: Bool?
  var rules: [SchemaRule] = []
}

/// A compiled keyword.
struct SchemaRule: Sendable {
  let keyword: String
  let kind: Kind

  enum Kind: Sendable {
    case assertion(SchemaAssertion)
    case combination(SchemaCombination)
    case parts(SchemaParts)
  }
}

/// A keyword that looks at the value alone.
enum SchemaAssertion: Sendable {
  case types(JSONTypes)
  case allowed([JSONValue])
  case bound(SchemaBound)
  case multipleOf(SchemaDivisor)
  case size(SchemaSize)
  case pattern(Pattern)
  case format(SchemaFormat)
  case uniqueItems
  case required([String])
  case dependentRequired([(key: String, required: [String])])
}

/// A keyword that applies subschemas, by the index of their nodes, to the value itself.
enum SchemaCombination: Sendable {
  case reference(Int)
  /// The node to take if no resource in the dynamic scope has that anchor.
  case dynamicReference(String, Int)
  case allOf([Int])
  case anyOf([Int])
  case oneOf([Int])
  case not(Int)
  case conditional(condition: Int, then: Int?, else: Int?)
  case dependentSchemas([(key: String, node: Int)])
}

/// A keyword that applies subschemas, by the index of their nodes, to the members or elements of the value.
enum SchemaParts: Sendable {
  case members(SchemaMembers)
  case propertyNames(Int)
  case items(prefix: [Int], rest: Int?)
  case contains(Int, min: Int, max: Int?)
  case unevaluatedItems(Int)
  case unevaluatedProperties(Int)
}

/// `properties`, `patternProperties` and `additionalProperties` of one schema.
struct SchemaMembers: Sendable {
  var properties: [ByteKey: Int] = [:]
  /// The names in the order written.
  var names: [String] = []
  var patterns: [(pattern: Pattern, node: Int)] = []
  var additional: Int?
}

/// A set of JSON Schema's types.
struct JSONTypes: OptionSet {
  let rawValue: Int

  static let number = JSONTypes(rawValue: 1 << 0)
  static let integer = JSONTypes(rawValue: 1 << 1)

  private static let named: [(name: String, types: JSONTypes)] = [
    ("null", JSONTypes(rawValue: 1 << 2)), ("boolean", JSONTypes(rawValue: 1 << 3)), ("integer", .integer),
    ("number", .number), ("string", JSONTypes(rawValue: 1 << 4)), ("array", JSONTypes(rawValue: 1 << 5)),
    ("object", JSONTypes(rawValue: 1 << 6)),
  ]

  static let names = named.map(\.name)

  init(rawValue: Int) { self.rawValue = rawValue }

  init?(name: String) {
    guard let found = Self.named.first(where: { $0.name == name }) else { return nil }
    self = found.types
  }

  var names: [String] { Self.named.filter { contains($0.types) }.map(\.name) }

  func allow(_ value: JSONValue) -> Bool {
    switch value {
    case .null: rawValue & 1 << 2 != 0
    case .bool: rawValue & 1 << 3 != 0
    case .integer: !isDisjoint(with: [.number, .integer])
    case .double, .number: contains(.number) || (contains(.integer) && value.isIntegral)
    case .string: rawValue & 1 << 4 != 0
    case .array: rawValue & 1 << 5 != 0
    case .object: rawValue & 1 << 6 != 0
    }
  }
}
