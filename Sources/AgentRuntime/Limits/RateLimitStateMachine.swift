/// Counts requests and tokens by keys: pure, with the time as a parameter.
///
/// A key has a bucket of a period's worth, which fills at an even rate: a sliding window would have to remember every
/// request, and a fixed one lets twice the limit pass around its edge at once. A bucket is kept as the moment at which
/// it will be full again (the generic cell rate algorithm): one value, exact, at home with any limit, and once that
/// moment has passed the key can be forgotten without loss.
///
/// Of new keys that find no room, all share one bucket, and who comes out of it takes its level along: nobody gets more
/// than the limit by that, however many keys there are.
struct RateLimitStateMachine: Sendable {
  typealias Instant = ContinuousClock.Instant
  typealias Key = RateLimitSubject.Key

  /// When the buckets of a key are full again.
  private struct Buckets {
    var requestsFull: Instant
    var tokensFull: Instant
    var isFullAt: Instant { max(requestsFull, tokensFull) }
  }

  /// What one may be charged with at most, however much a model service says it used.
  static let debtMax = Duration.seconds(3600)
  /// Keys that are looked at for each new one: so many that room is found sooner than it is used up, though half of
  /// them are new themselves.
  private static let sweepCount = 4

  private let keysMax: Int
  private var indexes: [Key: Int] = [:]
  private var keys: [Key] = []
  private var buckets: [Buckets] = []
  private var shared: Buckets?
  private var hand = 0

  /// Remembers `keysMax` keys, 1 or more.
  init(keysMax: Int) { self.keysMax = max(1, keysMax) }

  /// How many keys are remembered.
  var keyCount: Int { keys.count }

  /// Takes a request of each subject, or of none if one of them has none or no token left: then it returns the
  /// refusal that lasts longest.
  mutating func admit(_ subjects: [RateLimitSubject], at now: Instant) -> RateLimitRefusal? {
    let limited = subjects.filter { !$0.limits.isEmpty }
    var longest: RateLimitRefusal?
    for subject in limited {
      guard let refusal = refusal(of: subject, at: now) else { continue }
      if longest.map({ $0.wait < refusal.wait }) ?? true { longest = refusal }
    }
    if let longest { return longest }
    for subject in limited {
      guard let interval = subject.limits.requests?.interval else { continue }
      update(subject.key, at: now) { $0.requestsFull = max($0.requestsFull, now) + interval }
    }
    return nil
  }

  /// Charges tokens that were used; a bucket may go below zero by that.
  mutating func charge(tokens: Int, to subjects: [RateLimitSubject], at now: Instant) {
    guard tokens > 0 else { return }
    for subject in subjects {
      guard let limit = subject.limits.tokens else { continue }
      let debt = limit.interval * min(tokens, RateLimit.countMax)
      update(subject.key, at: now) { buckets in
        buckets.tokensFull = min(max(buckets.tokensFull, now) + debt, now + limit.period.duration + Self.debtMax)
      }
    }
  }

  /// What is left to a subject.
  func status(of subject: RateLimitSubject, at now: Instant) -> RateLimitStatus {
    let buckets = find(subject.key)
    return RateLimitStatus(
      requests: subject.limits.requests.map { .init($0, fullAt: buckets?.requestsFull ?? now, now: now) },
      tokens: subject.limits.tokens.map { .init($0, fullAt: buckets?.tokensFull ?? now, now: now) })
  }

  private func refusal(of subject: RateLimitSubject, at now: Instant) -> RateLimitRefusal? {
    guard let buckets = find(subject.key) else { return nil }
    let candidates = [
      (RateLimitRefusal.Unit.requests, subject.limits.requests, buckets.requestsFull),
      (.tokens, subject.limits.tokens, buckets.tokensFull),
    ]
    let refusals = candidates.compactMap { unit, limit, fullAt -> RateLimitRefusal? in
      guard let limit else { return nil }
      let wait = Self.wait(limit, fullAt: fullAt, now: now)
      return wait > .zero ? RateLimitRefusal(subject: subject, unit: unit, limit: limit, wait: wait) : nil
    }
    return refusals.max { $0.wait < $1.wait }
  }

  /// How long until the bucket holds one whole piece.
  private static func wait(_ limit: RateLimit, fullAt: Instant, now: Instant) -> Duration {
    max(.zero, fullAt - now + limit.interval - limit.period.duration)
  }

  private func find(_ key: Key) -> Buckets? { indexes[key].map { buckets[$0] } ?? shared }

  private mutating func update(_ key: Key, at now: Instant, _ change: (inout Buckets) -> Void) {
    if let index = indexes[key] {
      change(&buckets[index])
      return
    }
    sweep(at: now)
    if let full = shared?.isFullAt, full <= now { shared = nil }
    var new = shared ?? Buckets(requestsFull: now, tokensFull: now)
    change(&new)
    if keys.count < keysMax {
      indexes[key] = keys.count
      keys.append(key)
      buckets.append(new)
    } else {
      shared = new
    }
  }

  /// Looks at the next old keys, and forgets those whose buckets are full.
  private mutating func sweep(at now: Instant) {
    for _ in 0..<Self.sweepCount where !keys.isEmpty {
      if hand >= keys.count { hand = 0 }
      guard buckets[hand].isFullAt <= now else {
        hand += 1
        continue
      }
      let last = keys.count - 1
      indexes[keys[hand]] = nil
      if hand != last {
        (keys[hand], buckets[hand]) = (keys[last], buckets[last])
        indexes[keys[hand]] = hand
      }
      keys.removeLast()
      buckets.removeLast()
    }
  }
}

/// Why a request is not admitted.
struct RateLimitRefusal: Sendable {
  enum Unit: String, Sendable {
    case requests, tokens
  }

  var subject: RateLimitSubject
  var unit: Unit
  var limit: RateLimit
  /// After which it would be admitted, if nobody else came.
  var wait: Duration
}
