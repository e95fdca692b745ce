import AgentJSON
import AgentRuntime
import Synchronization
import Testing

@testable import AgentServer

@Suite(.timeLimit(.minutes(1))) struct CallerLimitTests {
  /// A clock that stands until it is set.
  private final class HandClock: Sendable {
    private let time = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 += duration } }
  }

  @Test func aTokenHasItsRateAndAnotherOneItsOwn() async throws {
    let clock = HandClock()
    try await LiveServer.with(configure: {
      $0.tokenRateLimit = RateLimit(2, per: .minute)
      $0.now = { clock.now }
    }) { server in
      for _ in 0..<2 {
        let reply = try await server.request("GET", "/v1/agents")
        #expect(reply.status == 200)
      }
      let refused = try await server.request("GET", "/v1/agents")
      #expect(refused.status == 429 && refused.body["error"] == "RATE_LIMIT_EXCEEDED")
      #expect(refused.body["message"]?.stringValue?.contains("2 requests per minute (RATE_LIMIT_PER_TOKEN)") == true)
      #expect(refused.headers["retry-after"] == "30" && refused.headers["x-request-id"] != nil)
      #expect(refused.headers["x-ratelimit-limit-requests"] == "2")
      #expect(refused.headers["x-ratelimit-remaining-requests"] == "0")
      #expect(refused.headers["x-ratelimit-reset-requests"] == "1m0s")
      #expect(!refused.text.contains(LiveServer.token))
      let openAI = try await server.request("POST", "/v1/chat/completions", ["model": "x"])
      #expect(openAI.status == 429 && openAI.body["error"]?["type"] == "rate_limit_error")
      // Neither the other token, nor who has none, nor who needs none.
      let other = try await server.request("GET", "/v1/agents", token: "second-token").status
      let none = try await server.request("GET", "/v1/agents", token: nil).status
      let open = try await server.request("GET", "/ping").status
      #expect(other == 200 && none == 401 && open == 200)
      clock.advance(.seconds(30))
      let again = try await server.request("GET", "/v1/agents").status
      #expect(again == 200)
    }
  }

  @Test func anAddressHasItsRateBeforeItsTokenIsLookedAt() async throws {
    let clock = HandClock()
    try await LiveServer.with(configure: {
      $0.addressRateLimit = RateLimit(3, per: .hour)
      $0.now = { clock.now }
    }) { server in
      for path in ["/v1/agents", "/none", "/v1/models"] {
        let status = try await server.request("GET", path, token: "wrong").status
        #expect(status == 401 || status == 404)
      }
      let refused = try await server.request("GET", "/v1/models", token: "wrong")
      #expect(refused.status == 429 && refused.body["error"]?["code"] == "RATE_LIMIT_EXCEEDED")
      #expect(refused.body["details"]?["of"] == "address" && refused.headers["retry-after"] == "1200")
      let right = try await server.request("GET", "/v1/agents").status
      #expect(right == 429)
      for path in ["/ping", "/ready", "/ping/", "/ready/"] {
        let status = try await server.request("GET", path, token: nil).status
        #expect(status == 200)
      }
    }
  }

  @Test(arguments: [
    ("10.1.2.3", "10.1.2.3"), ("::1", "0:0:0:0::/64"), ("2001:db8::1", "2001:db8:0:0::/64"),
    ("2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::", "2001:db8:1:2::/64"),
    ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"), ("::ffff:10.1.2.3", "10.1.2.3"), ("fe80::1%eth0", "fe80:0:0:0::/64"),
    ("1::2:3:4:5:6:7", "1:0:2:3::/64"), ("::", "0:0:0:0::/64"),
  ])
  func networksOfIPv6AreOneCaller(_ address: String, _ caller: String) {
    #expect(ClientAddress.caller(address) == caller)
  }
}
