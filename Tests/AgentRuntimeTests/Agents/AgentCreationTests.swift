import AgentJSON
import AgentRuntime
import Testing

struct AgentCreationTests {
  private let harness = RuntimeHarness(templates: [SampleTemplate1.self, CustomerServiceBot.self, SampleTemplate.self])
  private static let least: JSONObject = ["name": "客服", "template_id": "customer-service-bot"]

  private static func body(_ fields: JSONObject) -> JSONObject {
    var body = least
    for (key, value) in fields { body[key] = value }
    return body
  }

  @Test func theLeastBodyGetsTheDefaults() async throws {
    let change = try await harness.catalog.create(Self.least)
    let agent = change.agent
    #expect(change.warnings.isEmpty)
    #expect(agent.name == "客服" && agent.type == "conversation" && agent.templateVersionID == "1.0.0")
    #expect(agent.id.count == 36 && agent.agentLineID == agent.id)
    #expect(agent.versionType == .beta && agent.versionNumber == 1 && agent.status == .draft && agent.revision == 1)
    #expect(agent.templateConfig.isEmpty && agent.toolsets.isEmpty && agent.metadata == nil)
    #expect(agent.createdAt == agent.updatedAt)
    #expect(try await harness.catalog.agent(agent.id) == agent)
    let revisions = try await harness.catalog.revisions(of: agent.id)
    #expect(revisions.map(\.revision) == [1])
    #expect(revisions[0].changes == ["name", "template_id"])
  }

  @Test func everyFieldIsTaken() async throws {
    let body: JSONObject = [
      "id": "A-z_0.9:x", "name": "N", "description": "d", "avatar_url": "u", "type": "sample-type",
      "template_id": "sample", "template_version_id": "1.0.0", "template_config": ["general": ["count": 9]],
      "system_prompt": "be kind",
      "conversation_config": [
        "continuous": false, "historyLength": 7, "temperature": 0.5, "max_tokens": 100, "on_busy": "rollback",
      ],
      "limits": ["requests_per_minute": 1, "tokens_per_minute": 2, "max_tool_turns": 3], "toolsets": [],
      "llm_config_id": "gpt", "agent_line_id": "line", "version_type": "release", "version_number": "v12",
      "owner_id": "o", "status": "published", "code_interpreter": ["keep_files_mb": 5], "metadata": ["k": "v"],
    ]
    let change = try await harness.catalog.create(body)
    #expect(change.warnings.isEmpty)
    var json = change.agent.json
    for key in ["revision", "created_at", "updated_at"] { json.removeValue(forKey: key) }
    #expect(json == body)
  }

  @Test(
    arguments: [
      ([:], ["body.name: missing", "body.template_id: missing"]),
      (["name": .null, "template_id": .null], ["body.name: missing", "body.template_id: missing"]),
      (["name": 1, "template_id": 2], ["body.name: wrong_type", "body.template_id: wrong_type"]),
      (body(["name": ""]), ["body.name: wrong_length"]),
      (body(["name": .string(String(repeating: "界", count: 101))]), ["body.name: wrong_length"]),
      (body(["id": ""]), ["body.id: pattern"]),
      (body(["id": "a b"]), ["body.id: pattern"]),
      (body(["id": "é"]), ["body.id: pattern"]),
      (body(["id": .string(String(repeating: "a", count: 129))]), ["body.id: pattern"]),
      (body(["type": "task"]), ["body.type: not_allowed"]),
      (body(["template_version_id": "9.9.9"]), ["body.template_version_id: not_allowed"]),
      (body(["template_version_id": 1]), ["body.template_version_id: wrong_type"]),
      (body(["template_config": []]), ["body.template_config: wrong_type"]),
      (
        body(["template_config": ["conversation": ["historyLength": 4]]]),
        ["body.template_config.conversation.historyLength: out_of_range"]
      ),
      (body(["system_prompt": 1]), ["body.system_prompt: wrong_type"]),
      (
        body(["conversation_config": ["continuous": 1, "historyLength": 0, "temperature": 2.1, "on_busy": "x"]]),
        [
          "body.conversation_config.continuous: wrong_type", "body.conversation_config.historyLength: out_of_range",
          "body.conversation_config.on_busy: not_allowed", "body.conversation_config.temperature: out_of_range",
        ]
      ),
      (body(["limits": ["max_tool_turns": 0]]), ["body.limits.max_tool_turns: out_of_range"]),
      (body(["toolsets": ["a", 1]]), ["body.toolsets: wrong_type"]),
      (body(["llm_config_id": "a\r\nb"]), ["body.llm_config_id: pattern"]),
      (body(["llm_config_id": ""]), ["body.llm_config_id: wrong_length"]),
      (body(["agent_line_id": "a/b"]), ["body.agent_line_id: pattern"]),
      (body(["version_type": "alpha"]), ["body.version_type: not_allowed"]),
      (body(["version_number": 1]), ["body.version_number: wrong_type"]),
      (body(["version_number": "1"]), ["body.version_number: pattern"]),
      (body(["version_number": "v0"]), ["body.version_number: pattern"]),
      (body(["version_number": "v"]), ["body.version_number: pattern"]),
      (body(["version_number": "v-1"]), ["body.version_number: pattern"]),
      (body(["version_number": "v99999999999999999999"]), ["body.version_number: pattern"]),
      (body(["status": "live"]), ["body.status: not_allowed"]),
      (body(["code_interpreter": ["keep_files_mb": -1]]), ["body.code_interpreter.keep_files_mb: out_of_range"]),
      (body(["metadata": ["k": 1]]), ["body.metadata.k: wrong_type"]),
      (body(["metadata": "x"]), ["body.metadata: wrong_type"]),
    ] as [(JSONObject, [String])])
  func faultsNameTheirField(body: JSONObject, faults: [String]) async throws {
    let error = try #require(await runtimeError { _ = try await harness.catalog.create(body) })
    #expect(error.code == .validation && error.status == 422)
    #expect(error.faultList == faults)
    #expect(try await harness.catalog.agents(AgentQuery()).total == 0)
  }

