import Synchronization

/// What the supervisor tells of one call's worker, for the task that runs the call.
final class CallWatch: Sendable {
  private struct State {
    var isStarted = false
    var isCold = false
    var end: WorkerEnd?
    var output: [UInt32: [UInt8]] = [:]
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  /// Takes a packet that concerns the worker.
  func take(_ packet: SupervisorPacket) {
    let waiters = state.withLock { state in
      switch packet {
      case .started: state.isStarted = true
      case .ended(_, let end): state.end = end
      case .output(_, let stream, let bytes): state.output[stream, default: []] += bytes
      case .hello, .ready, .fault: break
      }
      guard state.isStarted || state.end != nil else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Waits until the limits are in force; false where the worker ended before.
  func started() async -> Bool {
    await wait { $0.isStarted || $0.end != nil }
    return state.withLock { $0.isStarted && $0.end == nil }
  }

  /// Waits for the end. The supervisor tells it of every worker, and whoever notices the supervisor's own end does.
  func ended() async -> WorkerEnd {
    while true {
      if let end = state.withLock({ $0.end }) { return end }
      await wait { $0.end != nil }
    }
  }

  /// Whether the worker was made for this call.
  var wasCold: Bool { state.withLock { $0.isCold } }

  /// Notes whether the worker was made for this call.
  func noteCold(_ isCold: Bool) { state.withLock { $0.isCold = isCold } }

  /// What is kept of standard output (1) or standard error (2).
  func text(_ stream: UInt32) -> String {
    String(decoding: state.withLock { $0.output[stream] ?? [] }, as: UTF8.self)
  }

  private func wait(until isDone: @Sendable (borrowing State) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if isDone(state) { return true }
        state.waiters.append(continuation)
        return false
      }
      if isDone { continuation.resume() }
    }
  }
}
