import Synchronization

/// Lets one after the other through, in the order in which they came.
final class Turnstile: Sendable {
  private struct State {
    var isTaken = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  /// A sink that takes one call at a time. Who waits is let through even if cancelled: then the work itself throws.
  static func queueing(_ sink: @escaping DeltaSink) -> DeltaSink {
    let turnstile = Turnstile()
    return { deltas in try await turnstile.pass { try await sink(deltas) } }
  }

  /// Does work while nobody else does.
  func pass<Value>(_ work: () async throws -> Value) async rethrows -> Value {
    await enter()
    defer { leave() }
    return try await work()
  }

  private func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        guard state.isTaken else {
          state.isTaken = true
          return true
        }
        state.waiters.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  private func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard !state.waiters.isEmpty else {
        state.isTaken = false
        return nil
      }
      return state.waiters.removeFirst()
    }
    next?.resume()
  }
}
