import AgentGraph
import Synchronization

/// Counts reads of checkpoints, and refuses saves when told to.
final class CountingCheckpointer: Checkpointer {
  struct Refused: Error {}

  private let base = InMemoryCheckpointer()
  private let state = Mutex((loads: 0, refuses: false))

  var loads: Int { state.withLock { $0.loads } }

  func refuse(_ refuses: Bool) { state.withLock { $0.refuses = refuses } }

  func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    if state.withLock({ $0.refuses }) { return acknowledge(Refused()) }
    base.submit(writes, acknowledge: acknowledge)
  }

  func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    state.withLock { $0.loads += 1 }
    return try await base.load(thread: thread, namespace: namespace, id: id)
  }

  func history(thread: String, namespace: GraphNamespace, query: HistoryQuery) async throws -> [StoredCheckpoint] {
    try await base.history(thread: thread, namespace: namespace, query: query)
  }

  func namespaces(thread: String) async throws -> [GraphNamespace] { try await base.namespaces(thread: thread) }

  func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    try await base.prune(thread: thread, keeping: policy)
  }

  func deleteThread(_ thread: String) async throws -> Bool { try await base.deleteThread(thread) }
}
