import Synchronization

/// An attempt with a timeout: when it last gave a sign of life, and whether it was given up (G16). What a nested graph
/// does counts for the attempt that it is in, too, and ends with it.
final class SignOfLife: Sendable {
  private let outer: SignOfLife?
  private let elapsed: @Sendable () -> Duration
  private let last = Mutex(Duration.zero)
  private let ended = Atomic(false)

  init(_ clock: any Clock<Duration>, within outer: SignOfLife?) {
    self.outer = outer
    elapsed = clock.stopwatch()
  }

  func renew() {
    let now = elapsed()
    last.withLock { $0 = max($0, now) }
    outer?.renew()
  }

  /// The time since the last sign.
  var silence: Duration { elapsed() - last.withLock { $0 } }

  /// From now on the attempt changes nothing any more.
  func giveUp() { ended.store(true, ordering: .releasing) }

  /// Whether what the attempt does is discarded.
  var isGivenUp: Bool { ended.load(ordering: .acquiring) || (outer?.isGivenUp ?? false) }
}

extension Clock where Duration == Swift.Duration {
  /// Tells the time since now.
  fileprivate func stopwatch() -> @Sendable () -> Duration {
    let start = now
    return { start.duration(to: now) }
  }
}
