import Synchronization

/// Holds nodes of a graph up until the test lets them go, and tells the test when they have come.
public final class NodeGate: Sendable {
  private struct State {
    var isOpen = false
    var arrived = 0
    var ids = 0
    var held: [Int: CheckedContinuation<Void, any Error>] = [:]
    var cancelled: Set<Int> = []
    var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  /// A closed gate.
  public init() {}

  /// How many calls have come, held or not.
  public var arrivals: Int { state.withLock { $0.arrived } }

  /// Lets go of whoever waits, and of whoever comes later.
  public func open() {
    let held = state.withLock { state in
      state.isOpen = true
      defer { state.held = [:] }
      return state.held
    }
    for continuation in held.values { continuation.resume() }
  }

  /// Returns when so many calls have come.
  public func reached(_ count: Int = 1) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.arrived >= count { return true }
        state.waiters.append((count, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  /// Waits until the gate is open. Throws `CancellationError` at once when the task is cancelled.
  public func pass() async throws {
    let id = arrive()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { hold($0, id) }
    } onCancel: {
      let held = state.withLock { state in
        guard let held = state.held.removeValue(forKey: id) else {
          state.cancelled.insert(id)
          return CheckedContinuation<Void, any Error>?.none
        }
        return held
      }
      held?.resume(throwing: CancellationError())
    }
  }

  /// Waits until the gate is open, as a node does that ignores its cancellation.
  public func passIgnoringCancellation() async {
    let id = arrive()
    // What cannot be cancelled throws nothing.
    try? await withCheckedThrowingContinuation { hold($0, id) }
  }

  private func arrive() -> Int {
    let (id, waiters) = state.withLock { state in
      state.ids += 1
      state.arrived += 1
      let arrived = state.arrived
      let waiters = state.waiters.filter { $0.count <= arrived }.map(\.continuation)
      state.waiters.removeAll { $0.count <= arrived }
      return (state.ids, waiters)
    }
    for waiter in waiters { waiter.resume() }
    return id
  }

  private func hold(_ continuation: CheckedContinuation<Void, any Error>, _ id: Int) {
    let result = state.withLock { state -> Result<Void, any Error>? in
      if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
      if state.isOpen { return .success(()) }
      state.held[id] = continuation
      return nil
    }
    if let result { continuation.resume(with: result) }
  }
}
