import AgentJSON
import Synchronization

/// Requests that wait for their answers on a shared pipe.
final class PendingRequests: Sendable {
  typealias Waiter = CheckedContinuation<JSONObject, any Error>
  private struct State {
    var waiters: [Int: Waiter] = [:]
    /// Ids that were cancelled before their waiter was there.
    var cancelled: Set<Int> = []
    var nextID = 1
    var closed: MCPFailure?
  }
  private let state = Mutex(State())

  /// A fresh id.
  func makeID() -> Int {
    state.withLock { state in
      defer { state.nextID += 1 }
      return state.nextID
    }
  }

  /// Adds a waiter. False if it was resumed at once, since the pipe is closed, too many wait, or it was cancelled.
  func add(_ id: Int, _ waiter: Waiter) -> Bool {
    let refusal: (any Error)? = state.withLock { state in
      if let closed = state.closed { return closed }
      if state.cancelled.remove(id) != nil { return CancellationError() }
      guard state.waiters.count < MCPLimits.requestsMax else {
        return MCPFailure.broken("more than \(MCPLimits.requestsMax) calls wait for it")
      }
      state.waiters[id] = waiter
      return nil
    }
    if let refusal { waiter.resume(throwing: refusal) }
    return refusal == nil
  }

  /// Hands a waiter its answer; an id that nobody waits for is ignored.
  func resolve(_ id: Int, _ result: Result<JSONObject, any Error>) {
    state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(with: result)
  }

  /// Cancels a request. Whether it had been added.
  func cancel(_ id: Int) -> Bool {
    let waiter: Waiter? = state.withLock { state in
      let waiter = state.waiters.removeValue(forKey: id)
      if waiter == nil { state.cancelled.insert(id) }
      return waiter
    }
    waiter?.resume(throwing: CancellationError())
    return waiter != nil
  }

  /// The request is over: forgets a cancellation that came too late.
  func finish(_ id: Int) { state.withLock { _ = $0.cancelled.remove(id) } }

  /// Fails all that wait and whatever comes later.
  func close(_ failure: MCPFailure) {
    let waiters: [Waiter] = state.withLock { state in
      if state.closed == nil { state.closed = failure }
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume(throwing: failure) }
  }
}
