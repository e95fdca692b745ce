/// Why a schema cannot be used.
public struct JSONSchemaError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A stable snake_case name of the fault.
  public let code: Code
  /// What is wrong, with the value, and what would be allowed.
  public let message: String
  /// Where in the schema, as a URI reference such as `#/properties/age/minimum`.
  public let schemaPath: String

  /// The kinds of fault.
  public enum Code: String, Sendable, CaseIterable {
    /// A keyword has a value that draft 2020-12 does not allow.
    case invalidKeyword = "invalid_keyword"
    /// A `$ref` leads nowhere; documents are never fetched.
    case unresolvedReference = "unresolved_reference"
    /// A pattern is no regular expression or uses what the subset leaves out.
    case unsupportedPattern = "unsupported_pattern"
    /// `$schema` names a dialect, or its metaschema requires a vocabulary, that is not supported.
    case unsupportedDialect = "unsupported_dialect"
    /// The schema exceeds a limit of `JSONSchemaLimits`.
    case schemaTooLarge = "schema_too_large"
    /// Two schemas have the same `$id` or anchor.
    case duplicateIdentifier = "duplicate_identifier"
  }

  /// Message and place.
  public var description: String { "\(message) (at \(schemaPath))" }
}
