/// What measures pauses and timeouts within runs, and what the jitter of pauses is drawn from.
public struct RunTiming: Sendable {
  /// Measures pauses and timeouts.
  public var clock: any Clock<Duration> = ContinuousClock()
  /// Gives numbers from 0 to 1.
  public var draw: @Sendable () -> Double = { .random(in: 0...1) }

  /// The machine's clock, and its own randomness.
  public init() {}
}
