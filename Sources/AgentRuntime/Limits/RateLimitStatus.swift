/// What is left of a subject's limits, for OpenAI's headers.
public struct RateLimitStatus: Sendable, Hashable {
  /// What is left of one limit.
  public struct Bucket: Sendable, Hashable {
    /// How many there may be in the limit's time.
    public var limit: Int
    /// How many there may be at once now, 0 or more.
    public var remaining: Int
    /// After which all of them are there again, if none is taken.
    public var reset: Duration

    init(_ limit: RateLimit, fullAt: ContinuousClock.Instant, now: ContinuousClock.Instant) {
      let missing = max(.zero, fullAt - now)
      self.limit = limit.count
      // The part that is missing, rounded up: half a request cannot be made.
      let used = missing >= limit.period.duration ? Double(limit.count) : (missing / limit.interval).rounded(.up)
      remaining = max(0, limit.count - Int(used))
      reset = missing
    }
  }

  /// Of requests; nil where they are not limited.
  public var requests: Bucket?
  /// Of tokens; nil where they are not limited.
  public var tokens: Bucket?

  /// Nothing is limited.
  public init() {}

  init(requests: Bucket?, tokens: Bucket?) {
    self.requests = requests
    self.tokens = tokens
  }

  /// The status that a caller meets first where several hold, such as the agent's and the model's: of requests and of
  /// tokens that of which least is left.
  public static func tightest(_ statuses: [RateLimitStatus]) -> RateLimitStatus {
    func tightest(_ buckets: [Bucket]) -> Bucket? {
      buckets.min { ($0.remaining, $1.reset) < ($1.remaining, $0.reset) }
    }
    return RateLimitStatus(
      requests: tightest(statuses.compactMap(\.requests)), tokens: tightest(statuses.compactMap(\.tokens)))
  }

  /// OpenAI's headers, names in lower case; empty where nothing is limited.
  public var headers: [(String, String)] {
    [("requests", requests), ("tokens", tokens)].flatMap { unit, bucket -> [(String, String)] in
      guard let bucket else { return [] }
      return [
        ("x-ratelimit-limit-\(unit)", String(bucket.limit)),
        ("x-ratelimit-remaining-\(unit)", String(bucket.remaining)),
        ("x-ratelimit-reset-\(unit)", bucket.reset.openAIText),
      ]
    }
  }
}

extension Duration {
  /// A time as OpenAI's headers have it: `20ms`, `1s`, `8.64s`, `6m0s`, `1h0m0s`; rounded up to milliseconds.
  var openAIText: String {
    let (seconds, attoseconds) = max(.zero, self).components
    let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    if milliseconds == 0 { return "0s" }
    if milliseconds < 1000 { return "\(milliseconds)ms" }
    let (minutes, rest) = (milliseconds / 60_000, milliseconds % 60_000)
    var fraction = rest % 1000 == 0 ? "" : ".\(String(1000 + rest % 1000).dropFirst())"
    while fraction.hasSuffix("0") { fraction.removeLast() }
    let text = "\(rest / 1000)\(fraction)s"
    if minutes == 0 { return text }
    return minutes < 60 ? "\(minutes)m\(text)" : "\(minutes / 60)h\(minutes % 60)m\(text)"
  }
}
