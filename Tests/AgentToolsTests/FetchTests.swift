import AgentHTTP
import AgentJSON
import AgentRuntime
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import AgentTools

@Suite struct FetchTests {
  /// Runs `body` with a tool for all names below `test`, and the addresses of a table.
  private func withTool<Result>(
    _ port: Int, _ table: [String: [[String]]] = ["a.test": [["127.0.0.1"]]], allow: [String] = ["*.test"],
    isPrivateAllowed: Bool = true, bytesMax: Int = 1000, clock: any Clock<Duration> = ContinuousClock(),
    _ body: (FetchTool, TableResolver) async throws -> Result
  ) async throws -> Result {
    let transport = HTTPTransport(group: .singleton)
    let resolver = TableResolver(table)
    let settings = FetchSettings(
      allow: try allow.map { try HostPattern("\($0):\(port)") }, allowPrivate: isPrivateAllowed, bytesMax: bytesMax)
    let fetcher = Fetcher(settings: settings, resolver: resolver, transport: transport, clock: clock)
    do {
      let result = try await body(FetchTool(fetcher: fetcher), resolver)
      try await transport.shutdown()
      return result
    } catch {
      try? await transport.shutdown()
      throw error
    }
  }

  private func fault(_ tool: FetchTool, _ url: String) async -> String {
    let error = await #expect(throws: ToolError.self) { try await tool.call(["url": .string(url)], .sample) }
    return error?.message ?? ""
  }

  /// The name has another address by the time of the connection: it goes to the one that was checked.
  @Test func connectsToTheCheckedAddress() async throws {
    try await LoopbackServer.with({ head, channel in
      LoopbackServer.answer(
        channel, "checked \(head.lowercased().contains("host: a.test:"))", "200 OK",
        "Content-Type: text/plain")
    }) { checked in
      let port = checked.port
      let rebound: LoopbackServer.Script = { _, channel in LoopbackServer.answer(channel, "rebound") }
      try await LoopbackServer.with(host: "127.0.0.2", port: port, rebound) { _ in
        try await withTool(port, ["a.test": [["127.0.0.1"], ["127.0.0.2"]]]) { tool, resolver in
          let output = try await tool.call(["url": .string("http://a.test:\(port)/x")], .sample)
          #expect(output.text.hasSuffix("checked true"))
          #expect(resolver.calls.withLock { $0 } == ["a.test"])
        }
      }
    }
  }

  @Test func refusesAddressesThatAreNotPublic() async throws {
    let seen = Mutex(0)
    try await LoopbackServer.with({ _, _ in seen.withLock { $0 += 1 } }) { server in
      let table = ["a.test": [["127.0.0.1"]], "b.test": [["8.8.8.8", "10.0.0.1"]], "c.test": [[]]]
      try await withTool(server.port, table, allow: ["*.test", "127.0.0.1"], isPrivateAllowed: false) { tool, _ in
        #expect(await fault(tool, "http://a.test:\(server.port)/").contains("not public (loopback)"))
        #expect(await fault(tool, "http://b.test:\(server.port)/").contains("not public (private)"))
        #expect(await fault(tool, "http://c.test:\(server.port)/").contains("has no address"))
        #expect(await fault(tool, "http://127.0.0.1:\(server.port)/").contains("not public (loopback)"))
        #expect(await fault(tool, "http://other.example:\(server.port)/").contains("not on this tool's list"))
        #expect(await fault(tool, "http://a.test/").contains("not on this tool's list"))
      }
    }
    #expect(seen.withLock { $0 } == 0)
  }

  @Test func checksEachRedirect() async throws {
    try await LoopbackServer.with({ head, channel in
      let port = channel.localAddress?.port ?? 0
      let path = head.split(separator: " ")[1]
      let location =
        switch path {
        case "/out": "http://evil.example:\(port)/"
        case "/meta": "http://meta.test:\(port)/"
        case "/ip": "http://127.0.0.1:\(port)/"
        case "/file": "file:///etc/passwd"
        case "/user": "http://u:p@a.test:\(port)/"
        case "/loop": "/loop"
        default: "/end"
        }
      if path == "/end" { return LoopbackServer.answer(channel, "{}", "200 OK", "Content-Type: application/json") }
      LoopbackServer.answer(channel, "", "302 Found", "Location: \(location)")
    }) { server in
      let table = ["a.test": [["127.0.0.1"]], "meta.test": [["169.254.169.254"]]]
      try await withTool(server.port, table) { tool, resolver in
        let base = "http://a.test:\(server.port)"
        let output = try await tool.call(["url": .string(base + "/good")], .sample)
        #expect(output.text == "GET \(base)/end\nstatus 200\ntype application/json\n\n{}")
        #expect(resolver.calls.withLock { $0.count } == 2)
        #expect(await fault(tool, base + "/out").contains("not on this tool's list"))
        #expect(await fault(tool, base + "/meta").contains("link-local"))
        #expect(await fault(tool, base + "/ip").contains("not on this tool's list"))
        #expect(await fault(tool, base + "/file").contains("only https and http"))
        #expect(await fault(tool, base + "/user").contains("credentials"))
        #expect(await fault(tool, base + "/loop").contains("more than 5 times"))
        let secure = try FetchURL("https://a.test/")
        #expect(throws: ToolError.self) { try tool.fetcher.redirected(from: secure, to: "http://a.test/") }
      }
    }
  }

