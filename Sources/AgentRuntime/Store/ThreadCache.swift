public import AgentGraph
public import FoundationEssentials

/// A store that remembers the latest states of threads, so that a conversation's next turn reads nothing. It may stand
/// before a store that only this process writes.
public struct ThreadCache: RuntimeStore {
  private let base: any RuntimeStore
  private let cache: CheckpointCache

  /// Remembers about `bytesMax` bytes of messages.
  public init(_ base: any RuntimeStore, bytesMax: Int = 32 << 20) {
    self.base = base
    cache = CheckpointCache(base.threads, bytesMax: bytesMax) { image in
      (image.value as? ConversationState).map { $0.bytes + 1024 }
    }
  }

  /// The threads, of which the latest are remembered.
  public var threads: any Checkpointer { cache }

  /// As the store does; what others write is to be seen at once. Threads that go with runs are forgotten.
  public var runs: any RunStore { RunsBesideCache(base: base.runs, cache: cache) }

  /// As the store does.
  public func pruneThreads(unusedSince time: Date, after place: Int64?, limit: Int) async throws -> PrunedThreads {
    let pruned = try await base.pruneThreads(unusedSince: time, after: place, limit: limit)
    cache.forget(pruned.removed)
    return pruned
  }

  /// Removes an agent with its history, its threads and its runs.
  public func deleteAgent(_ id: String) async throws -> Bool {
    cache.removeAll()
    defer { cache.removeAll() }
    return try await base.deleteAgent(id)
  }

  /// As the store does.
  public func insertAgent(_ agent: AgentDefinition, changes: [String]) async throws {
    try await base.insertAgent(agent, changes: changes)
  }

  /// As the store does.
  public func agent(_ id: String) async throws -> AgentDefinition? { try await base.agent(id) }

  /// As the store does.
  public func publishedRelease(line: String) async throws -> AgentDefinition? {
    try await base.publishedRelease(line: line)
  }

  /// As the store does.
  public func agents(_ query: AgentQuery) async throws -> AgentPage { try await base.agents(query) }

  /// As the store does.
  public func replaceAgent(_ agent: AgentDefinition, expecting revision: Int, changes: [String]) async throws {
    try await base.replaceAgent(agent, expecting: revision, changes: changes)
  }

  /// As the store does.
  public func revisions(of agentID: String) async throws -> [AgentRevision] { try await base.revisions(of: agentID) }

  /// As the store does.
  public func activeAgentCount() async throws -> Int { try await base.activeAgentCount() }

  /// As the store does.
  public func probe() async throws -> StoreHealth { try await base.probe() }

  /// Closes the store, and forgets everything.
  public func close() async {
    await base.close()
    cache.removeAll()
  }
}
