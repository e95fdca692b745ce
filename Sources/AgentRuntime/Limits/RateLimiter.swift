import AgentJSON
import Synchronization

/// Admits requests by the rates of whoever they count for: agents, model configurations, tokens, addresses.
///
/// Give each kind of key that outsiders can make up (addresses) a limiter of its own, so that its keys crowd out no
/// others. All calls take the same short lock, whatever the number of keys.
public final class RateLimiter: Sendable {
  private let state: Mutex<RateLimitStateMachine>
  private let now: @Sendable () -> ContinuousClock.Instant

  /// Remembers `keysMax` keys exactly; what comes beyond shares what one may have. `now` is the time.
  public init(
    keysMax: Int = 10_000, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    state = Mutex(RateLimitStateMachine(keysMax: keysMax))
    self.now = now
  }

  /// Takes one request of every subject. Throws `RuntimeError` 429 with the exact wait where one of them has no request
  /// or no token left, and takes none then.
  public func admit(_ subjects: [RateLimitSubject]) throws(RuntimeError) {
    if subjects.allSatisfy(\.limits.isEmpty) { return }
    let now = now()
    if let refusal = state.withLock({ $0.admit(subjects, at: now) }) { throw RuntimeError(refusal) }
  }

  /// Charges every subject with tokens that a model says were used; more than was left is taken off what comes.
  public func charge(tokens: Int, to subjects: [RateLimitSubject]) {
    if subjects.allSatisfy({ $0.limits.tokens == nil }) { return }
    let now = now()
    state.withLock { $0.charge(tokens: tokens, to: subjects, at: now) }
  }

  /// What is left, where several subjects count what is tightest.
  public func status(of subjects: [RateLimitSubject]) -> RateLimitStatus {
    if subjects.allSatisfy(\.limits.isEmpty) { return RateLimitStatus() }
    let now = now()
    return .tightest(state.withLock { state in subjects.map { state.status(of: $0, at: now) } })
  }
}

extension RuntimeError {
  /// The 429 that names the limit, its value, and whose it is.
  init(_ refusal: RateLimitRefusal) {
    let (limit, unit) = (refusal.limit, refusal.unit.rawValue)
    let setting =
      switch refusal.subject.key.kind {
      case .agent: "limits.\(unit)_per_minute"
      case .model: "MODELS_FILE"
      case .token: "RATE_LIMIT_PER_TOKEN"
      case .address: "RATE_LIMIT_PER_IP"
      }
    self.init(
      .rateLimitExceeded,
      "\(refusal.subject.name) has reached its limit of \(limit.count) \(unit) per \(limit.period.rawValue)"
        + " (\(setting)); try again in \(refusal.wait.openAIText).",
      details: [
        "limit": .integer(limit.count), "unit": .string(unit), "period": .string(limit.period.rawValue),
        "of": .string(refusal.subject.key.kind.rawValue),
      ],
      retryAfter: refusal.wait)
  }
}
