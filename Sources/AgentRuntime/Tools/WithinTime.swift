import Synchronization

/// Runs work for at most so long. Then it is cancelled and no longer waited for, whether it heeds that or not, and nil
/// is returned. Throws what the work throws, and `CancellationError` at once when the task is cancelled.
func withinTime<Value: Sendable>(
  _ limit: Duration, clock: any Clock<Duration> = ContinuousClock(),
  _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
  let race = Race<Value>()
  return try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { continuation in
      race.begin(continuation)
      // Bridge: structured children are waited for, and a tool that hangs must not hang its caller.
      let worker = Task {
        do { race.end(.success(try await work())) } catch { race.end(.failure(error)) }
      }
      // Bridge: the same for the timer, which must not be waited for when the work is done.
      let timer = Task {
        do { try await clock.sleep(for: limit) } catch { return }
        race.end(.success(nil))
      }
      race.onEnd {
        worker.cancel()
        timer.cancel()
      }
    }
  } onCancel: {
    race.end(.failure(CancellationError()))
  }
}

/// The first of several outcomes; later ones are dropped.
private final class Race<Value: Sendable>: Sendable {
  private struct State {
    var continuation: CheckedContinuation<Value?, any Error>?
    var outcome: Result<Value?, any Error>?
    var cleanUp: (@Sendable () -> Void)?
  }
  private let state = Mutex(State())

  func begin(_ continuation: CheckedContinuation<Value?, any Error>) {
    let outcome = state.withLock { state -> Result<Value?, any Error>? in
      if state.outcome == nil { state.continuation = continuation }
      return state.outcome
    }
    if let outcome { continuation.resume(with: outcome) }
  }

  /// Is called once there is an outcome; at once if there is one.
  func onEnd(_ cleanUp: @escaping @Sendable () -> Void) {
    let isOver = state.withLock { state in
      if state.outcome == nil { state.cleanUp = cleanUp }
      return state.outcome != nil
    }
    if isOver { cleanUp() }
  }

  func end(_ outcome: Result<Value?, any Error>) {
    let (continuation, cleanUp) = state.withLock {
      state -> (CheckedContinuation<Value?, any Error>?, (@Sendable () -> Void)?) in
      guard state.outcome == nil else { return (nil, nil) }
      state.outcome = outcome
      return (state.continuation.take(), state.cleanUp.take())
    }
    continuation?.resume(with: outcome)
    cleanUp?()
  }
}
