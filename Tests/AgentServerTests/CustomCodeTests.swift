import AgentJSON
import AgentRuntime
import Foundation
import Testing

@testable import AgentServer

@Suite(.timeLimit(.minutes(2))) struct CustomCodeTests {
  private static func chat(_ more: JSONObject = [:]) -> JSONValue {
    var body: JSONObject = ["model": "code", "messages": [["role": "user", "content": "x"]]]
    for (key, value) in more { body[key] = value }
    return .object(body)
  }

  private static let agent: JSONValue = [
    "id": "code", "name": "Code", "template_id": "custom-code-bot",
    "template_config": ["codeSource": ["content": "def main(i): pass"], "runtime": ["language": "python"]],
  ]

  /// Stores the agent and sends the chat; returns the answer.
  private func reply(_ sandbox: (any Sandbox)?, _ more: JSONObject = [:]) async throws -> Reply {
    try await LiveServer.with(sandbox: sandbox) { server in
      let created = try await server.request("POST", "/v1/agents", Self.agent)
      #expect(created.status == 201)
      return try await server.request("POST", "/v1/chat/completions", Self.chat(more))
    }
  }

  @Test func answersWithTheCodesValue() async throws {
    let sandbox = HostedSandbox { host in
      let reply = try await host.callModel(messages: [["role": "user", "content": "hello"]], options: [:])
      return SandboxReport(.value(["said": reply["content"] ?? .null]), stdout: "printed", stderr: "")
    }
    let reply = try await reply(sandbox)
    #expect(reply.status == 200)
    let message = reply.body["choices"]?.arrayValue?.first?["message"]
    #expect(message == ["role": "assistant", "content": #"{"said":"hello"}"#])
    #expect(reply.body["usage"] == ["prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2])
    let steps = reply.body["metadata"]?["execution_steps"]?.arrayValue ?? []
    #expect(steps.map { $0["step"] } == ["validate_code", "execute_code"])
    #expect(steps.last?["stdout"] == "printed" && steps.last?["stderr"] == "" && steps.first?["stdout"] == nil)
    #expect(reply.body["metadata"]?["agent_type"] == "custom")
  }

  @Test func streamsWhatTheCodeYields() async throws {
    let sandbox = HostedSandbox { host in
      for piece in ["one ", "two"] { try await host.take(piece) }
      return SandboxReport(.value(.null), stdout: "printed")
    }
    let reply = try await reply(sandbox, ["stream": true])
    let deltas = reply.chunks.compactMap { $0["choices"]?.arrayValue?.first?["delta"] }
    #expect(deltas.compactMap { $0["content"]?.stringValue } == ["one ", "two"])
    let last = try #require(reply.chunks.last)
    #expect(last["choices"]?.arrayValue?.first?["finish_reason"] == "stop" && reply.events.last == "[DONE]")
    #expect(last["metadata"]?["execution_steps"]?.arrayValue?.last?["stdout"] == "printed")
  }

  @Test(arguments: [false, true])
  func codeThatFailsIsA500WithItsTraceback(isStreaming: Bool) async throws {
    let sandbox = HostedSandbox { _ in
      let frame = SandboxFrame(line: 4, function: "main", text: "raise ValueError('no')")
      return SandboxReport(.exception(SandboxException(name: "ValueError", message: "no", frames: [frame])))
    }
    let reply = try await reply(sandbox, ["stream": .bool(isStreaming)])
    #expect(reply.status == 500 && reply.headers["x-should-retry"] == "false")
    #expect(reply.body["error"]?["code"] == "EXECUTION_ERROR")
    let traceback = reply.body["details"]?["traceback"]?.stringValue
    #expect(traceback?.hasSuffix("line 4, in main\n    raise ValueError('no')\nValueError: no") == true)
    let steps = reply.body["details"]?["execution_steps"]?.arrayValue ?? []
    #expect(steps.map { $0["status"] } == ["completed", "error"])
  }

  @Test func codeThatFailsAfterAPieceEndsTheStreamWithAnError() async throws {
    let sandbox = HostedSandbox { host in
      try await host.take("so far")
      return SandboxReport(.timeout)
    }
    let reply = try await reply(sandbox, ["stream": true])
    #expect(reply.status == 200 && reply.events.last == "[DONE]")
    let last = try #require(reply.chunks.last)
    #expect(last["choices"]?.arrayValue?.first?["finish_reason"] == "error")
    #expect(last["error"]?["code"] == "EXECUTION_ERROR")
  }

  @Test func withoutASandboxAgentsAreStoredAndNotRun() async throws {
    try await LiveServer.with { server in
      let created = try await server.request("POST", "/v1/agents", Self.agent)
      #expect(created.status == 201)
      let warnings = created.body["validation_results"]?["warnings"]?.arrayValue
      #expect(warnings?.first?.stringValue?.contains("was not checked") == true)
      let reply = try await server.request("POST", "/v1/chat/completions", Self.chat())
      #expect(reply.status == 503 && reply.body["error"]?["code"] == "SERVICE_UNAVAILABLE")
      #expect(reply.body["message"]?.stringValue?.contains("no sandbox") == true)
      let schema = try await server.request("GET", "/v1/schema")
      #expect(schema.body["capabilities"]?["codeExecution"] == false && schema.body["version"] == "1.4.0")
    }
  }

  @Test func theSchemaSaysThatCodeCanRun() async throws {
    try await LiveServer.with(sandbox: HostedSandbox { _ in SandboxReport(.value(.null)) }) { server in
      let schema = try await server.request("GET", "/v1/schema")
      #expect(schema.body["capabilities"]?["codeExecution"] == true)
      let etag = try #require(schema.headers["etag"])
      let again = try await server.request("GET", "/v1/schema", headers: ["If-None-Match": etag])
      #expect(again.status == 304)
    }
  }

  @Test func faultsOfTheCodeAreToldWithTheirPlace() async throws {
    let sandbox = HostedSandbox(faults: [SandboxFault(line: 3, column: 7, message: "never closed")]) { _ in
      SandboxReport(.value(.null))
    }
    try await LiveServer.with(sandbox: sandbox) { server in
      let reply = try await server.request("POST", "/v1/agents", Self.agent)
      #expect(reply.status == 422 && reply.body["error"] == "VALIDATION_ERROR")
      #expect(
        reply.body["detail"] == [
          [
            "loc": ["body", "template_config", "codeSource", "content"], "msg": "line 3, column 7: never closed",
            "type": "invalid_code", "line": 3, "column": 7,
          ]
        ])
    }
  }

  @Test func aClientThatLeavesEndsTheCode() async throws {
    let (started, ended) = (Gate(), Gate())
    let sandbox = HostedSandbox { _ in
      started.open()
      defer { ended.open() }
      await Gate().wait()
      try Task.checkCancellation()
      return SandboxReport(.value(.null))
    }
    try await LiveServer.with(sandbox: sandbox) { server in
      _ = try await server.request("POST", "/v1/agents", Self.agent)
      var client = RawClient(port: server.port)
      try client.connect()
      let body = Self.chat().encoded()
      let head = """
        POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Runtime-Token: \(LiveServer.token)\r
        Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n
        """
      try client.send(Data(head.utf8) + Data(body))
      await started.wait()
      client.close()
      // Nothing opens the code's own gate: only cancellation ends it.
      await ended.wait()
    }
  }
}

/// Runs no code, but what a test has in its place.
private struct HostedSandbox: Sandbox {
  var faults: [SandboxFault] = []
  let work: @Sendable (any SandboxHost) async throws -> SandboxReport

  init(
    faults: [SandboxFault] = [], _ work: @escaping @Sendable (any SandboxHost) async throws -> SandboxReport
  ) {
    self.faults = faults
    self.work = work
  }

  var status: SandboxStatus { SandboxStatus(languages: [.python: .init(versions: ["3.11.2"])]) }

  func check(_ program: SandboxProgram) async throws -> [SandboxFault] { faults }

  func run(_ call: SandboxCall, host: any SandboxHost) async throws -> SandboxReport { try await work(host) }
}
