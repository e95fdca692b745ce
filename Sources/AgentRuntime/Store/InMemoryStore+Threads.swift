import AgentGraph
public import FoundationEssentials
import Synchronization

/// The threads of an `InMemoryStore`: those of agents that it has.
struct InMemoryThreads: Checkpointer {
  let store: InMemoryStore
  let base: InMemoryCheckpointer

  func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    do {
      try store.withState { state in
        for write in writes {
          let agentID = ThreadKey.agentID(inName: write.thread)
          guard state.entries[InMemoryStore.Name(agentID)] != nil else {
            throw StoreError(.notFound, "The agent \(agentID) is not stored: the turn was not kept.")
          }
        }
        // In the lock, so that the agent is not deleted between the look and the write.
        base.submit(writes) { _ in }
      }
    } catch {
      return acknowledge(error)
    }
    acknowledge(nil)
  }

  func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    try store.withState { _ in }
    return try await base.load(thread: thread, namespace: namespace, id: id)
  }

  func history(thread: String, namespace: GraphNamespace, query: HistoryQuery) async throws -> [StoredCheckpoint] {
    try store.withState { _ in }
    return try await base.history(thread: thread, namespace: namespace, query: query)
  }

  func namespaces(thread: String) async throws -> [GraphNamespace] {
    try store.withState { _ in }
    return try await base.namespaces(thread: thread)
  }

  func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    try store.withState { _ in }
    return try await base.prune(thread: thread, keeping: policy)
  }

  func deleteThread(_ thread: String) async throws -> Bool {
    try store.withState { _ in }
    return try await base.deleteThread(thread)
  }
}

extension InMemoryStore {
  /// Removes threads that were not written since that time, at most `limit`.
  public func pruneThreads(unusedSince time: Date, after place: Int64?, limit: Int) async throws -> PrunedThreads {
    let limit = RunStoreLimits.nearest(limit, in: PrunedThreads.lookedAt)
    return try withState { state in
      let inUse = Set(state.runs.values.filter(\.status.isDue).compactMap { $0.sessionThreadName.map(Name.init) })
      var left = limit
      let removed = checkpoints.deleteThreads { name, lastWrite in
        guard left > 0, lastWrite < time.microseconds, !inUse.contains(Name(name)),
          StoredRun.runID(inThread: name).map({ state.runs[Name($0)] == nil }) ?? true
        else { return false }
        left -= 1
        return true
      }
      return PrunedThreads(removed: removed, next: left == 0 ? 0 : nil)
    }
  }
}
