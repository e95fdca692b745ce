import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct TaskStreamTests {
  private func statuses(_ delta: ChatDelta) -> String {
    if let content = delta.content { return content }
    let steps = delta.metadata?["execution_steps"]?.arrayValue ?? []
    return steps.map { String(($0["status"]?.stringValue ?? "?").prefix(1)) }.joined()
  }

  @Test func stepsAreToldOfAsTheyBeginAndEnd() async throws {
    let harness = RuntimeHarness.withTasks { call, _ in
      call == .compose ? .text("All ", "is ", "done.") : .text("not ", "for the caller")
    }
    try await harness.taskAgent(["one", "two"])
    let told = Recorded<ChatDelta>()
    let result = try await harness.chat([.user("x")]) { deltas in deltas.forEach(told.add) }
    // Completed, running: `c`, `r`.
    #expect(told.all.map(statuses) == ["cr", "cc", "ccr", "ccc", "cccr", "All ", "is ", "done.", "cccc"])
    #expect(told.all.allSatisfy { ($0.content == nil) != ($0.metadata == nil) && $0.extra == nil })
    let first = told.all[0].metadata?["execution_steps"]?.arrayValue ?? []
    #expect(first.map { $0["step"] } == ["validate_task", "task_step_1_one"] && first[1]["attempts"] == nil)
    let last = told.all[8].metadata?["execution_steps"]?.arrayValue ?? []
    #expect(last == result.steps.map(\.json) && last[2]["attempts"] == 1)
  }

  @Test func parallelStepsAreToldOfInTheirOrder() async throws {
    let harness = RuntimeHarness.withTasks { _, _ in .text("x") }
    try await harness.taskAgent(["one", "two", "three"], ["parallelExecution": true])
    let told = Recorded<ChatDelta>()
    _ = try await harness.chat([.user("x")]) { deltas in deltas.forEach(told.add) }
    let texts = told.all.map(statuses)
    #expect(Array(texts.prefix(3)) == ["cr", "crr", "crrr"])
    // What is told later is true later: no step goes back to running.
    let done = texts.filter { $0 != "x" }.map { $0.count { $0 == "c" } }
    #expect(done == done.sorted() && done.contains(4) && texts.suffix(3) == ["ccccr", "x", "ccccc"])
  }

  @Test func tokensAreForwardedAsTheyAreMade() async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness.withTasks { call, _ in
      call == .compose ? .text("{\"a\":", " 1}").waiting(at: gate, before: 1) : .text("x")
    }
    try await harness.taskAgent(["one"], format: "json")
    let told = Recorded<String>()
    async let result = harness.chat([.user("x")]) { deltas in deltas.compactMap(\.content).forEach(told.add) }
    await gate.reached()
    #expect(told.all == ["{\"a\":"])
    gate.open()
    #expect(try await result.completion.message.text == "{\"a\": 1}")
    #expect(told.all == ["{\"a\":", " 1}"])
  }

  @Test func aStepsFailureIsToldBeforeTheRunEnds() async throws {
    let harness = RuntimeHarness.withTasks { _, _ in .outage }
    try await harness.taskAgent(["one"], ["retryCount": 1])
    let told = Recorded<ChatDelta>()
    let error = await runtimeError { _ = try await harness.chat([.user("x")]) { deltas in deltas.forEach(told.add) } }
    #expect(error?.code == .execution)
    #expect(told.all.map(statuses) == ["cr", "ce"])
    let step = told.all[1].metadata?["execution_steps"]?.arrayValue?.last
    #expect(step?["attempts"] == 2 && step?["error"]?.stringValue?.contains("The model is down.") == true)
  }

  @Test func othersThatAreCancelledAreToldOfToo() async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness.withTasks { call, _ in
      call == .step(1) ? .text("x").waiting(at: gate) : .outage
    }
    try await harness.taskAgent(["one", "two"], ["retryCount": 0, "parallelExecution": true])
    let error = try #require(await runtimeError { _ = try await harness.chat([.user("x")]) { _ in } })
    #expect(error.message.hasPrefix("Step 2 of the task failed"))
    let steps = error.details?["execution_steps"]?.arrayValue ?? []
    #expect(steps.map { $0["status"] } == ["completed", "error", "error"])
    #expect(steps[1]["error"] == "cancelled" && steps[2]["attempts"] == 1)
  }
}
