import Synchronization

/// Carries a run's saves to the checkpointer as its durability wants (G22). Saves leave in the order in which they
/// were handed in.
final class RunSaver: Sendable {
  private struct State {
    var underway = 0
    var failure: (any Error)?
    var held: [CheckpointWrite] = []
    var waiters: [(limit: Int, CheckedContinuation<Void, Never>)] = []
  }

  /// Saves that may be under way while the run goes on.
  private static let underwayMax = 64

  let checkpointer: any Checkpointer
  let durability: Durability
  private let state = Mutex(State())

  init(_ checkpointer: any Checkpointer, _ durability: Durability) {
    self.checkpointer = checkpointer
    self.durability = durability
  }

  /// Whether nothing is saved before the end.
  var waitsForEnd: Bool { durability == .exit }

  /// Hands writes in. With `sync` it returns when they are durable, with `async` at once, unless many are under way.
  /// Throws what an earlier save failed with.
  func save(_ writes: [CheckpointWrite]) async throws {
    switch durability {
    case .sync:
      submit(writes)
      try await settle(below: 1)
    case .async:
      submit(writes)
      try await settle(below: Self.underwayMax)
    case .exit: state.withLock { $0.held += writes }
    }
  }

  /// Hands writes in without waiting; something saved after them will.
  func saveSoon(_ writes: [CheckpointWrite]) {
    if waitsForEnd { state.withLock { $0.held += writes } } else { submit(writes) }
  }

  /// Returns when what was handed in so far is durable, but for `exit`, with which a crash loses the run (G30).
  func settleBeforeEffect() async throws {
    if !waitsForEnd { try await settle(below: 1) }
  }

  /// Returns when everything is durable. Throws what a save failed with.
  func finish() async throws {
    finishSoon()
    try await settle(below: 1)
  }

  /// Hands everything in, and does not wait.
  func finishSoon() {
    let held = state.withLock { state in
      defer { state.held = [] }
      return state.held
    }
    if !held.isEmpty { submit(held) }
  }

  /// A checkpoint of a namespace, or the last one, with all that belongs to it, also where the checkpointer does not
  /// have it yet.
  func find(_ namespace: GraphNamespace, _ id: CheckpointID? = nil, of thread: String) async throws
    -> StoredCheckpoint?
  {
    // A read may overtake saves that are under way.
    try await settle(below: 1)
    let held = state.withLock { $0.held }
    var found: StoredCheckpoint?
    for case .checkpoint(let record) in held.reversed() where record.namespace == namespace {
      guard id == nil || record.id == id else { continue }
      found = StoredCheckpoint(record)
      break
    }
    if found == nil { found = try await checkpointer.load(thread: thread, namespace: namespace, id: id) }
    for write in held {
      switch write {
      case .pending(let record) where record.checkpoint == found?.id: found?.pending.append(record)
      case .effect(let record) where record.checkpoint == found?.id: found?.effects.append(record)
      default: continue
      }
    }
    return found
  }

  private func submit(_ writes: [CheckpointWrite]) {
    let isOpen = state.withLock { state in
      if state.failure == nil { state.underway += 1 }
      return state.failure == nil
    }
    // What follows a save that failed is not kept without it.
    guard isOpen else { return }
    checkpointer.submit(writes) { error in
      let due = self.state.withLock { state in
        state.underway -= 1
        if let error, state.failure == nil { state.failure = error }
        let due = state.waiters.filter { state.underway < $0.limit }
        if !due.isEmpty { state.waiters.removeAll { state.underway < $0.limit } }
        return due
      }
      for (_, waiter) in due { waiter.resume() }
    }
  }

  private func settle(below limit: Int) async throws {
    let (isSettled, failure) = state.withLock { ($0.underway < limit, $0.failure) }
    if isSettled {
      if let failure { throw failure }
      return
    }
    await withCheckedContinuation { continuation in
      let isSettled = state.withLock { state in
        if state.underway < limit { return true }
        state.waiters.append((limit, continuation))
        return false
      }
      if isSettled { continuation.resume() }
    }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }
}
