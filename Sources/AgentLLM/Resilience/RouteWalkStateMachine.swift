import AgentRuntime

/// The way of one request through the upstreams of its route.
///
/// It goes in rounds: each round tries every upstream that is left once, in order, so that a fallback answers at once
/// and nobody waits while one is there. Between rounds it pauses. An upstream leaves the round for good when its
/// failure would come again (a wrong key, an unknown model, a timeout, a long `Retry-After`).
struct RouteWalkStateMachine: Sendable {
  /// What to do next.
  enum Action: Sendable {
    /// Ask the upstream with this index.
    case attempt(Int)
    /// Pause, then ask `advance` again.
    case pause(Duration)
    /// Give up with this error.
    case fail(ModelError)
  }

  private let policy: RetryPolicy
  private let deadline: ContinuousClock.Instant?
  private var round = 0
  /// Upstreams of this round that have not been asked.
  private var waiting: [Int]
  /// Upstreams of the next round, with what they asked for.
  private var next: [(index: Int, retryAfter: Duration)] = []
  private var failure: ModelError?
  private(set) var attempts = 0

  /// A walk through so many upstreams, that must end before `deadline`.
  init(upstreams: Int, policy: RetryPolicy, deadline: ContinuousClock.Instant?) {
    self.policy = policy
    self.deadline = deadline
    waiting = Array(0..<upstreams)
  }

  /// The next action; `draw` is a number from 0 to 1.
  mutating func advance(now: ContinuousClock.Instant, draw: @autoclosure () -> Double) -> Action {
    if !waiting.isEmpty {
      attempts += 1
      return .attempt(waiting.removeFirst())
    }
    guard !next.isEmpty, round + 1 < policy.attemptsMax, let failure else { return giveUp() }
    let pause = policy.pause(afterRound: round, draw: draw())
    let delays = next.map { max(pause, $0.retryAfter) }
    let shortest = delays.min() ?? pause
    // Whoever would wait past the run's end can as well hear now why.
    if let deadline, now + shortest >= deadline { return .fail(told(failure)) }
    round += 1
    waiting = zip(next, delays).filter { $0.1 <= shortest }.map(\.0.index)
    // Who wants a longer pause than the others is left for a round of its own.
    next = zip(next, delays).filter { $0.1 > shortest }.map { ($0.0.index, $0.1 - shortest) }
    return .pause(shortest)
  }

  /// The upstream was not asked: its breaker is open.
  mutating func skipped(_ index: Int) {
    attempts -= 1
  }

  /// An attempt failed before anything was forwarded. Returns an error that no other upstream would change.
  mutating func failed(_ index: Int, _ error: ModelError) -> ModelError? {
    if error.kind == .rejected { return error }
    if failure.map({ Self.weight(error) >= Self.weight($0) }) ?? true { failure = error }
    let retryAfter = error.retryAfter ?? .zero
    // A timeout has taken long enough; the same wait again would only be longer.
    if error.isRetryable, error.kind != .timeout, retryAfter <= policy.retryAfterMax {
      next.append((index, retryAfter))
    }
    return nil
  }

  private func giveUp() -> Action {
    if let failure { return .fail(told(failure)) }
    return .fail(
      ModelError(.circuitOpen, "Every model service of this route has failed lately and is left alone for a moment."))
  }

  private func told(_ failure: ModelError) -> ModelError {
    guard attempts > 1 else { return failure }
    var failure = failure
    failure.message += " (\(attempts) attempts)"
    return failure
  }

  /// Which of several failures tells the caller most.
  private static func weight(_ error: ModelError) -> Int {
    switch error.kind {
    case .misconfigured, .circuitOpen: 0
    case .timeout, .brokenAnswer, .unavailable: 1
    case .rateLimited: 2
    case .rejected: 3
    }
  }
}
