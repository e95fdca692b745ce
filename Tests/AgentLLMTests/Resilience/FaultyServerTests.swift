import AgentHTTP
import AgentRuntime
import Testing

@testable import AgentLLM

/// Faults of a real server on the loopback, with and without a second one that works.
@Suite(.timeLimit(.minutes(1)))
struct FaultyServerTests {
  /// A fault, what the caller sees without a fallback, and what with one (nil: the fallback's answer).
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let kind: ModelError.Kind
    var withFallback: ModelError.Kind?
    var requests = 3
    /// Short only where the fault is silence: a busy machine must not look like one.
    var timeout = Duration.seconds(20)
    let script: RawServer.Script
  }

  private static func stream(_ name: String, _ text: String, requests: Int = 3, forwards: Bool = false) -> Case {
    Case(
      testDescription: name, kind: .brokenAnswer, withFallback: forwards ? .brokenAnswer : nil, requests: requests
    ) { _, connection in
      connection.sendStreamHead()
      connection.sendChunk(text)
      connection.sendLastChunk()
    }
  }

  static let cases: [Case] = [
    Case(testDescription: "reset", kind: .unavailable) { _, connection in connection.close() },
    Case(testDescription: "500", kind: .unavailable) { _, connection in
      connection.sendAnswer("{}", status: "500 Internal Server Error")
    },
    Case(testDescription: "429", kind: .rateLimited) { _, connection in
      connection.sendAnswer("{}", status: "429 Too Many Requests", headers: "retry-after-ms: 1\r\n")
    },
    Case(testDescription: "429 for long", kind: .rateLimited, requests: 1) { _, connection in
      connection.sendAnswer("{}", status: "429 Too Many Requests", headers: "Retry-After: 61\r\n")
    },
    Case(testDescription: "400", kind: .rejected, withFallback: .rejected, requests: 1) { _, connection in
      connection.sendAnswer("{}", status: "400 Bad Request")
    },
    Case(testDescription: "slow first byte", kind: .timeout, requests: 1, timeout: .milliseconds(300)) { _, _ in },
    Case(
      testDescription: "stall", kind: .timeout, withFallback: .timeout, requests: 1, timeout: .milliseconds(500)
    ) { _, connection in
      connection.sendStreamHead()
      connection.sendChunk(event(text: "a"))
    },
    Case(testDescription: "cut before a delta", kind: .unavailable) { _, connection in
      connection.sendStreamHead()
      connection.close()
    },
    Case(testDescription: "cut after a delta", kind: .unavailable, withFallback: .unavailable, requests: 1) {
      _, connection in
      connection.sendStreamHead()
      connection.sendChunk(event(text: "a"))
      connection.close()
    },
    Case(testDescription: "no HTTP", kind: .brokenAnswer, requests: 1) { _, connection in
      connection.send("SSH-2.0\r\n\r\n")
      connection.close()
    },
    Case(testDescription: "wrong content type", kind: .brokenAnswer) { _, connection in
      connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>")
    },
    Case(testDescription: "half a character", kind: .brokenAnswer, requests: 1) { _, connection in
      connection.sendStreamHead()
      connection.send(Array("9\r\ndata: \"".utf8) + [0xE2, 0x82] + Array("\r\n2\r\n\n\n\r\n".utf8))
    },
    stream("garbage", "data: {\n\n", requests: 1),
    stream("a huge line", "data: " + String(repeating: "x", count: 17 << 20), requests: 1),
    stream("no [DONE]", ": ping\n\n"),
    stream("no [DONE] after a delta", event(text: "a"), requests: 1, forwards: true),
    stream("error event", "data: {\"error\":{\"message\":\"boom\"}}\n\n"),
  ]

  private static func model(
    _ urls: [String], over transport: HTTPTransport, timeout: Duration = .seconds(20)
  ) throws -> RoutedChatModel {
    let upstreams = try urls.enumerated().map { index, url in
      try OpenAIUpstream(name: "u\(index)", baseURL: url, requestTimeout: timeout)
    }
    var policy = RetryPolicy()
    policy.base = .milliseconds(1)
    return try RoutedChatModel(ModelRoutes(other: ModelRoute(upstreams)), over: transport, policy: policy)
  }

  private static let works: RawServer.Script = { _, connection in
    connection.sendStreamHead()
    connection.sendChunk(event(text: "ok") + streamEnd)
    connection.sendLastChunk()
  }

  @Test(arguments: cases) func alone(_ fault: Case) async throws {
    try await RawServer.with(fault.script) { server in
      try await withTransport { transport in
        let model = try Self.model([server.url], over: transport, timeout: fault.timeout)
        let error = await #expect(throws: ModelError.self) { try await model.stream(.hello) { _ in } }
        #expect(error?.kind == fault.kind, "\(String(describing: error))")
        #expect(server.requests.count == fault.requests)
      }
    }
  }

  @Test(arguments: cases) func withAFallback(_ fault: Case) async throws {
    try await RawServer.with(fault.script) { server in
      try await RawServer.with(Self.works) { second in
        try await withTransport { transport in
          let model = try Self.model([server.url, second.url], over: transport, timeout: fault.timeout)
          var text = ""
          var error: (any Error)?
          do { _ = try await model.stream(.hello) { text += $0.compactMap(\.content).joined() } } catch let thrown {
            error = thrown
          }
          #expect((error as? ModelError)?.kind == fault.withFallback)
          if fault.withFallback == nil { #expect(text == "ok") }
        }
      }
    }
  }

  @Test func aRefusedConnectionFallsBack() async throws {
    let dead = try await RawServer.with({ _, _ in }) { $0.url }
    try await RawServer.with(Self.works) { server in
      try await withTransport { transport in
        let model = try Self.model([dead, server.url], over: transport)
        for _ in 0..<20 { _ = try await model.stream(.hello) { _ in } }
        #expect(model.statuses.map(\.breaker) == [.open, .closed])
      }
    }
  }

  /// Some servers send a 408 on an idle connection; to the client it looks like the answer to its next request.
  @Test func anUnsolicited408IsRepeatedAtOnce() async throws {
    try await RawServer.with { received, connection in
      guard received.number > 0 || received.connection > 0 else {
        Self.works(received, connection)
        return connection.send("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
      }
      Self.works(received, connection)
    } _: { server in
      try await withTransport { transport in
        let model = try Self.model([server.url], over: transport)
        for _ in 0..<3 { _ = try await model.stream(.hello) { _ in } }
      }
    }
  }
}
