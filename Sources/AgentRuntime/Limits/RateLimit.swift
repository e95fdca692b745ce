/// How many of something there may be in a time.
public struct RateLimit: Sendable, Hashable {
  /// The time that a limit counts over.
  public enum Period: String, Sendable, Hashable, CaseIterable {
    case second, minute, hour

    /// How long it is.
    public var duration: Duration {
      switch self {
      case .second: .seconds(1)
      case .minute: .seconds(60)
      case .hour: .seconds(3600)
      }
    }
  }

  /// The highest count there is.
  public static let countMax = 1_000_000_000

  /// From 1 to `countMax`.
  public let count: Int
  /// The time in which there may be as many.
  public let period: Period

  /// Makes a limit; nil where the count is below 1 or over `countMax`.
  public init?(_ count: Int, per period: Period) {
    guard (1...Self.countMax).contains(count) else { return nil }
    self.count = count
    self.period = period
  }

  /// The time in which one comes back.
  var interval: Duration { period.duration / count }
}

/// The limits of one agent, model configuration or caller; nil members are no limit.
public struct RateLimits: Sendable, Hashable {
  /// Of requests.
  public var requests: RateLimit?
  /// Of tokens, prompt and completion together.
  public var tokens: RateLimit?

  /// Makes limits.
  public init(requests: RateLimit? = nil, tokens: RateLimit? = nil) {
    self.requests = requests
    self.tokens = tokens
  }

  /// Makes limits for each minute; what is nil, below 1 or over `RateLimit.countMax` is no limit.
  public init(requestsPerMinute: Int?, tokensPerMinute: Int?) {
    self.init(
      requests: requestsPerMinute.flatMap { RateLimit($0, per: .minute) },
      tokens: tokensPerMinute.flatMap { RateLimit($0, per: .minute) })
  }

  /// Whether nothing is limited.
  public var isEmpty: Bool { requests == nil && tokens == nil }
}

extension AgentLimits {
  /// The agent's rate limits.
  public var rates: RateLimits {
    RateLimits(requestsPerMinute: requestsPerMinute, tokensPerMinute: tokensPerMinute)
  }
}
