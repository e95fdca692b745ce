public import AgentGraph
import Synchronization

/// Takes writes and stores none of them before it is told to, as a slow disk does: reads do not see them meanwhile.
public final class HoldingCheckpointer: Checkpointer {
  private struct Held: Sendable {
    var writes: [CheckpointWrite]
    var acknowledge: @Sendable ((any Error)?) -> Void
  }
  private struct State {
    var isHolding = true
    var held: [Held] = []
    var waiters: [(count: Int, CheckedContinuation<Void, Never>)] = []
  }

  private let base: any Checkpointer
  private let state = Mutex(State())

  /// Around `base`, which gets the writes when they are let go.
  public init(_ base: any Checkpointer = InMemoryCheckpointer()) { self.base = base }

  /// How many submissions wait.
  public var heldCount: Int { state.withLock { $0.held.count } }

  /// Returns when so many submissions wait.
  public func held(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.held.count >= count { return true }
        state.waiters.append((count, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  /// Stores the oldest submission that waits.
  public func storeOne() {
    let held = state.withLock { $0.held.isEmpty ? nil : $0.held.removeFirst() }
    if let held { base.submit(held.writes, acknowledge: held.acknowledge) }
  }

  /// Stores what waits, and from now on whatever comes.
  public func letGo() {
    let held = state.withLock { state in
      state.isHolding = false
      defer { state.held = [] }
      return state.held
    }
    for held in held { base.submit(held.writes, acknowledge: held.acknowledge) }
  }

  /// Takes writes.
  public func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
      guard state.isHolding else { return nil }
      state.held.append(Held(writes: writes, acknowledge: acknowledge))
      let count = state.held.count
      let due = state.waiters.filter { $0.count <= count }.map(\.1)
      state.waiters.removeAll { $0.count <= count }
      return due
    }
    if let waiters {
      for waiter in waiters { waiter.resume() }
    } else {
      base.submit(writes, acknowledge: acknowledge)
    }
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
