import AgentJSON
import AgentRuntime
import Foundation
import Testing

struct AgentDefinitionJSONTests {
  private static let time = Date(timeIntervalSince1970: 1_700_000_000.125)

  private var least: AgentDefinition {
    AgentDefinition(
      id: "a", name: "n", type: "conversation", templateID: "t", templateVersionID: "1.0.0", createdAt: Self.time)
  }

  private var full: AgentDefinition {
    var agent = least
    agent.description = "行\n\"\\\u{0}"
    agent.avatarURL = ""
    agent.templateConfig = ["a": ["b": [1, 2.5, .null, "x"]], "": 1e300]
    agent.systemPrompt = "s"
    var config = ConversationConfig()
    (config.continuous, config.historyLength, config.temperature) = (false, 9, 1)
    (config.maxTokens, config.onBusy) = (Int.max, .interrupt)
    agent.conversationConfig = config
    var limits = AgentLimits()
    (limits.requestsPerMinute, limits.tokensPerMinute, limits.maxToolTurns) = (1, 2, 3)
    agent.limits = limits
    agent.toolsets = ["x", "x"]
    agent.llmConfigID = "m"
    agent.agentLineID = "l"
    (agent.versionType, agent.versionNumber, agent.status) = (.release, 42, .revoked)
    agent.ownerID = "o"
    agent.codeInterpreter = ["keep_files_mb": 3, "more": [:]]
    agent.metadata = ["k": "v"]
    agent.revision = 17
    agent.updatedAt = Self.time.addingTimeInterval(3600.25)
    return agent
  }

  @Test func readsBackWhatItWrote() throws {
    for agent in [least, full] {
      let text = JSONValue.object(agent.json).encoded()
      let json = try #require(try JSONValue(parsing: text).objectValue)
      #expect(try AgentDefinition(stored: json) == agent)
    }
  }

  @Test func emptyConfigurationsAreNotNone() throws {
    var agent = least
    (agent.conversationConfig, agent.limits) = (ConversationConfig(), AgentLimits())
    (agent.metadata, agent.codeInterpreter) = ([:], [:])
    #expect(agent.json["limits"] == [:] && agent.json["metadata"] == [:])
    #expect(try AgentDefinition(stored: agent.json) == agent)
  }

  @Test func hasEveryFieldOfTheContract() {
    let names = [
      "id", "name", "description", "avatar_url", "type", "template_id", "template_version_id", "template_config",
      "system_prompt", "conversation_config", "limits", "toolsets", "llm_config_id", "agent_line_id", "version_type",
      "version_number", "owner_id", "status", "code_interpreter", "metadata", "revision", "created_at", "updated_at",
    ]
    #expect(least.json.keys == names)
    #expect(least.json["created_at"] == "2023-11-14T22:13:20.125Z")
    #expect(least.json["version_number"] == "v1" && least.json["description"] == .null)
  }

  @Test(arguments: [
    "id", "name", "type", "template_id", "template_version_id", "agent_line_id", "version_type", "version_number",
    "status", "revision", "created_at", "updated_at",
  ])
  func damageIsNamed(key: String) {
    for damage in [nil, 1, .null, "?"] as [JSONValue?] {
      if damage == 1 && key == "revision" { continue }
      var json = full.json
      json[key] = damage
      // Free texts take any string.
      if damage == "?", ["id", "name", "type", "template_id", "template_version_id", "agent_line_id"].contains(key) {
        continue
      }
      #expect(throws: StoreError.self, "\(key): \(String(describing: damage))") { try AgentDefinition(stored: json) }
    }
  }

  @Test func revisionsAsTheAPIShowsThem() {
    let entry = AgentRevision(revision: 3, updatedAt: Self.time, changes: ["name"])
    #expect(entry.json == ["revision": 3, "updated_at": "2023-11-14T22:13:20.125Z", "changes": ["name"]])
  }

  @Test func timesGoThroughTheirText() {
    for milliseconds in stride(from: 0, to: 1000, by: 1) {
      let text = "2026-11-22T01:02:03.\(String(1000 + milliseconds).dropFirst())Z"
      #expect(Date(wireText: text)?.wireText == text)
    }
  }
}
