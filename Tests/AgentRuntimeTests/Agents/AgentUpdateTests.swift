import AgentJSON
import AgentRuntime
import Foundation
import Testing

struct AgentUpdateTests {
  private let harness = RuntimeHarness(templates: [SampleTemplate1.self, CustomerServiceBot.self, SampleTemplate.self])
  private var catalog: AgentCatalog { harness.catalog }

  @Test func givenFieldsReplaceAndOthersStay() async throws {
    try await harness.agent("a", ["description": "d", "metadata": ["a": "1", "b": "2"], "owner_id": "o"])
    let change = try await catalog.update("a", ["name": "new", "metadata": ["c": "3"]])
    #expect(change.agent.name == "new" && change.agent.description == "d" && change.agent.ownerID == "o")
    #expect(change.agent.metadata == ["c": "3"])
    #expect(change.agent.revision == 2)
    #expect(change.agent.updatedAt >= change.agent.createdAt)
    #expect(try await catalog.agent("a") == change.agent)
    #expect(try await catalog.revisions(of: "a").map(\.changes)[1] == ["name", "metadata"])
  }

  @Test func nullClearsWhatIsOptional() async throws {
    try await harness.agent(
      "a",
      [
        "description": "d", "system_prompt": "s", "conversation_config": ["continuous": true], "limits": [:],
        "toolsets": ["x"], "llm_config_id": "m", "agent_line_id": "l", "version_type": "release",
        "version_number": "v3", "owner_id": "o", "code_interpreter": [:], "metadata": [:], "avatar_url": "u",
        "template_config": ["conversation": ["historyLength": 5]],
      ])
    let names = [
      "description", "system_prompt", "conversation_config", "limits", "toolsets", "llm_config_id", "agent_line_id",
      "version_type", "version_number", "owner_id", "code_interpreter", "metadata", "avatar_url", "template_config",
      "template_version_id", "type",
    ]
    let agent = try await catalog.update("a", JSONObject(names.map { ($0, .null) })).agent
    var fresh = try await harness.agent("b")
    (fresh.id, fresh.agentLineID, fresh.revision) = ("a", "a", 2)
    (fresh.createdAt, fresh.updatedAt) = (agent.createdAt, agent.updatedAt)
    #expect(agent == fresh)
  }

  @Test(
    arguments: [
      (["name": .null], "body.name: missing"), (["template_id": .null], "body.template_id: missing"),
      (["status": .null], "body.status: missing"), (["id": .null], "body.id: missing"),
      (["id": "b"], "body.id: not_allowed"), (["id": 1], "body.id: wrong_type"),
      (["name": ""], "body.name: wrong_length"),
      (["status": "live"], "body.status: not_allowed"), (["template_id": 3], "body.template_id: wrong_type"),
      (
        ["template_config": ["conversation": ["historyLength": 101]]],
        "body.template_config.conversation.historyLength: out_of_range"
      ),
    ] as [(JSONObject, String)])
  func faultsLeaveTheAgentAsItIs(body: JSONObject, fault: String) async throws {
    let before = try await harness.agent("a")
    let error = try #require(await runtimeError { _ = try await catalog.update("a", body) })
    #expect(error.status == 422)
    #expect(error.faultList == [fault])
    #expect(try await catalog.agent("a") == before)
    #expect(try await catalog.revisions(of: "a").count == 1)
  }

  @Test func theSameIDIsAccepted() async throws {
    let agent = try await harness.agent("a")
    // What GET returned may be sent back whole.
    let change = try await catalog.update("a", agent.json)
    #expect(change.warnings.isEmpty)
    #expect(change.agent.revision == 2)
  }

  @Test func anUnknownAgentIs404() async throws {
    for error in [
      await runtimeError { _ = try await catalog.update("x", ["name": "n"]) },
      await runtimeError { _ = try await catalog.move("x", ["status": "revoked"]) },
      await runtimeError { try await catalog.delete("x") }, await runtimeError { _ = try await catalog.agent("x") },
      await runtimeError { _ = try await catalog.revisions(of: "x") },
      await runtimeError { _ = try await catalog.runnable("x", userID: nil) },
    ] {
      #expect(error?.code == .agentNotFound && error?.status == 404)
    }
  }

  @Test func anotherRevisionThanExpectedIs409() async throws {
    try await harness.agent("a")
    let error = try #require(await runtimeError { _ = try await catalog.update("a", ["name": "x"]) { $0 == 7 } })
    #expect(error.code == .conflict && error.status == 409 && error.details?["current_revision"] == 1)
    #expect(try await catalog.update("a", ["name": "y"]) { $0 == 1 }.agent.revision == 2)
    #expect(await runtimeError { _ = try await catalog.move("a", ["status": "submitted"]) { $0 == 1 } }?.status == 409)
    #expect(try await catalog.move("a", ["status": "submitted"]) { $0 == 2 }.agent.revision == 3)
  }

