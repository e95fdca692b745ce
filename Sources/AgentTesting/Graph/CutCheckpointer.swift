public import AgentGraph
import Synchronization

/// A process that ends: from a write on, nothing is stored any more, and the run that submits it fails. What was
/// stored before is in the checkpointer around which this one stands, for a run that goes on.
public final class CutCheckpointer: Checkpointer {
  /// What a run fails with once the cut was made.
  public struct Cut: Error, Sendable {
    /// An error.
    public init() {}
  }

  private let base: any Checkpointer
  private let isCutBy: @Sendable (CheckpointWrite) -> Bool
  private let cut = Mutex(false)

  /// Cuts before the first submission with a write that the predicate is true for.
  public init(_ base: any Checkpointer, before isCutBy: @escaping @Sendable (CheckpointWrite) -> Bool) {
    self.base = base
    self.isCutBy = isCutBy
  }

  /// Whether the cut was made.
  public var isCut: Bool { cut.withLock { $0 } }

  /// Takes writes until the cut; refuses them from then on.
  public func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    let isCut = cut.withLock { cut in
      if !cut { cut = writes.contains(where: isCutBy) }
      return cut
    }
    if isCut { acknowledge(Cut()) } else { base.submit(writes, acknowledge: acknowledge) }
  }

  /// As `base`.
  public func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    try await base.load(thread: thread, namespace: namespace, id: id)
  }

  /// As `base`.
  public func history(
    thread: String, namespace: GraphNamespace, query: HistoryQuery
  ) async throws -> [StoredCheckpoint] {
    try await base.history(thread: thread, namespace: namespace, query: query)
  }

  /// As `base`.
  public func namespaces(thread: String) async throws -> [GraphNamespace] {
    try await base.namespaces(thread: thread)
  }

  /// As `base`.
  @discardableResult
  public func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    try await base.prune(thread: thread, keeping: policy)
  }

  /// As `base`.
  @discardableResult
  public func deleteThread(_ thread: String) async throws -> Bool { try await base.deleteThread(thread) }
}
