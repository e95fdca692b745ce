import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct ApprovalTests {
  private let erase = ScriptedTool(
    "erase", schema: ["type": "object", "properties": ["path": ["type": "string"]], "required": ["path"]]
  ) { arguments, _ in ToolOutput("erased \(arguments["path"]?.stringValue ?? "")") }
  private let look = ScriptedTool("look") { _, _ in ToolOutput("seen") }
  private let store = InMemoryStore()

  private func harness(
    _ model: ScriptedChatModel, approval: ToolsetPolicy.Approval = .tools(["erase"])
  ) async throws -> RuntimeHarness {
    var policy = ToolsetPolicy()
    policy.approval = approval
    let harness = RuntimeHarness(model, toolsets: [.test(erase, look, policy: policy)], store: store)
    if try await store.agent("a") == nil { try await harness.agent("a", ["toolsets": ["tools"]]) }
    return harness
  }

  private static func asking() -> ScriptedAnswer {
    calling(toolCall("1", "erase", #"{"path":"a"}"#), toolCall("2", "look"), toolCall("3", "erase", #"{"path":"b"}"#))
  }

  @Test func aCallWaitsForItsApprovalAcrossARestart() async throws {
    let first = try await harness(ScriptedChatModel(Self.asking()))
    let stopped = try await first.chat([.user("clean up")], session: "s")
    #expect(stopped.completion.finishReason == "stop" && stopped.completion.message.text.contains("erase"))
    #expect(stopped.pendingApprovals.map(\.tool) == ["erase", "erase"])
    #expect(stopped.pendingApprovals.map(\.arguments) == [["path": "a"], ["path": "b"]])
    #expect(erase.calls.isEmpty && look.calls.count == 1)
    #expect(try await first.thread("s") == nil)

    // Another process on the same store: the same request asks the same again, and calls nothing twice.
    let second = try await harness(ScriptedChatModel(.text("cleaned")))
    let again = try await second.chat([.user("clean up")], session: "s")
    #expect(again.pendingApprovals == stopped.pendingApprovals)
    #expect(second.model.calls.isEmpty && look.calls.count == 1)

    let ids = stopped.pendingApprovals.map(\.id)
    let half = try await second.chat(
      [], session: "s", approvals: [["id": .string(ids[0]), "decision": "reject", "reason": "needed"]])
    #expect(half.pendingApprovals.map(\.id) == [ids[1]])
    let done = try await second.chat(
      [], session: "s", approvals: [["id": .string(ids[1]), "decision": "edit", "arguments": ["path": "c"]]])
    #expect(done.completion.message.text == "cleaned" && done.pendingApprovals.isEmpty)
    #expect(erase.calls.map(\.arguments) == [["path": "c"]])
    let texts = second.model.requests[0].messages.map(\.text)
    #expect(texts == ["clean up", "", "A human rejected this call: needed", "seen", "erased c"])
    #expect(
      try await second.thread("s") == [
        "user: clean up", "assistant: →1,2,3", "tool: 1", "tool: 2", "tool: 3", "assistant: cleaned",
      ])
  }

  @Test func decisionsMustFit() async throws {
    let harness = try await harness(ScriptedChatModel(Self.asking(), .text("ok")))
    let ids = try await harness.chat([.user("x")], session: "s").pendingApprovals.map(\.id)
    let faults = await runtimeError {
      _ = try await harness.chat(
        [], session: "s",
        approvals: [
          ["id": "unknown", "decision": "approve"],
          ["id": .string(ids[0]), "decision": "edit", "arguments": ["path": 1]],
        ])
    }
    #expect(
      faults?.faultList == [
        "body.metadata.approvals[0].id: unknown", "body.metadata.approvals[1].arguments: invalid_arguments",
      ])
    let malformed = await runtimeError {
      _ = try await harness.chat(
        [], session: "s", approvals: [["decision": "perhaps"], 1, ["id": "x", "decision": "edit"]])
    }
    #expect(malformed?.faultList.count == 4)
    let approvals = ids.map { id -> JSONValue in ["id": .string(id), "decision": "approve"] }
    let done = try await harness.chat([], session: "s", approvals: approvals)
    #expect(done.completion.message.text == "ok" && erase.calls.count == 2)
  }

  /// What a human was asked, a human decides: also where the configuration no longer asks.
  @Test func aDecisionOutlivesThePolicyThatAskedForIt() async throws {
    let asking = try await harness(ScriptedChatModel(Self.asking()))
    let ids = try await asking.chat([.user("x")], session: "s").pendingApprovals.map(\.id)
    let relaxed = try await harness(ScriptedChatModel(.text("ok")), approval: .never)
    let rejections = ids.map { id -> JSONValue in ["id": .string(id), "decision": "reject"] }
    let done = try await relaxed.chat([], session: "s", approvals: rejections)
    #expect(done.completion.message.text == "ok" && erase.calls.isEmpty)
    #expect(done.steps.filter { $0.name == "call_tool_erase" }.map(\.status) == [.error, .error])
  }

  @Test func aCallIsDecidedOnOnce() async throws {
    let harness = try await harness(ScriptedChatModel(Self.asking(), .text("ok")))
    let id = try await harness.chat([.user("x")], session: "s").pendingApprovals[0].id
    let twice = await runtimeError {
      _ = try await harness.chat(
        [], session: "s",
        approvals: [["id": .string(id), "decision": "reject"], ["id": .string(id), "decision": "approve"]])
    }
    #expect(twice?.faultList == ["body.metadata.approvals[1].id: duplicate"] && erase.calls.isEmpty)
  }

  /// The request that decides need not bring the caller's tools again.
  @Test func aCallersToolWaitsBehindAnApproval() async throws {
    let model = ScriptedChatModel(calling(toolCall("1", "erase", #"{"path":"a"}"#), toolCall("2", "mine")))
    let harness = try await harness(model)
    let mine: JSONValue = ["type": "function", "function": ["name": "mine", "parameters": ["type": "object"]]]
    let asked = try await harness.chat([.user("x")], session: "s", parameters: ["tools": [mine]])
    let approvals: [JSONValue] = [["id": .string(asked.pendingApprovals[0].id), "decision": "approve"]]
    let result = try await harness.chat([], session: "s", approvals: approvals)
    #expect(result.completion.finishReason == "tool_calls" && result.completion.message.toolCalls.map(\.id) == ["2"])
    #expect(erase.calls.count == 1 && model.calls.count == 1)
  }

  @Test func whatWasApprovedIsNotMadeWithAnotherSetsTool() async throws {
    let asked = try await harness(ScriptedChatModel(calling(toolCall("1", "erase", #"{"path":"a"}"#))))
      .chat([.user("x")], session: "s")
    let other = Toolset(name: "others", source: ScriptedToolSource([erase]))
    let harness = RuntimeHarness(ScriptedChatModel(.text("ok")), toolsets: [other], store: store)
    _ = try await harness.catalog.update("a", ["toolsets": ["others"]])
    let approvals: [JSONValue] = [["id": .string(asked.pendingApprovals[0].id), "decision": "approve"]]
    _ = try await harness.chat([], session: "s", approvals: approvals)
    #expect(erase.calls.isEmpty && harness.model.requests[0].messages.last?.text.contains("another set") == true)
  }

  @Test func aRemarkGoesBehindTheResults() async throws {
    let harness = try await harness(ScriptedChatModel(Self.asking(), .text("ok")))
    let ids = try await harness.chat([.user("x")], session: "s").pendingApprovals.map(\.id)
    let half = try await harness.chat(
      [.user("and hurry")], session: "s", approvals: [["id": .string(ids[0]), "decision": "approve"]])
    #expect(half.warnings.count == 1)
    _ = try await harness.chat(
      [.user("and hurry")], session: "s", approvals: [["id": .string(ids[1]), "decision": "approve"]])
    #expect(
      try await harness.thread("s") == [
        "user: x", "assistant: →1,2,3", "tool: 1", "tool: 2", "tool: 3", "user: and hurry", "assistant: ok",
      ])
  }

  @Test func withoutASessionItIsRefused() async throws {
    let harness = try await harness(ScriptedChatModel(.text("ok")))
    let error = await runtimeError { _ = try await harness.chat([.user("x")]) }
    #expect(error?.status == 422 && error?.faultList == ["body.metadata.session_id: missing"])
    let none = await runtimeError {
      _ = try await harness.chat([], approvals: [["id": "x", "decision": "approve"]])
    }
    #expect(none?.faultList == ["body.metadata.session_id: missing"])
  }

  @Test func anotherUserMayNotApprove() async throws {
    let harness = try await harness(ScriptedChatModel(.text("hello"), Self.asking(), .text("ok")))
    _ = try await harness.chat([.user("hi")], session: "s", user: "u1")
    let ids = try await harness.chat([.user("x")], session: "s", user: "u1").pendingApprovals.map(\.id)
    let error = await runtimeError {
      _ = try await harness.chat(
        [], session: "s", user: "u2", approvals: [["id": .string(ids[0]), "decision": "approve"]])
    }
    #expect(error?.code == .accessDenied && erase.calls.isEmpty)
  }

  /// Of a thread whose first turn waits nothing is stored yet but the turn itself.
  @Test func anotherUserMayNotTouchAFirstTurn() async throws {
    let harness = try await harness(ScriptedChatModel(Self.asking(), .text("ok")))
    let ids = try await harness.chat([.user("x")], session: "s", user: "u1").pendingApprovals.map(\.id)
    let approvals = ids.map { id -> JSONValue in ["id": .string(id), "decision": "approve"] }
    let approving = await runtimeError {
      _ = try await harness.chat([], session: "s", user: "u2", approvals: approvals)
    }
    let takingOver = await runtimeError { _ = try await harness.chat([.user("mine")], session: "s", user: "u2") }
    #expect([approving?.code, takingOver?.code] == [.accessDenied, .accessDenied] && erase.calls.isEmpty)
    // What waits still does, and the thread is the first user's, whoever of the house approves.
    #expect(try await harness.chat([], session: "s", approvals: approvals).completion.message.text == "ok")
    let late = await runtimeError { _ = try await harness.chat([.user("hi")], session: "s", user: "u2") }
    #expect(late?.code == .accessDenied)
  }

  @Test func aNewMessageGivesUpWhatWaits() async throws {
    let harness = try await harness(ScriptedChatModel(Self.asking(), .text("as you like")))
    let ids = try await harness.chat([.user("x")], session: "s").pendingApprovals.map(\.id)
    #expect(try await harness.chat([.user("never mind")], session: "s").completion.message.text == "as you like")
    let late = await runtimeError {
      _ = try await harness.chat([], session: "s", approvals: [["id": .string(ids[0]), "decision": "approve"]])
    }
    #expect(late?.faultList == ["body.metadata.approvals[0].id: unknown"] && erase.calls.isEmpty)
    #expect(try await harness.thread("s") == ["user: never mind", "assistant: as you like"])
  }
}