  @Test func cutsEndlessBodies() async throws {
    try await LoopbackServer.with({ _, channel in
      channel.writeAndFlush(
        ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + String(repeating: "x", count: 5000)),
        promise: nil)
    }) { server in
      try await withTool(server.port) { tool, _ in
        let output = try await tool.call(["url": .string("http://a.test:\(server.port)/")], .sample)
        #expect(output.text.contains("\n\n" + String(repeating: "x", count: 1000) + "\n[The rest was cut off"))
      }
    }
  }

  @Test(arguments: [
    (["Content-Type: image/png"], "[The body is not shown: image/png, 4 bytes]"),
    (
      ["Content-Type: text/plain", "Content-Encoding: gzip"],
      "[The body is not shown: text/plain, encoded as gzip, 4 bytes]"
    ),
    (["Content-Type: text/plain; charset=utf-16"], "[The body is not shown: text/plain, charset utf-16, 4 bytes]"),
    ([], "[The body is not shown: of no stated type, 4 bytes]"), (["Content-Type: text/html"], "a"),
    (["Content-Type: application/problem+json; charset=\"UTF-8\""], "<a>a"),
  ])
  func showsTextOnly(_ headers: [String], _ shown: String) async throws {
    try await LoopbackServer.with({ head, channel in
      #expect(head.lowercased().contains("accept-encoding: identity"))
      let lines = headers.map { $0 + "\r\n" }.joined()
      channel.writeAndFlush(
        ByteBuffer(string: "HTTP/1.1 200 OK\r\n\(lines)Content-Length: 4\r\n\r\n<a>a"), promise: nil)
    }) { server in
      try await withTool(server.port) { tool, _ in
        let output = try await tool.call(["url": .string("http://a.test:\(server.port)/")], .sample)
        #expect(output.text.hasSuffix("\n\n" + shown))
      }
    }
  }

  @Test func endsWhenItsTimeIsUp() async throws {
    try await LoopbackServer.with({ _, _ in }) { server in
      try await withTool(server.port, clock: HurriedClock()) { tool, _ in
        #expect(await fault(tool, "http://a.test:\(server.port)/").contains("did not answer within"))
      }
    }
  }

  @Test func endsWithItsTask() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    try await LoopbackServer.with({ _, _ in arrival.yield() }) { server in
      try await withTool(server.port) { tool, _ in
        let call = Task { try await tool.call(["url": .string("http://a.test:\(server.port)/")], .sample) }
        for await _ in arrived { break }
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
      }
    }
  }

  @Test func triesTheNextAddress() async throws {
    try await LoopbackServer.with({ _, channel in LoopbackServer.answer(channel, "", "404 Not Found") }) { server in
      try await withTool(server.port, ["a.test": [["127.0.0.9", "127.0.0.1"]]]) { tool, _ in
        let arguments: JSONObject = ["url": .string("http://a.test:\(server.port)/"), "method": "HEAD"]
        let output = try await tool.call(arguments, .sample)
        #expect(output.isError)
        #expect(output.text.contains("status 404"))
      }
    }
  }

  @Test func asksTheSystem() async throws {
    #expect(try await SystemResolver().addresses(of: "localhost").allSatisfy { $0.reach == .inside("loopback") })
  }

  @Test func takesNoNameForAnAddress() async throws {
    let transport = HTTPTransport(group: .singleton)
    let request = try OutgoingRequest(.get, url: "http://a.test/")
    await #expect(throws: TransportError.self) {
      try await transport.send(request, to: "localhost", bytesMax: 1) { _ in true }
    }
    try await transport.shutdown()
  }
}

/// A clock whose sleeps end at once: what waits for a time limit is told that it has passed.
private struct HurriedClock: Clock {
  var now: ContinuousClock.Instant { .now }
  var minimumResolution: Duration { .zero }
  func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {}
}
