import AgentGraph
import Synchronization

/// Gives back checkpoints otherwise than they were stored.
final class DamagingCheckpointer: Checkpointer {
  private let base: any Checkpointer
  private let damage: @Sendable (inout StoredCheckpoint) throws -> Void

  init(_ base: any Checkpointer, damage: @escaping @Sendable (inout StoredCheckpoint) throws -> Void) {
    self.base = base
    self.damage = damage
  }

  func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    base.submit(writes, acknowledge: acknowledge)
  }

  func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    guard var stored = try await base.load(thread: thread, namespace: namespace, id: id) else { return nil }
    if thread == "damaged" { try damage(&stored) }
    return stored
  }

  func history(thread: String, namespace: GraphNamespace, query: HistoryQuery) async throws -> [StoredCheckpoint] {
    try await base.history(thread: thread, namespace: namespace, query: query).map { stored in
      var stored = stored
      if thread == "damaged" { try damage(&stored) }
      return stored
    }
  }

  func namespaces(thread: String) async throws -> [GraphNamespace] { try await base.namespaces(thread: thread) }
  func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    try await base.prune(thread: thread, keeping: policy)
  }
  func deleteThread(_ thread: String) async throws -> Bool { try await base.deleteThread(thread) }
}
