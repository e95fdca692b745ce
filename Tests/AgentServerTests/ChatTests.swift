import AgentJSON
import AgentRuntime
import AgentTesting
import Foundation
import Synchronization
import Testing

@testable import AgentServer

@Suite(.timeLimit(.minutes(2))) struct ChatTests {
  private static func chat(_ text: String, _ more: JSONObject = [:]) -> JSONValue {
    var body: JSONObject = ["model": "bot", "messages": [["role": "user", "content": .string(text)]]]
    for (key, value) in more { body[key] = value }
    return .object(body)
  }

  @Test func answersWhole() async throws {
    try await LiveServer.with { server in
      _ = try await server.makeAgent()
      let body = Self.chat("hello world", ["metadata": ["ticket": "T-1", "user_id": "u"]])
      let reply = try await server.request("POST", "/v1/chat/completions", body)
      #expect(reply.status == 200)
      #expect(reply.body["object"] == "chat.completion")
      #expect(reply.body["choices"]?.arrayValue?.first?["message"] == ["role": "assistant", "content": "hello world"])
      #expect(reply.body["usage"] == ["prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2])
      let metadata = try #require(reply.body["metadata"])
      #expect(metadata["agent_id"] == "bot" && metadata["ticket"] == "T-1" && metadata["session_id"] == nil)
      let steps = metadata["execution_steps"]?.arrayValue?.map { $0["step"]?.stringValue }
      #expect(steps == ["process_message", "generate_response"])
      #expect(metadata["confidence_score"] == .null && metadata["tools_used"] == [])
    }
  }

  @Test(arguments: [false, true])
  func streams(includeUsage: Bool) async throws {
    try await LiveServer.with { server in
      _ = try await server.makeAgent()
      let body = Self.chat(
        "one two three", ["stream": true, "stream_options": ["include_usage": .bool(includeUsage)]])
      let reply = try await server.request("POST", "/v1/chat/completions", body)
      #expect(reply.headers["content-type"] == "text/event-stream")
      #expect(reply.headers["cache-control"] == "no-cache" && reply.headers["x-accel-buffering"] == "no")
      #expect(reply.events.last == "[DONE]")
      let chunks = reply.chunks
      let deltas = chunks.compactMap { $0["choices"]?.arrayValue?.first?["delta"] }
      #expect(deltas.map { $0["role"] != nil } == [true, false, false, false])
      #expect(deltas.compactMap { $0["content"]?.stringValue } == ["one ", "two ", "three "])
      let final = try #require(chunks.first { $0["choices"]?.arrayValue?.first?["finish_reason"] == "stop" })
      #expect(final["choices"]?.arrayValue?.first?["delta"] == [:])
      #expect(final["metadata"]?["agent_id"] == "bot")
      #expect((final["usage"] != nil) == !includeUsage)
      #expect(chunks.filter { $0["usage"] != nil }.count == 1)
      if includeUsage { #expect(chunks.last?["choices"] == [] && chunks.last?["usage"]?["total_tokens"] == 2) }
    }
  }

  @Test func sendsATokenBeforeTheNextOneIsMade() async throws {
    let gate = Gate()
    try await LiveServer.with(GatedModel(gate: gate)) { server in
      _ = try await server.makeAgent()
      var client = RawClient(port: server.port)
      defer { client.close() }
      try client.connect()
      let body = Self.chat("x", ["stream": true]).encoded()
      try client.send(Self.post(body))
      let connection = client
      let first = try await blocking { try connection.read(until: "first") }
      #expect(!first.contains("second"))
      gate.open()
      _ = try await blocking { try connection.read(until: "second") }
    }
  }

  @Test(arguments: [true, false])
  func endsTheRunOfAClientThatLeaves(isStreaming: Bool) async throws {
    let gate = Gate()
    let model = GatedModel(gate: gate)
    try await LiveServer.with(model) { server in
      _ = try await server.makeAgent()
      var client = RawClient(port: server.port)
      try client.connect()
      try client.send(Self.post(Self.chat("x", ["stream": .bool(isStreaming)]).encoded()))
      await model.started.wait()
      client.close()
      // The gate is never opened: only cancellation ends the model's call.
      await model.ended.wait()
      #expect(model.wasCancelled)
    }
  }

  @Test func failsBeforeAndAfterTheFirstToken() async throws {
    try await LiveServer.with(FailingModel(afterTokens: 0)) { server in
      _ = try await server.makeAgent()
      let reply = try await server.request("POST", "/v1/chat/completions", Self.chat("x", ["stream": true]))
      #expect(reply.status == 502 && reply.body["error"]?["code"] == "LLM_UNAVAILABLE")
      #expect(reply.body["details"]?["execution_steps"]?.arrayValue?.last?["status"] == "error")
    }
    try await LiveServer.with(FailingModel(afterTokens: 2)) { server in
      _ = try await server.makeAgent()
      let reply = try await server.request("POST", "/v1/chat/completions", Self.chat("x", ["stream": true]))
      #expect(reply.status == 200 && reply.events.last == "[DONE]")
      let last = try #require(reply.chunks.last)
      #expect(last["choices"]?.arrayValue?.first?["finish_reason"] == "error")
      #expect(last["error"]?["code"] == "LLM_UNAVAILABLE")
    }
  }

  @Test func endsWhatTakesTooLong() async throws {
    var limits = RuntimeLimits()
    limits.executionTimeout = .milliseconds(300)
    try await LiveServer.with(GatedModel(gate: Gate()), limits: limits) { server in
      _ = try await server.makeAgent()
      let reply = try await server.request("POST", "/v1/chat/completions", Self.chat("x"))
      #expect(reply.status == 408 && reply.headers["x-should-retry"] == "false")
    }
  }

  @Test func admitsAsManyAsMayRun() async throws {
    var limits = RuntimeLimits()
    limits.concurrentRunsMax = 1
    let gate = Gate()
    let model = GatedModel(gate: gate)
    try await LiveServer.with(model, limits: limits) { server in
      _ = try await server.makeAgent()
      async let first = server.request("POST", "/v1/chat/completions", Self.chat("x"))
      await model.started.wait()
      let second = try await server.request("POST", "/v1/chat/completions", Self.chat("x"))
      #expect(second.status == 429 && second.headers["retry-after"] == "1")
      gate.open()
      let admitted = try await first.status
      #expect(admitted == 200)
    }
  }

  @Test func endsTheRunsOfADeletedAgent() async throws {
    let model = GatedModel(gate: Gate())
    try await LiveServer.with(model) { server in
      _ = try await server.makeAgent()
      async let run = server.request("POST", "/v1/chat/completions", Self.chat("x"))
      await model.started.wait()
      let deleted = try await server.request("DELETE", "/v1/agents/bot").status
      #expect(deleted == 200)
      let reply = try await run
      #expect(reply.status == 409 && reply.headers["x-should-retry"] == "false")
    }
  }

  /// Turns that wait for one session leave the others their places.
  @Test func waitingTurnsTakeNoPlace() async throws {
    var limits = RuntimeLimits()
    limits.concurrentRunsMax = 2
    let gate = Gate()
    let model = GatedModel(gate: gate)
    try await LiveServer.with(model, limits: limits) { server in
      _ = try await server.makeAgent()
      let body = Self.chat("x", ["metadata": ["session_id": "s"]])
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<5 { group.addTask { try await server.request("POST", "/v1/chat/completions", body).status } }
        await model.started.wait()
        while server.runs.waitingCount < 4 { try await Task.sleep(for: .milliseconds(5)) }
        async let other = server.request("POST", "/v1/chat/completions", Self.chat("y"))
        gate.open()
        let status = try await other.status
        #expect(status == 200)
        for try await status in group { #expect(status == 200) }
      }
      let figures = server.runs.count
      #expect(figures == 0)
    }
  }

  @Test func deletingASessionEndsItsTurn() async throws {
    let model = GatedModel(gate: Gate())
    try await LiveServer.with(model) { server in
      _ = try await server.makeAgent()
      let path = "/v1/agents/bot/sessions/s"
      let key = ThreadKey(agentID: "bot", sessionID: "s")
      try await server.store.appendTurn(
        ThreadTurn(key: key, userID: nil, messages: [Message(.user, "x")], replacesHistory: false, time: Date()))
      async let run = server.request("POST", "/v1/chat/completions", Self.chat("x", ["metadata": ["session_id": "s"]]))
      await model.started.wait()
      let deletion = try await server.request("DELETE", path)
      #expect(deletion.status == 200)
      let reply = try await run
      #expect(reply.status == 409)
      let gone = try await server.request("GET", path)
      #expect(gone.status == 404)
    }
  }

  @Test func keepsSilentStreamsAlive() async throws {
    let gate = Gate()
    try await LiveServer.with(
      GatedModel(gate: gate), configure: { $0.keepAliveInterval = .milliseconds(100) }
    ) { server in
      _ = try await server.makeAgent()
      var client = RawClient(port: server.port)
      defer { client.close() }
      try client.connect()
      try client.send(Self.post(Self.chat("x", ["stream": true]).encoded()))
      let connection = client
      _ = try await blocking { try connection.read(until: ": keep-alive") }
      gate.open()
      _ = try await blocking { try connection.read(until: "[DONE]") }
    }
  }

  private static func post(_ body: [UInt8]) -> Data {
    let head = """
      POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Runtime-Token: \(LiveServer.token)\r
      Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n
      """
    return Data(head.utf8) + Data(body)
  }
}
