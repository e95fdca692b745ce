import AgentGraph
import AgentJSON
import AgentTesting
import FoundationEssentials
import Logging
import Testing

@testable import AgentRuntime

/// What becomes of runs that another process began.
@Suite(.timeLimit(.minutes(1)))
struct RunResumptionTests {
  @Test(arguments: ["reject", "interrupt", "rollback"])
  func aRunThatIsGoneOnWithWaitsForNewerTurns(onBusy: String) async throws {
    let gate = ModelGate()
    let harness = KeptHarness(
      InMemoryStore(), ScriptedChatModel { _, number in number == 0 ? .text("x").waiting(at: gate) : .text("x") })
    try await harness.makeAgent(["steps": ["1"]], fields: ["conversation_config": ["on_busy": .string(onBusy)]])
    try await harness.makeDue("old", session: "s")
    _ = try await harness.submit(["run_id": "new", "session_id": "s"])
    await gate.reached()
    try await harness.service.pickUp()
    #expect(try await harness.service.run("old").status == .queued)
    gate.open()
    for id in ["new", "old"] {
      _ = try await harness.service.kept.run(id)?.log.end()
      let run = try await harness.service.run(id)
      #expect(run.status == .completed, "\(id): \(run.error ?? [:])")
    }
  }

  @Test func whatOnlyWaitedOrWasLeftInOrderIsNotGivenUp() async throws {
    let harness = KeptHarness(InMemoryStore(), KeptHarness.model())
    try await harness.makeAgent()
    try await harness.makeDue("r", starts: 10, status: .queued)
    #expect(try await harness.goOn("r")?.status == .completed)
  }

  @Test(arguments: 1..<24)
  func aStreamIsToldTheAnswerWhereverTheFirstProcessEnded(writes: Int) async throws {
    let base = InMemoryStore()
    let first = KeptHarness(CutStore(base, after: writes), KeptHarness.model())
    try await first.makeAgent(["steps": ["1", "2"]])
    let agent = try await first.catalog.runnable("a", userID: nil)
    _ = try? await first.service.answer(first.call(["run_id": "r"], stream: true), agent: agent, handle: RunHandle())
    let second = KeptHarness(base, KeptHarness.model())
    try await base.runs.releaseClaims()
    try await second.service.pickUp()
    let told = Recorded<String>()
    let result = try await second.service.follow("r", handle: RunHandle()) { events in
      for delta in events.deltas { told.add(delta.content ?? "") }
    }
    #expect(result.completion.message.text == "\(TaskCall.compose)")
    #expect(told.all.joined() == "\(TaskCall.compose)")
  }

  @Test(arguments: 0..<12, [false, true])
  func aTurnIsNotAddedToItsSessionTwice(writes: Int, withTools: Bool) async throws {
    let base = InMemoryStore()
    let toolsets = [Toolset.test(ScriptedTool("look") { _, _ in ToolOutput("seen") })]
    let fields: JSONObject = withTools ? ["toolsets": ["tools"]] : [:]
    let first = KeptHarness(CutStore(base, after: writes), toolsets: toolsets, Self.model())
    try await first.makeConversation(fields)
    _ = try? await first.ask(["run_id": "r", "session_id": "s"])
    guard try await base.runs.run("r") != nil else { return }
    let second = KeptHarness(base, toolsets: toolsets, Self.model())
    let ended = try #require(try await second.goOn("r"))
    #expect(ended.status == .completed && ended.output?["message"]?["content"] == "done")
    let thread = try await base.thread(ThreadKey(agentID: "a", sessionID: "s"), last: nil)
    let exchange = withTools ? ["assistant: \u{2192}c", "tool: c"] : []
    #expect(thread?.messages.map(\.short) == ["user: do"] + exchange + ["assistant: done"])
  }

  /// Calls a tool where there is one, and says `done`.
  private static func model() -> ScriptedChatModel {
    ScriptedChatModel { call, _ in
      let tools = call.request.parameters["tools"]?.arrayValue ?? []
      guard !tools.isEmpty, call.request.messages.last?.role != .tool else { return .text("done") }
      return .message(
        [
          "role": "assistant", "content": .null,
          "tool_calls": [["id": "c", "type": "function", "function": ["name": "look", "arguments": "{}"]]],
        ], finishReason: "tool_calls")
    }
  }

  @Test func aFullDiskIsToldOfOnceARound() async throws {
    let (base, lines) = (InMemoryStore(), Recorded<String>())
    let cut = CutStore(base)
    let harness = KeptHarness(cut, logger: .recording(into: lines), KeptHarness.model())
    try await harness.makeAgent()
    for number in 0..<20 { try await harness.makeDue("r\(number)") }
    cut.cut()
    try? await harness.service.pickUp()
    #expect(lines.all.filter { $0.contains("taken up") }.count <= 1 && harness.calls.isEmpty)
    let refusal = await runtimeError { _ = try await harness.ask(["run_id": "mine"]) }
    #expect(refusal?.status == 503)
    #expect(harness.service.kept.all.isEmpty)
    #expect(try await base.runs.run("r7")?.status == .queued)
  }

