import AgentJSON
import AgentTesting
import Logging
import Synchronization
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct TaskRunTests {
  @Test func eachStepKnowsWhatWasBefore() async throws {
    let harness = RuntimeHarness.withTasks { call, _ in .text("output of \(call)") }
    try await harness.taskAgent(fields: ["system_prompt": "be kind"])
    let request: [Message] = [.user("first"), .assistant("reply"), .user("the task")]
    _ = try await harness.chat(request, parameters: ["temperature": 0.5, "tool_choice": "none"])
    #expect(harness.taskCalls == [.step(1), .step(2), .step(3), .compose])
    for (index, asked) in harness.model.requests.enumerated() {
      #expect(asked.messages.prefix(3).map(\.short) == ["system: be kind", "user: first", "assistant: reply"])
      #expect(asked.messages.count == 4 && asked.messages[3].role == .user)
      let text = asked.messages[3].text
      #expect(text.hasPrefix("the task\n\n---\n\n"))
      #expect(asked.parameters == ["temperature": 0.5], "tools are not the caller's")
      for step in 1...3 { #expect(text.contains("output of step(\(step))") == (step <= index)) }
    }
    let second = harness.instruction(.step(2))
    #expect(second.contains("1. one\n2. two  <- this step\n3. three\n"))
    #expect(second.contains("### Step 1: one\noutput of step(1)\n"))
    #expect(
      second.hasSuffix(
        "Now carry out step 2: two\nAnswer with the result of this step alone, in the language of the task."))
  }

  @Test func stepsOneAfterTheOther() async throws {
    let gates = (0..<3).map { _ in ModelGate() }
    let harness = RuntimeHarness.withTasks { call, _ in
      guard case .step(let step) = call else { return .text("done") }
      return .text("\(step)").waiting(at: gates[step - 1])
    }
    try await harness.taskAgent()
    async let result = harness.chat([.user("x")])
    for (index, gate) in gates.enumerated() {
      await gate.reached()
      #expect(harness.taskCalls == (0...index).map { .step($0 + 1) })
      gate.open()
    }
    #expect(try await result.completion.message.text == "done")
  }

  @Test func stepsAllAtOnce() async throws {
    let gates = (0..<20).map { _ in ModelGate() }
    let harness = RuntimeHarness.withTasks { call, _ in
      guard case .step(let step) = call else { return .text("done") }
      return .text("output \(step).").waiting(at: gates[step - 1])
    }
    try await harness.taskAgent((1...20).map { "step \($0)" }, ["parallelExecution": true])
    async let result = harness.chat([.user("x")])
    for gate in gates { await gate.reached() }
    #expect(Set(harness.taskCalls) == Set((1...20).map { .step($0) }))
    for gate in gates.reversed() { gate.open() }
    let steps = try await result.steps
    #expect(
      steps.map(\.name) == ["validate_task"] + (1...20).map { "task_step_\($0)_step \($0)" } + ["generate_response"])
    for step in 1...20 {
      let text = harness.instruction(.step(step))
      #expect(!text.contains("output ") && text.contains("at the same time"))
    }
    // In the order of the steps, whichever ended first.
    let compose = harness.instruction(.compose)
    let places = (1...20).compactMap { compose.range(of: "output \($0).")?.lowerBound }
    #expect(places.count == 20 && places == places.sorted())
  }

  @Test func twentyStepsOfOneName() async throws {
    let harness = RuntimeHarness.withTasks { call, _ in .text("output of \(call)") }
    let name = String(repeating: "长", count: 100)
    try await harness.taskAgent(Array(repeating: name, count: 20))
    let result = try await harness.chat([.user("x")])
    #expect(harness.taskCalls == (1...20).map { .step($0) } + [.compose])
    #expect(result.steps[20].name == "task_step_20_" + String(repeating: "长", count: 80))
    #expect(result.usage?.totalTokens == 21 * 5)
  }

  @Test func earlierOutputsAreBounded() async throws {
    var limits = RuntimeLimits()
    limits.taskOutputsLengthMax = 1000
    let harness = RuntimeHarness.withTasks(limits: limits) { call, _ in
      call == .step(1) ? .text("A" + String(repeating: "字", count: 50_000) + "Z") : .text("short \(call)")
    }
    try await harness.taskAgent()
    _ = try await harness.chat([.user("x")])
    for call in [TaskCall.step(2), .step(3), .compose] {
      let text = harness.instruction(call)
      #expect(text.unicodeScalars.count < 1600 && text.contains("of 50002 characters are left out here"))
      #expect(text.contains("A字字") && text.contains("字字Z"))
    }
    #expect(harness.instruction(.step(3)).contains("short step(2)"))
  }

  @Test func aRequestOfPartsKeepsThem() async throws {
    let harness = RuntimeHarness.withTasks { _, _ in .text("ok") }
    try await harness.taskAgent(["one"])
    let parts: [JSONValue] = [
      ["type": "text", "text": "see"], ["type": "image_url", "image_url": ["url": "data:,x"]],
    ]
    _ = try await harness.chat([Message(role: .user, json: ["role": "user", "content": .array(parts)])])
    let content = harness.model.requests[0].messages[0].json["content"]?.arrayValue ?? []
    #expect(content.count == 3 && Array(content.prefix(2)) == parts)
    #expect(content[2]["text"]?.stringValue?.contains("Now carry out step 1: one") == true)
  }

  @Test func anotherSpeakersLastWordStaysItsOwn() async throws {
    let harness = RuntimeHarness.withTasks { _, _ in .text("ok") }
    try await harness.taskAgent(["one"])
    _ = try await harness.chat([.user("x"), .assistant("y")])
    #expect(harness.model.requests[0].messages.map(\.role) == [.user, .assistant, .user])
  }

  @Test(
    arguments: [
      ([.system("be quick")], nil, "body.messages: missing"), ([.user("x")], ["1"], "body.metadata.approvals: unknown"),
    ] as [([Message], [String]?, String)])
  func whatIsNoTaskIsRefused(messages: [Message], approvals: [String]?, fault: String) async throws {
    let harness = RuntimeHarness.withTasks { _, _ in .text("ok") }
    try await harness.taskAgent()
    let told = Recorded<ChatDelta>()
    let error = try #require(
      await runtimeError {
        _ = try await harness.chat(
          messages, session: "s", approvals: approvals?.map { ["id": .string($0), "decision": "approve"] }
        ) { deltas in deltas.forEach(told.add) }
      })
    #expect(error.status == 422 && error.faultList == [fault])
    // Nothing was sent, so that the status can be.
    #expect(told.all.isEmpty && harness.model.calls.isEmpty)
    #expect(error.details?["execution_steps"]?.arrayValue?.map { $0["status"] } == ["error"])
  }

  @Test func emptyAnswersAreFailures() async throws {
    let harness = RuntimeHarness.withTasks { call, number in
      call == .step(1) && number == 0 ? .text(" \n", finishReason: "length") : .text("x")
    }
    try await harness.taskAgent(["one"])
    let result = try await harness.chat([.user("x")])
    #expect(result.steps[1].attempts == 2 && result.usage?.totalTokens == 15)
  }

  @Test func whatFailsIsLoggedWithoutItsWords() async throws {
    let harness = RuntimeHarness.withTasks { _, _ in .outage }
    try await harness.taskAgent(["one"], ["retryCount": 0])
    let error = try #require(await runtimeError { _ = try await harness.chat([.user("x")]) })
    #expect(error.message == "Step 1 of the task failed at its only attempt: LLM_UNAVAILABLE: The model is down.")
    #expect(error.logText == "step 1 of a task failed after 1 attempts")
  }

  @Test func aFailingComposingCallFailsTheRunAsItsModelDid() async throws {
    for strict in [true, false] {
      let harness = RuntimeHarness.withTasks { call, _ in call == .compose ? .outage : .text("x") }
      try await harness.taskAgent(strict: strict)
      let error = try #require(await runtimeError { _ = try await harness.chat([.user("x")]) })
      #expect(error.code == .llmUnavailable && error.status == 502)
      let steps = error.details?["execution_steps"]?.arrayValue ?? []
      #expect(steps.count == 5 && steps[4]["status"] == "error" && steps[3]["status"] == "completed")
    }
  }
}
