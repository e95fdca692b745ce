public import AgentJSON

/// One thing to do with a memory store.
public enum MemoryOperation: Sendable {
  /// Puts a value, in place of the one that was there; without a time to live it stays.
  case put(MemoryNamespace, key: String, value: JSONValue, timeToLive: Duration? = nil)
  /// Reads an item; `refreshing` lets it live on from now for as long as its last put gave it.
  case get(MemoryNamespace, key: String, refreshing: Bool = false)
  /// Removes an item.
  case delete(MemoryNamespace, key: String)
  /// Finds items.
  case search(MemoryQuery)
  /// Lists namespaces.
  case listNamespaces(NamespaceQuery)

  /// Whether it may change what is stored.
  public var writes: Bool {
    switch self {
    case .put, .delete: true
    case .get(_, _, let refreshing): refreshing
    case .search(let query): query.refreshesTimeToLive
    case .listNamespaces: false
    }
  }
}

/// What an operation gave, in the case that goes with it.
public enum MemoryOutcome: Sendable, Equatable {
  /// Of `put`: what is stored now.
  case stored(MemoryItem)
  /// Of `get`: the item, if it is there.
  case item(MemoryItem?)
  /// Of `delete`: whether it was there.
  case deleted(Bool)
  /// Of `search`.
  case found(MemoryPage)
  /// Of `listNamespaces`.
  case namespaces(NamespacePage)
}

/// An operation within its limits, with what checking it has yielded.
public struct CheckedMemoryOperation: Sendable {
  /// The operation.
  public let operation: MemoryOperation
  /// The value of a put as JSON text; else nothing.
  public let encoded: [UInt8]
  /// The time to live of a put in microseconds.
  public let timeToLive: UInt64?
}