  @Test func tokensThatWereUsedBeforeAreNotCountedAgain() async throws {
    let base = InMemoryStore()
    let gate = ModelGate()
    let first = KeptHarness(
      base, KeptHarness.model { $0 == .step(2) ? .text("x").waiting(at: gate) : .text("\($0)") })
    try await first.makeAgent(["steps": ["1", "2"]])
    _ = try await first.submit(["run_id": "r"])
    await gate.reached()
    _ = try await first.service.cancel("r")
    let second = KeptHarness(base, KeptHarness.model())
    _ = try await second.service.resume("r")
    let run = try #require(second.service.kept.run("r"))
    _ = try await run.log.end()
    #expect(run.contents?.usage?.totalTokens == 15 && run.contents?.spent?.totalTokens == 10)
  }

  @Test func nothingIsTakenUpOnceTheRuntimeShutsDown() async throws {
    let harness = KeptHarness(InMemoryStore(), KeptHarness.model())
    try await harness.makeAgent()
    try await harness.makeDue("r")
    harness.runs.cancelAll()
    try await harness.service.pickUp()
    #expect(harness.calls.isEmpty && harness.service.kept.all.isEmpty)
    #expect(try await harness.service.store.run("r")?.starts == 1)
    let refusal = await runtimeError { _ = try await harness.ask(["run_id": "new"]) }
    #expect(refusal?.status == 503)
  }

  @Test func aRunWithoutAPlaceIsQueued() async throws {
    let gate = ModelGate()
    let harness = KeptHarness(
      InMemoryStore(), runsMax: 1,
      ScriptedChatModel { _, number in number == 0 ? .text("x").waiting(at: gate) : .text("x") })
    try await harness.makeConversation()
    #expect(try await harness.submit(["run_id": "first"]).status == .running)
    await gate.reached()
    #expect(try await harness.submit(["run_id": "second"]).status == .queued)
    gate.open()
    _ = try await harness.service.kept.run("second")?.log.end()
    #expect(try await harness.service.run("second").status == .completed)
  }

  @Test(arguments: 0..<14)
  func decisionsOnCallsHoldAfterACrash(writes: Int) async throws {
    let base = InMemoryStore()
    let tool = ScriptedTool("look") { _, _ in ToolOutput("seen") }
    var policy = ToolsetPolicy()
    policy.approval = .tools(["look"])
    let toolsets = [Toolset.test(tool, policy: policy)]
    let store = CutStore(base)
    let first = KeptHarness(store, toolsets: toolsets, Self.model())
    try await first.makeConversation(["toolsets": ["tools"]])
    let asked = try await first.ask(["session_id": "s", "run_id": "question"])
    let approvals: JSONValue = .array(
      asked.pendingApprovals.map { ["id": .string($0.id), "decision": "approve"] })
    store.cut(after: writes)
    _ = try? await first.ask(["session_id": "s", "run_id": "r", "approvals": approvals])
    guard try await base.runs.run("r") != nil else { return }
    let second = KeptHarness(base, toolsets: toolsets, Self.model())
    let ended = try #require(try await second.goOn("r"))
    #expect(ended.output?["message"]?["content"] == "done", "\(ended.error ?? [:])")
    let thread = try await base.thread(ThreadKey(agentID: "a", sessionID: "s"), last: nil)
    #expect(thread?.messages.map(\.short) == ["user: do", "assistant: \u{2192}c", "tool: c", "assistant: done"])
  }

  @Test func whatWasAdmittedOnceIsNotRefusedAfterARestart() async throws {
    let harness = KeptHarness(InMemoryStore(), KeptHarness.model())
    try await harness.makeAgent(["steps": ["1"]], fields: ["limits": ["requests_per_minute": 1]])
    for id in ["a", "b", "c"] { try await harness.makeDue(id) }
    try await harness.service.pickUp()
    for run in harness.service.kept.all { _ = try await run.log.end() }
    for id in ["a", "b", "c"] { #expect(try await harness.service.run(id).status == .completed) }
  }

  @Test func whatWasDoneStaysShownWhereTheRunOnlyWaited() async throws {
    let gate = ModelGate()
    let harness = KeptHarness(
      InMemoryStore(),
      ScriptedChatModel { call, number in
        switch number {
        case 0: .text("one")
        case 1: .failing(RuntimeError(.execution, "no"))
        default: .text("x").waiting(at: gate)
        }
      })
    try await harness.makeAgent(["steps": ["1", "2"], "retryCount": 0])
    _ = await failure { _ = try await harness.ask(["run_id": "old", "session_id": "s"]) }
    let before = try await harness.service.run("old")
    #expect(before.status == .failed && before.steps.count == 3)
    _ = try await harness.submit(["run_id": "new", "session_id": "s"])
    await gate.reached()
    #expect(try await harness.service.resume("old").steps == before.steps)
    let cancelled = try await harness.service.cancel("old")
    #expect(cancelled.status == .cancelled && cancelled.steps == before.steps && cancelled.usage == before.usage)
    _ = try await harness.service.cancel("new")
  }

  @Test func aRunWhoseAgentCannotBeReadFails() async throws {
    let base = InMemoryStore()
    let first = KeptHarness(base, KeptHarness.model())
    try await first.makeAgent()
    try await first.makeDue("r")
    let store = CutStore(base)
    store.damageAgents()
    let second = KeptHarness(store, KeptHarness.model())
    let failed = try #require(try await second.goOn("r"))
    #expect(failed.status == .failed && failed.error?["code"] == "INTERNAL_ERROR")
  }
}
