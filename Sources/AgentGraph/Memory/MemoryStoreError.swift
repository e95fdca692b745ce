/// Why a memory store did not do what it was asked.
public struct MemoryStoreError: Error, Sendable, CustomStringConvertible {
  /// Which error; stable, open for more.
  public struct Code: RawRepresentable, Sendable, Hashable {
    /// In snake case.
    public let rawValue: String
    /// A code by its text.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A namespace is empty, too deep, or has a label that is empty, too long or holds control characters.
    public static let invalidNamespace = Code(rawValue: "invalid_namespace")
    /// A key is empty or too long.
    public static let invalidKey = Code(rawValue: "invalid_key")
    /// A value is too large or too deep, or holds a number that JSON lacks.
    public static let invalidValue = Code(rawValue: "invalid_value")
    /// A time to live is not positive, or too long.
    public static let invalidTimeToLive = Code(rawValue: "invalid_time_to_live")
    /// A query's limit, offset, depth, filters or patterns are out of their bounds.
    public static let invalidQuery = Code(rawValue: "invalid_query")
    /// A batch has more operations than allowed.
    public static let batchTooLarge = Code(rawValue: "batch_too_large")
    /// The store has no room for the value.
    public static let storeFull = Code(rawValue: "store_full")
    /// The store cannot take writes now (a full disk, a read-only file), though reads may go on.
    public static let readOnly = Code(rawValue: "read_only")
    /// The store cannot be used now.
    public static let unavailable = Code(rawValue: "unavailable")
    /// What is stored cannot be read: it is damaged, or of a newer version.
    public static let corrupt = Code(rawValue: "corrupt")
  }

  /// Which error.
  public var code: Code
  /// What happened and what is allowed, for people; no content.
  public var message: String
  /// The underlying error, for the log.
  public var cause: (any Error)?

  /// Makes an error.
  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// Whether the same call may succeed later.
  public var isRetryable: Bool { [.unavailable, .readOnly].contains(code) }

  /// The code and the message.
  public var description: String { "\(code.rawValue): \(message)" }
}
