public import AgentJSON

/// Long-term memory: JSON values under a namespace and a key, kept across threads and runs (G39).
///
/// Items that have expired are never seen; they are removed some at a time, by writes and by `sweepExpired`.
/// Stores take their time from a clock given to them. What every store has to do is checked by AgentTesting's
/// `MemoryStoreConformance`.
public protocol MemoryStore: Sendable {
  /// Does the operations in their order as one transaction: all of them or, where it throws, none. Each sees what
  /// those before it did. Throws `MemoryStoreError`.
  func perform(_ operations: [MemoryOperation]) async throws -> [MemoryOutcome]

  /// Removes at most `max` (1 through 10,000) of the items that have expired, and returns how many there were; fewer
  /// than `max` means that none is left. Throws `MemoryStoreError`.
  func sweepExpired(max: Int) async throws -> Int
}

extension MemoryStore {
  /// Puts a value, in place of the one that was there; without a time to live it stays. Throws `MemoryStoreError`.
  @discardableResult
  public func put(
    _ namespace: MemoryNamespace, _ key: String, _ value: JSONValue, timeToLive: Duration? = nil
  ) async throws -> MemoryItem {
    let outcome = try await perform(.put(namespace, key: key, value: value, timeToLive: timeToLive))
    guard case .stored(let item) = outcome else { preconditionFailure("a put gives what is stored") }
    return item
  }

  /// The item, if it is there; `refreshing` lets it live on from now for as long as its last put gave it.
  /// Throws `MemoryStoreError`.
  public func get(_ namespace: MemoryNamespace, _ key: String, refreshing: Bool = false) async throws -> MemoryItem? {
    let outcome = try await perform(.get(namespace, key: key, refreshing: refreshing))
    guard case .item(let item) = outcome else { preconditionFailure("a get gives an item") }
    return item
  }

  /// Removes an item. Returns whether it was there. Throws `MemoryStoreError`.
  @discardableResult
  public func delete(_ namespace: MemoryNamespace, _ key: String) async throws -> Bool {
    let outcome = try await perform(.delete(namespace, key: key))
    guard case .deleted(let wasThere) = outcome else { preconditionFailure("a delete tells whether it did") }
    return wasThere
  }

  /// A page of the items that match, ordered by namespace and key. Throws `MemoryStoreError`.
  public func search(_ query: MemoryQuery) async throws -> MemoryPage {
    guard case .found(let page) = try await perform(.search(query)) else {
      preconditionFailure("a search gives a page")
    }
    return page
  }

  /// A page of the namespaces that have items, in their order. Throws `MemoryStoreError`.
  public func listNamespaces(_ query: NamespaceQuery = NamespaceQuery()) async throws -> NamespacePage {
    guard case .namespaces(let page) = try await perform(.listNamespaces(query)) else {
      preconditionFailure("a list gives namespaces")
    }
    return page
  }

  private func perform(_ operation: MemoryOperation) async throws -> MemoryOutcome {
    let outcomes = try await perform([operation])
    precondition(outcomes.count == 1, "each operation has its outcome")
    return outcomes[0]
  }
}
