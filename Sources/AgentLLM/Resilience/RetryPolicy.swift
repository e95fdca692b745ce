/// How often and after how long a request is repeated (contract §6).
public struct RetryPolicy: Sendable, Hashable {
  /// Attempts of one upstream, the first included.
  public var attemptsMax = 3
  /// The longest first pause; it doubles each time.
  public var base = Duration.milliseconds(500)
  /// No pause is longer, unless the upstream asks for it.
  public var cap = Duration.seconds(8)
  /// An upstream that asks for a longer pause is not waited for.
  public var retryAfterMax = Duration.seconds(60)

  /// The contract's: 3 attempts, 0.5 s, 8 s, 60 s.
  public init() {}

  /// The pause after the round of that number, from 0: exponential with full jitter. `draw` is from 0 to 1.
  func pause(afterRound round: Int, draw: Double) -> Duration {
    min(cap, base * (1 << min(round, 20))) * max(0, min(1, draw))
  }
}
