import AgentHTTP
import AgentJSON
import AgentRuntime
import Foundation
import Logging
import NIOPosix
import Subprocess
import Synchronization
import Testing

@testable import AgentMCP

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

private let python = ProcessInfo.processInfo.environment["APUS_TEST_MCP_PYTHON"]
private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("MCP").path
private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Against the real `mcp` package and against scripted servers; `make test` names the Python that has it.
@Suite(.timeLimit(.minutes(2)), .enabled(if: python != nil, "APUS_TEST_MCP_PYTHON names no Python with mcp"))
struct LiveServerTests {
  enum Way: String, CaseIterable, Sendable {
    case stdio, http
  }

  /// A source that is connected while `body` runs.
  private func with(
    _ members: JSONObject, era: MCPEra = .unknown, _ body: @escaping @Sendable (MCPToolSource) async throws -> Void
  ) async throws {
    var reader = ObjectReader(members, path: [])
    let configuration = MCPServerConfiguration(
      name: "tests", &reader, environment: ProcessInfo.processInfo.environment)
    let made = try #require(configuration, "\(reader.faults)")
    let transport = HTTPTransport(group: .singleton)
    let source = MCPToolSource(made, transport: transport, log: quiet)
    source.state.withLock { $0.era = era }
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await source.run() }
        group.addTask { try await body(source) }
        while try await group.next() != nil { group.cancelAll() }
      }
    } catch {
      try await transport.shutdown()
      throw error
    }
    try await transport.shutdown()
  }

  /// The real package's server, in either transport.
  private func withReal(
    _ way: Way, era: MCPEra = .unknown, _ body: @escaping @Sendable (MCPToolSource) async throws -> Void
  ) async throws {
    let script = "\(folder)/server.py"
    guard way == .http else {
      return try await with(
        ["command": .string(python ?? ""), "args": [.string(script), "stdio"]], era: era, body)
    }
    // A session of its own, so that nothing of the server outlives the test.
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
    let teardown = options.teardownSequence
    let result = try await Subprocess.run(
      .path(FilePath(python ?? "")), arguments: [script, "http"], platformOptions: options, input: .none,
      output: .sequence, error: .discarded
    ) { server -> (any Error)? in
      do {
        var said = ""
        for try await buffer in server.standardOutput {
          said += unsafe buffer.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
          if said.contains("\n") { break }
        }
        let port = said.trimmingCharacters(in: .whitespacesAndNewlines)
        try await with(["url": .string("http://127.0.0.1:\(port)/mcp")], era: era, body)
        await server.teardown(using: teardown)
        return nil
      } catch {
        await server.teardown(using: teardown)
        return error
      }
    }
    if let error = result.closureResult { throw error }
  }

  private func call(
    _ source: MCPToolSource, _ name: String, _ arguments: JSONObject = [:], bytesMax: Int = 65_536
  ) async throws -> ToolOutput {
    let tool = try #require(try await source.tools().first { $0.definition.name == name })
    let context = ToolContext(
      idempotencyKey: "key-1", requestID: "r", agentID: "a", runID: "run", outputBytesMax: bytesMax)
    return try await tool.call(arguments, context)
  }

  @Test(arguments: Way.allCases, [true, false])
  func theRealServer(way: Way, isStateless: Bool) async throws {
    try await withReal(way, era: isStateless ? .unknown : .stateful(version: MCPEra.statefulNewest)) { source in
      let tools = try await source.tools().map(\.definition)
      #expect(tools.map(\.name) == ["add", "say_it_again", "fail", "slow", "long"])
      #expect(tools[0].description == "Adds two numbers." && tools[0].parameters["required"] == ["a", "b"])
      #expect(source.state.withLock { $0.era.isStateless } == isStateless)
      #expect(source.health.isReachable == true && source.health.toolCount == 5)
      #expect(try await call(source, "add", ["a": 2, "b": 3]) == ToolOutput("5"))
      #expect(try await call(source, "say_it_again", ["text": "grüße\n"]).text == "grüße\n")
      let failure = try await call(source, "fail")
      #expect(failure.isError && failure.text.contains("fail"))
      #expect(try await call(source, "long", ["count": 300_000], bytesMax: 1000).text.utf8.count == 1000)
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<20 {
          group.addTask { try await call(source, "add", ["a": .integer(number), "b": 1]).text == "\(number + 1)" }
        }
        for try await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test(arguments: Way.allCases)
  func aCallThatIsCancelledIsForgotten(way: Way) async throws {
    try await withReal(way) { source in
      _ = try await source.tools()
      let task = Task { try await call(source, "slow", ["seconds": 60]) }
      try await Task.sleep(for: .milliseconds(200))
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(try await call(source, "add", ["a": 1, "b": 1]).text == "2")
    }
  }

  private func withScripted(
    _ mode: String, _ body: @escaping @Sendable (MCPToolSource) async throws -> Void
  ) async throws {
    try await with(
      ["command": .string(python ?? ""), "args": [.string("\(folder)/scripted.py"), .string(mode)]], body)
  }

  @Test(arguments: ["old", "garbage", "unknown"])
  func aServerOfTheOldEra(mode: String) async throws {
    try await withScripted(mode) { source in
      #expect(try await source.tools().map(\.definition.name) == ["echo"])
      for _ in 0..<3 {
        let output = try await call(source, "echo", ["x": 1])
        #expect(output.text.contains("\"apus/idempotencyKey\": \"key-1\"") && output.text.contains("{\"x\": 1}"))
        #expect(output.text.hasSuffix("[image: image/png, not shown]"))
      }
    }
  }

  @Test(arguments: ["dies", "huge"])
  func aServerThatBreaksIsStartedAgain(mode: String) async throws {
    try await withScripted(mode) { source in
      for _ in 0..<2 {
        _ = try await source.tools()
        await #expect(throws: ToolError.self) { try await call(source, "echo") }
        // The list is remembered while the server is started anew.
        #expect(try await source.tools().map(\.definition.name) == ["echo"])
        while source.health.isReachable != true { try await Task.sleep(for: .milliseconds(20)) }
      }
    }
  }

  @Test func aListThatChangesIsFetchedAgain() async throws {
    try await withScripted("changing") { source in
      #expect(try await source.tools().count == 1)
      _ = try await call(source, "echo")
      while try await source.tools().count < 2 { try await Task.sleep(for: .milliseconds(20)) }
      _ = try await call(source, "echo")
      while try await source.tools().count < 3 { try await Task.sleep(for: .milliseconds(20)) }
    }
  }

  @Test func aServerThatIsNotThereSaysSo() async throws {
    try await with(["command": "/nonexistent/server"]) { source in
      await #expect(throws: ToolError.self) { try await source.tools() }
      #expect(source.health.isReachable == false && source.health.problem?.contains("/nonexistent/server") == true)
    }
    try await with(["url": "http://127.0.0.1:1/mcp"]) { source in
      await #expect(throws: ToolError.self) { try await source.tools() }
      #expect(source.health.isReachable == false)
    }
  }

  @Test func aChildSeesNoneOfOurSecrets() async throws {
    let members: JSONObject = [
      "command": "sh", "args": ["-c", "env | sort >&2; env > \"$OUT\"; sleep 5"],
      "env": ["OUT": .string(NSTemporaryDirectory() + "mcp-env-\(UUID().uuidString)")],
    ]
    var reader = ObjectReader(members, path: [])
    let configuration = MCPServerConfiguration(
      name: "x", &reader, environment: ["PATH": "/usr/bin:/bin", "HOME": "/tmp", "RUNTIME_TOKEN": "secret"])
    guard case .child(let command)? = configuration?.way else { throw ToolError("no child") }
    #expect(Set(command.environment.keys).isSubset(of: ["PATH", "HOME", "LANG", "OUT"]))
  }
}
