import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct TaskToolTests {
  private let tool = ScriptedTool("look") { _, _ in ToolOutput("what was seen") }

  /// The model calls the tool in a step's first turn, and answers in the second.
  private func harness(_ tools: Toolset, failing: Int? = nil) -> RuntimeHarness {
    RuntimeHarness.withTasks(toolsets: [tools]) { call, number in
      guard case .step(let step) = call else { return .text("done") }
      if step == failing, number == 1 { return .outage }
      return number % 2 == 0 ? calling(toolCall("1", "look")) : .text("step \(step) looked")
    }
  }

  @Test(arguments: [true, false]) func stepsUseTheAgentsTools(isParallel: Bool) async throws {
    let harness = harness(.test(tool))
    try await harness.taskAgent(
      ["one", "two"], ["parallelExecution": .bool(isParallel)], fields: ["toolsets": ["tools"]])
    let told = Recorded<ChatDelta>()
    let result = try await harness.chat([.user("x")]) { deltas in deltas.forEach(told.add) }
    #expect(result.completion.message.text == "done" && result.tools == ["look"])
    #expect(tool.calls.count == 2 && Set(tool.calls.map(\.context.idempotencyKey)).count == 2)
    let names = Set(result.steps.map(\.name))
    #expect(names == ["validate_task", "task_step_1_one", "task_step_2_two", "call_tool_look", "generate_response"])
    #expect(result.steps.count == 6 && result.steps.allSatisfy { $0.status == .completed })
    let requests = harness.model.requests
    let second = try #require(requests.last { TaskCall($0) == .step(1) })
    #expect(second.messages.suffix(2).map(\.short) == ["assistant: →1", "tool: 1"])
    #expect(second.messages.last?.text == "what was seen" && second.parameters["tools"] != nil)
    // The answer is made without tools.
    #expect(requests.last?.parameters["tools"] == nil && harness.instruction(.compose).contains("step 2 looked"))
    #expect(told.all.compactMap(\.content) == ["done"] && told.all.allSatisfy { $0.extra == nil })
    #expect(
      told.all.contains { delta in
        delta.metadata?["execution_steps"]?.arrayValue?.last?["step"] == "call_tool_look"
      })
  }

  @Test func anotherAttemptIsAnotherEffect() async throws {
    let harness = harness(.test(tool), failing: 1)
    try await harness.taskAgent(["one"], fields: ["toolsets": ["tools"]])
    let result = try await harness.chat([.user("x")])
    #expect(result.steps.first { $0.name.hasPrefix("task_step") }?.attempts == 2)
    _ = try await harness.chat([.user("x")])
    let keys = tool.calls.map(\.context.idempotencyKey)
    #expect(Set(keys).count == keys.count && keys.count > 2, "of two runs, and of two attempts")
  }

  @Test func toolsThatNeedApprovalAreLeftOut() async throws {
    var policy = ToolsetPolicy()
    policy.approval = .tools(["look"])
    let other = ScriptedTool("other") { _, _ in ToolOutput("x") }
    let harness = RuntimeHarness.withTasks(toolsets: [.test(tool, other, policy: policy)]) { call, number in
      call == .step(1) && number == 0 ? calling(toolCall("1", "look")) : .text("x")
    }
    try await harness.taskAgent(["one"], fields: ["toolsets": ["tools"]])
    let result = try await harness.chat([.user("x")])
    #expect(result.warnings.count == 1 && result.warnings[0].contains("'look' needs a human's approval"))
    #expect(tool.calls.isEmpty)
    let offered = harness.model.requests[0].parameters["tools"]?.arrayValue ?? []
    #expect(offered.map { $0["function"]?["name"] } == ["other"])
    #expect(harness.model.requests[1].messages.last?.text.contains("There is no tool 'look'") == true)
  }

  @Test func theCallersToolsAreNotOffered() async throws {
    let harness = RuntimeHarness.withTasks { _, _ in .text("x") }
    try await harness.taskAgent(["one"])
    let mine: JSONValue = ["type": "function", "function": ["name": "mine"]]
    let result = try await harness.chat([.user("x")], parameters: ["tools": [mine]])
    #expect(harness.model.requests.allSatisfy { !$0.parameters.contains(key: "tools") })
    #expect(result.warnings.count == 1 && result.warnings[0].contains("tools are not offered"))
  }

  @Test func aLoopWithoutEndFailsItsStep() async throws {
    let harness = RuntimeHarness.withTasks(toolsets: [.test(tool)]) { call, _ in
      if case .step = call { calling(toolCall("1", "look")) } else { .text("x") }
    }
    try await harness.taskAgent(
      ["one"], ["retryCount": 1], fields: ["toolsets": ["tools"], "limits": ["max_tool_turns": 2]])
    let error = await runtimeError { _ = try await harness.chat([.user("x")]) }
    #expect(error?.message.contains("Step 1") == true && error?.message.contains("max_tool_turns") == true)
    #expect(tool.calls.count == 4)
  }
}