  @Test(
    arguments: [
      (["template_id": "unknown"], "body.template_id: not_allowed"),
      (["system_prompt": .string(String(repeating: "x", count: 65_537))], "body.system_prompt: too_long"),
      (
        ["template_config": ["pad": .string(String(repeating: "x", count: 1 << 20))]], "body.template_config: too_long"
      ),
    ] as [(JSONObject, String)])
  func semanticRefusalsAre400(fields: JSONObject, fault: String) async throws {
    let error = try #require(await runtimeError { _ = try await harness.catalog.create(Self.body(fields)) })
    #expect(error.code == .validation && error.status == 400)
    #expect(error.faultList == [fault])
  }

  @Test func theLongestPromptIsTaken() async throws {
    let prompt = JSONValue.string(String(repeating: "界", count: 65_536))
    #expect(try await harness.catalog.create(Self.body(["system_prompt": prompt])).agent.revision == 1)
  }

  @Test func aTakenIDIs409() async throws {
    try await harness.agent("a", ["name": "first"])
    let error = try #require(await runtimeError { try await harness.agent("a", ["name": "second"]) })
    #expect(error.code == .agentExists && error.status == 409)
    #expect(try await harness.catalog.agent("a").name == "first")
  }

  @Test func whatIsOddIsAWarning() async throws {
    let change = try await harness.catalog.create(
      Self.body([
        "colour": "red", "toolsets": ["search"], "conversation_config": ["mode": 1], "limits": ["a": 1],
        "code_interpreter": ["b": 1], "template_config": ["conversation": ["c": 1]], "revision": 7,
      ]))
    let warnings = change.warnings.joined(separator: "\n")
    for name in ["colour", "search", "conversation_config.mode", "limits.a", "code_interpreter.b", "conversation.c"] {
      #expect(warnings.contains(name), "\(name)")
    }
    #expect(change.warnings.count == 6)
    #expect(change.agent.revision == 1)
  }

  @Test func nullsOfOptionalFieldsAreTheirDefaults() async throws {
    let names = [
      "description", "avatar_url", "type", "template_version_id", "template_config", "system_prompt",
      "conversation_config", "limits", "toolsets", "llm_config_id", "agent_line_id", "version_type", "version_number",
      "owner_id", "code_interpreter", "metadata",
    ]
    let agent = try await harness.agent("a", JSONObject(names.map { ($0, .null) }))
    #expect(agent.agentLineID == "a" && agent.versionNumber == 1 && agent.toolsets == [] && agent.templateConfig == [:])
    #expect(try await harness.catalog.revisions(of: "a")[0].changes == ["id", "name", "template_id"])
  }

  @Test func theNewestTemplateVersionIsTheDefault() async throws {
    let agent = try await harness.agent(
      "a", ["template_id": "sample", "template_config": ["general": ["body": "x"]]])
    #expect(agent.templateVersionID == "2.0.0" && agent.type == "sample-type")
  }
}
