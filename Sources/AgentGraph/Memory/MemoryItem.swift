public import AgentJSON

/// A value that was put into a memory store. Times are microseconds since 1970.
public struct MemoryItem: Sendable {
  /// Where it is kept.
  public let namespace: MemoryNamespace
  /// Its name there; keys are compared by their UTF-8 bytes.
  public let key: String
  /// What was put.
  public let value: JSONValue
  /// When it was put first, in microseconds since 1970. An item that expired and is put again is a new one.
  public let createdAt: UInt64
  /// When it was put last, in microseconds since 1970; a refresh by reading does not count.
  public let updatedAt: UInt64
  /// From when on it is not there any more, in microseconds since 1970; nil: it stays.
  public let expiresAt: UInt64?

  /// Makes an item, for implementations of stores.
  public init(
    namespace: MemoryNamespace, key: String, value: JSONValue, createdAt: UInt64, updatedAt: UInt64, expiresAt: UInt64?
  ) {
    self.namespace = namespace
    self.key = key
    self.value = value
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.expiresAt = expiresAt
  }
}

extension MemoryItem: Equatable {
  /// Whether both are the same in all; keys by their bytes, values as JSON.
  public static func == (lhs: MemoryItem, rhs: MemoryItem) -> Bool {
    lhs.namespace == rhs.namespace && lhs.key.utf8.elementsEqual(rhs.key.utf8) && lhs.value == rhs.value
      && lhs.createdAt == rhs.createdAt && lhs.updatedAt == rhs.updatedAt && lhs.expiresAt == rhs.expiresAt
  }
}
