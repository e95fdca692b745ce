import Synchronization

/// Whether the server takes requests; for `/ready`.
final class ServerState: Sendable {
  enum Phase: String, Sendable {
    case starting, ready, draining
  }

  let start = ContinuousClock.now
  private let phase = Mutex(Phase.starting)

  var current: Phase { phase.withLock { $0 } }

  func enter(_ next: Phase) {
    phase.withLock { phase in
      // A server that drains never takes requests again.
      if phase != .draining { phase = next }
    }
  }
}
