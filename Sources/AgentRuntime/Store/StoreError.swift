/// Why a store did not do what it was asked.
public struct StoreError: Error, Sendable, CustomStringConvertible {
  /// The stable kind of a store's failure.
  public enum Kind: Sendable, Hashable {
    /// The id is taken.
    case exists
    /// The thing to change is not there.
    case notFound
    /// Another revision is stored than the one expected.
    case conflict(current: Int)
    /// The store cannot take writes now (a full disk, a read-only file), though reads may go on.
    case readOnly
    /// The store cannot be used now.
    case unavailable
    /// What is stored cannot be read: it is damaged, or of a newer version of Apus.
    case corrupt
  }

  /// The kind.
  public var kind: Kind
  /// What happened, for people; no content.
  public var message: String
  /// The underlying error, for the log.
  public var cause: (any Error)?

  /// Makes an error.
  public init(_ kind: Kind, _ message: String, cause: (any Error)? = nil) {
    self.kind = kind
    self.message = message
    self.cause = cause
  }

  /// The message.
  public var description: String { message }
}
