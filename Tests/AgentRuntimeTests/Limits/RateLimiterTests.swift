import AgentJSON
import Synchronization
import Testing

@testable import AgentRuntime

@Suite struct RateLimiterTests {
  /// A clock that is set by hand.
  private final class HandClock: Sendable {
    private let time = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 += duration } }
  }

  @Test(arguments: [
    (RateLimitSubject.Kind.agent, "Agent 'x'", "limits.requests_per_minute"),
    (.model, "Model configuration 'x'", "MODELS_FILE"), (.token, "This token", "RATE_LIMIT_PER_TOKEN"),
    (.address, "This client address", "RATE_LIMIT_PER_IP"),
  ])
  func aRefusalNamesTheLimitAndTheWait(_ kind: RateLimitSubject.Kind, _ who: String, _ setting: String) throws {
    let clock = HandClock()
    let limiter = RateLimiter { clock.now }
    let subject = RateLimitSubject(kind, "x", RateLimits(requestsPerMinute: 2, tokensPerMinute: nil))
    for _ in 0..<2 { try limiter.admit([subject]) }
    clock.advance(.milliseconds(500))
    do {
      try limiter.admit([subject])
      Issue.record("admitted")
    } catch {
      let message = "\(who) has reached its limit of 2 requests per minute (\(setting)); try again in 29.5s."
      #expect(error.message == message)
      #expect(error.code == .rateLimitExceeded && error.status == 429 && error.retryAfter == .milliseconds(29_500))
      #expect(error.details?["of"] == .string(kind.rawValue) && error.details?["unit"] == "requests")
    }
    clock.advance(.milliseconds(29_500))
    try limiter.admit([subject])
  }

  @Test func headersAreOpenAIs() throws {
    let clock = HandClock()
    let limiter = RateLimiter { clock.now }
    let agent = RateLimitSubject(.agent, "a", RateLimits(requestsPerMinute: 60, tokensPerMinute: 1000))
    let model = RateLimitSubject(.model, "m", RateLimits(requestsPerMinute: 3000, tokensPerMinute: nil))
    try limiter.admit([agent, model])
    limiter.charge(tokens: 1700, to: [agent, model])
    let headers = limiter.status(of: [agent, model]).headers
    #expect(
      headers.map { "\($0): \($1)" } == [
        "x-ratelimit-limit-requests: 60", "x-ratelimit-remaining-requests: 59", "x-ratelimit-reset-requests: 1s",
        "x-ratelimit-limit-tokens: 1000", "x-ratelimit-remaining-tokens: 0", "x-ratelimit-reset-tokens: 1m42s",
      ])
    #expect(limiter.status(of: []).headers.isEmpty)
    #expect(limiter.status(of: [RateLimitSubject(.agent, "b", RateLimits())]) == RateLimitStatus())
    // Nothing was taken of the model's tokens, which are not limited, and one of its requests.
    #expect(limiter.status(of: [model]).headers.map(\.1) == ["3000", "2999", "20ms"])
  }

  @Test(arguments: [
    (Duration.zero, "0s"), (.seconds(-1), "0s"), (.nanoseconds(1), "1ms"), (.milliseconds(20), "20ms"),
    (.milliseconds(999), "999ms"), (.seconds(1), "1s"), (.milliseconds(8640), "8.64s"), (.milliseconds(1001), "1.001s"),
    (.seconds(59), "59s"), (.seconds(60), "1m0s"), (.seconds(360), "6m0s"), (.milliseconds(179_560), "2m59.56s"),
    (.seconds(3600), "1h0m0s"), (.seconds(90_061), "25h1m1s"),
  ])
  func durationsReadAsOpenAIWritesThem(_ duration: Duration, _ text: String) {
    #expect(duration.openAIText == text)
  }

  @Test(arguments: [(0, false), (-1, false), (1, true), (1_000_000_000, true), (1_000_000_001, false)])
  func countsAreBounded(_ count: Int, _ isTaken: Bool) {
    #expect((RateLimit(count, per: .second) != nil) == isTaken)
    #expect(RateLimits(requestsPerMinute: count, tokensPerMinute: count).isEmpty == !isTaken)
  }

  @Test func anAgentsLimitsAreItsRates() {
    var limits = AgentLimits()
    #expect(limits.rates.isEmpty)
    limits.requestsPerMinute = 5
    limits.tokensPerMinute = 7
    #expect(limits.rates.requests == RateLimit(5, per: .minute) && limits.rates.tokens == RateLimit(7, per: .minute))
  }

  @Test func manyAtOnceTakeNoMoreThanThereAre() async {
    let clock = HandClock()
    let limiter = RateLimiter { clock.now }
    let subject = RateLimitSubject(.agent, "a", RateLimits(requestsPerMinute: 100, tokensPerMinute: nil))
    let admitted = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask { (0..<100).count { _ in (try? limiter.admit([subject])) != nil } }
      }
      return await group.reduce(0, +)
    }
    #expect(admitted == 100)
  }
}
