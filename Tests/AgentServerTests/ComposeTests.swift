import AgentJSON
import AgentRuntime
import AgentTesting
import Foundation
import Testing

@testable import AgentServer

@Suite(.timeLimit(.minutes(2))) struct ComposeTests {
  private static let path = "/v1/agents/compose"
  private static let body: JSONValue = [
    "template_id": "customer-service-bot", "instructions": "Answer about the shop.",
  ]
  private static let answer: JSONValue = [
    "reasoning": "A short memory will do.", "name": "Shop", "description": "Answers.", "system_prompt": "Be kind.",
    "template_config": ["conversation": ["continuous": true, "historyLength": 6]],
  ]

  @Test func answersWithAProposalThatCanBeCreated() async throws {
    let model = ScriptedChatModel { _, _ in .text(Self.answer.encodedText) }
    try await LiveServer.with(model) { server in
      let reply = try await server.request("POST", Self.path, Self.body)
      #expect(reply.status == 200)
      #expect(
        reply.body.objectValue?.keys == [
          "template_id", "template_version", "proposal", "reasoning", "validation_results", "usage",
        ])
      #expect(reply.body["template_id"] == "customer-service-bot" && reply.body["template_version"] == "1.0.0")
      #expect(reply.body["reasoning"] == "A short memory will do.")
      #expect(reply.body["validation_results"] == ["valid": true, "errors": [], "warnings": [], "attempts": 1])
      #expect(reply.body["usage"] == ["prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5])
      let stored = try await server.request("GET", "/v1/agents")
      #expect(stored.body == [])
      let created = try await server.request("POST", "/v1/agents", reply.body["proposal"])
      #expect(created.status == 201)
    }
  }

  @Test func whatStaysFaultyIsNoError() async throws {
    try await LiveServer.with(ScriptedChatModel { _, _ in .text("no") }) { server in
      let reply = try await server.request("POST", Self.path, Self.body)
      #expect(reply.status == 200 && reply.body["proposal"] == .null && reply.body["reasoning"] == .null)
      let results = reply.body["validation_results"]
      #expect(results?["valid"] == false && results?["attempts"] == 3)
      #expect(
        results?["errors"] == [["loc": ["proposal"], "msg": "There is no JSON in it.", "type": "invalid_answer"]])
    }
  }

  @Test(
    arguments: [
      (nil, 422, [["body"]]), ([], 422, [["body"]]), ([:], 422, [["body", "template_id"], ["body", "instructions"]]),
      (
        [
          "template_id": 1, "instructions": "", "suggested_name": "", "suggested_tools": ["nope"], "llm_config_id": " ",
        ],
        422,
        [
          ["body", "template_id"], ["body", "instructions"], ["body", "suggested_name"],
          ["body", "suggested_tools", 0], ["body", "llm_config_id"],
        ]
      ), (["template_id": "nope", "instructions": "x"], 400, [["body", "template_id"]]),
    ] as [(JSONValue?, Int, [JSONValue])])
  func badBodiesAreRefused(body: JSONValue?, status: Int, places: [JSONValue]) async throws {
    let model = ScriptedChatModel()
    try await LiveServer.with(model) { server in
      let reply = try await server.raw("POST", Self.path, Data(body?.encoded() ?? Array("{".utf8)))
      #expect(reply.status == status && reply.body["error"] == "VALIDATION_ERROR")
      #expect(reply.body["detail"]?.arrayValue?.compactMap { $0["loc"] } == places)
    }
    #expect(model.calls.isEmpty)
  }

  @Test func aModelThatFailsIsABadGateway() async throws {
    try await LiveServer.with(FailingModel(afterTokens: 0)) { server in
      let reply = try await server.request("POST", Self.path, Self.body)
      #expect(reply.status == 502 && reply.body["error"] == "LLM_UNAVAILABLE")
    }
  }

  @Test func aClientThatLeavesEndsIt() async throws {
    let model = GatedModel(gate: Gate())
    try await LiveServer.with(model) { server in
      var client = RawClient(port: server.port)
      try client.connect()
      let body = Self.body.encoded()
      let head = """
        POST \(Self.path) HTTP/1.1\r\nHost: x\r\nX-Runtime-Token: \(LiveServer.token)\r
        Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n
        """
      try client.send(Data(head.utf8) + Data(body))
      await model.started.wait()
      client.close()
      // Nothing opens the model's gate: only cancellation ends it.
      await model.ended.wait()
    }
    #expect(model.wasCancelled)
  }

  @Test func anAgentMayHaveThePathsName() async throws {
    try await LiveServer.with { server in
      let missing = try await server.request("GET", Self.path)
      #expect(missing.status == 404 && missing.body["error"] == "AGENT_NOT_FOUND")
      _ = try await server.makeAgent("compose")
      let agent = try await server.request("GET", Self.path + "/")
      #expect(agent.status == 200 && agent.body["id"] == "compose")
      let changed = try await server.request("PUT", Self.path, ["name": "Other"])
      #expect(changed.status == 200)
      let refused = try await server.request("PATCH", Self.path, ["name": "x"])
      #expect(refused.status == 405 && refused.headers["allow"] == "POST, GET, PUT, DELETE")
      let deleted = try await server.request("DELETE", Self.path)
      #expect(deleted.status == 200)
    }
  }
}
