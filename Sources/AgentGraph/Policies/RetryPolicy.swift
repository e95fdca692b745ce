/// When and how a node that threw is tried again (G15). A node may have several: the first that matches an error
/// counts. What a failed attempt wanted to write is discarded.
public struct RetryPolicy: Sendable {
  /// Attempts in all; 1 never retries.
  public var attemptsMax: Int
  /// The pause before the second attempt.
  public var initialInterval: Duration
  /// What each further pause is longer by.
  public var multiplier: Double
  /// The longest pause.
  public var intervalMax: Duration
  /// Whether a pause is a random part of itself, between half and whole, so that many retries do not meet.
  public var jitter: Bool
  /// Which errors are retried. Cancellation and `GraphError` never are.
  public var matches: @Sendable (any Error) -> Bool

  /// Three attempts, from half a second on, for everything but programming errors.
  public init(
    attemptsMax: Int = 3, initialInterval: Duration = .milliseconds(500), multiplier: Double = 2,
    intervalMax: Duration = .seconds(128), jitter: Bool = true,
    matches: @escaping @Sendable (any Error) -> Bool = RetryPolicy.isTransient
  ) {
    self.attemptsMax = attemptsMax
    self.initialInterval = initialInterval
    self.multiplier = multiplier
    self.intervalMax = intervalMax
    self.jitter = jitter
    self.matches = matches
  }

  /// Whether trying again may help: not where the program or its data is wrong.
  @Sendable public static func isTransient(_ error: any Error) -> Bool {
    !(error is DecodingError || error is EncodingError)
  }

  /// The pause before an attempt (2, 3, …); `draw` gives numbers from 0 to 1.
  func pause(before attempt: Int, draw: () -> Double) -> Duration {
    var seconds = initialInterval / .seconds(1)
    let longest = intervalMax / .seconds(1)
    for _ in 2..<max(attempt, 2) where seconds < longest { seconds *= multiplier }
    seconds = min(seconds, longest)
    return .seconds(jitter ? seconds * (0.5 + draw() / 2) : seconds)
  }

  var problem: String? {
    if attemptsMax < 1 { return "attemptsMax is \(attemptsMax), and must be at least 1" }
    if initialInterval < .zero { return "initialInterval is \(initialInterval), and must not be negative" }
    if intervalMax < .zero { return "intervalMax is \(intervalMax), and must not be negative" }
    if !(multiplier >= 1) { return "multiplier is \(multiplier), and must be at least 1" }
    return nil
  }

  /// The first of several that wants to retry this error.
  static func first(of policies: [RetryPolicy], for error: any Error) -> RetryPolicy? {
    if error is CancellationError { return nil }
    if let error = error as? GraphError, error.code != .nodeTimeout { return nil }
    return policies.first { $0.matches(error) }
  }
}