  @Test func aChangedTemplateVersionIsAWarning() async throws {
    try await harness.agent("a", ["template_id": "sample", "template_version_id": "1.0.0"])
    let kept = try await catalog.update("a", ["name": "still on 1.0.0"])
    #expect(kept.agent.templateVersionID == "1.0.0" && kept.warnings.isEmpty)
    let config: JSONObject = ["template_version_id": "2.0.0", "template_config": ["general": ["body": "x"]]]
    let moved = try await catalog.update("a", config)
    #expect(moved.agent.templateVersionID == "2.0.0")
    #expect(moved.warnings.count == 1 && moved.warnings[0].contains("1.0.0") && moved.warnings[0].contains("2.0.0"))
    let other = try await catalog.update("a", ["template_id": "customer-service-bot", "template_config": [:]])
    #expect(other.agent.type == "conversation" && other.agent.templateVersionID == "1.0.0")
    #expect(other.warnings.count == 1)
  }

  @Test func aChangedTemplateChecksTheOldConfiguration() async throws {
    try await harness.agent("a")
    let error = try #require(await runtimeError { _ = try await catalog.update("a", ["template_id": "sample"]) })
    #expect(error.status == 422)
    #expect(error.faultList.contains("body.template_config.general: missing"))
  }

  @Test(arguments: AgentStatus.allCases, AgentStatus.allCases)
  func statusMoves(from: AgentStatus, to: AgentStatus) async throws {
    let allowed: [AgentStatus: Set<AgentStatus>] = [
      .draft: [.submitted, .revoked], .submitted: [.pending, .draft, .revoked],
      .pending: [.published, .draft, .revoked], .published: [.revoked], .revoked: [.revoked],
    ]
    try await harness.agent("a", ["status": .string(from.rawValue)])
    let body: JSONObject = ["status": .string(to.rawValue)]
    let error = await runtimeError { _ = try await catalog.move("a", body) }
    let isAllowed = allowed[from]?.contains(to) == true
    #expect((error == nil) == isAllowed)
    if let error { #expect(error.status == 400 && error.code == .validation && error.faults.count == 1) }
    #expect(try await catalog.agent("a").status == (isAllowed ? to : from))
    // An update with the status that the agent has is no move.
    if from == to { #expect(await runtimeError { _ = try await catalog.update("a", body) } == nil) }
  }

  @Test(
    arguments: [
      ([:], "body.status: missing"), (["status": 1], "body.status: wrong_type"),
      (["status": "x"], "body.status: not_allowed"),
    ] as [(JSONObject, String)])
  func aMoveNeedsAStatus(body: JSONObject, fault: String) async throws {
    try await harness.agent("a")
    let error = try #require(await runtimeError { _ = try await catalog.move("a", body) })
    #expect(error.status == 422 && error.faultList == [fault])
  }

  @Test func updatesAtOnceLoseNothing() async throws {
    try await harness.agent("a")
    await withTaskGroup { group in
      for index in 0..<20 {
        group.addTask {
          _ = try? await catalog.update("a", ["description": .string("\(index)")])
        }
      }
    }
    let agent = try await catalog.agent("a")
    #expect(agent.revision == 21)
    #expect(try await catalog.revisions(of: "a").map(\.revision) == Array(1...21))
  }

  @Test func timeNeverRunsBackwards() async throws {
    let times = [Date(timeIntervalSince1970: 2_000_000_000), Date(timeIntervalSince1970: 1_000_000_000)]
    let clock = Recorded(times)
    let catalog = AgentCatalog(
      templates: harness.catalog.templates, store: harness.store, runs: harness.runs, now: { clock.next() })
    _ = try await catalog.create(["id": "t", "name": "n", "template_id": "customer-service-bot"])
    #expect(try await catalog.update("t", ["name": "m"]).agent.updatedAt == times[0])
  }

  @Test func theNumberOfActiveAgentsIsTold() async throws {
    let sum = Recorded<Int>([])
    let catalog = AgentCatalog(
      templates: harness.catalog.templates, store: harness.store, runs: harness.runs, noteActive: { sum.add($0) })
    for id in ["a", "b"] {
      _ = try await catalog.create(["id": .string(id), "name": "n", "template_id": "customer-service-bot"])
    }
    _ = try await catalog.move("a", ["status": "revoked"])
    _ = try await catalog.move("b", ["status": "submitted"])
    try await catalog.delete("a")
    try await catalog.delete("b")
    #expect(sum.all == [1, 1, -1, 0, 0, -1])
  }
}
