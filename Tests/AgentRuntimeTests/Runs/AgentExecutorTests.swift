import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct AgentExecutorTests {
  @Test func aResultSaysWhatWasDone() async throws {
    let usage = TokenUsage(promptTokens: 10, completionTokens: 5, details: ["prompt_tokens_details": ["cached": 1]])
    let harness = RuntimeHarness(ScriptedChatModel(.text("he", "llo", finishReason: "length", usage: usage)))
    try await harness.agent("v1", ["agent_line_id": "line", "status": "published", "version_type": "release"])
    let result = try await harness.chat([.user("q")], agent: "line")
    #expect(result.agentID == "v1" && result.agentType == "conversation")
    #expect(result.completion.message.text == "hello" && result.completion.finishReason == "length")
    #expect(result.usage == usage)
    #expect(result.steps.map(\.json["step"]) == ["process_message", "generate_response"])
    #expect(result.runID.hasPrefix("run-"))
    #expect(harness.statistics.figures.total == 1 && harness.statistics.figures.errorRate == 0)
    #expect(harness.runs.count == 0)
  }

  @Test func runsHaveIDsOfTheirOwn() async throws {
    let harness = RuntimeHarness()
    try await harness.agent()
    var ids: Set<String> = []
    for _ in 0..<20 { ids.insert(try await harness.chat([.user("q")]).runID) }
    #expect(ids.count == 20)
  }

  @Test func aModelThatDoesNotCountHasNoUsage() async throws {
    let harness = RuntimeHarness(ScriptedChatModel(.text("x", usage: nil)))
    try await harness.agent()
    #expect(try await harness.chat([.user("q")]).usage == nil)
  }

  @Test(
    arguments: [
      ([:], [:], [:]), ([:], ["temperature": 0.5, "max_tokens": 9], ["temperature": 0.5, "max_tokens": 9]),
      (["temperature": 1, "seed": 3], ["temperature": 0.5], ["temperature": 1, "seed": 3]),
      (["max_completion_tokens": 7], ["max_tokens": 9], ["max_completion_tokens": 7]),
      (["max_tokens": 7], ["max_tokens": 9], ["max_tokens": 7]),
    ] as [(JSONObject, JSONObject, JSONObject)])
  func parametersOfTheRequestWin(asked: JSONObject, own: JSONObject, sent: JSONObject) async throws {
    let harness = RuntimeHarness()
    try await harness.agent("a", ["conversation_config": .object(own)])
    _ = try await harness.chat([.user("q")], parameters: asked)
    #expect(harness.model.requests[0].parameters == sent)
    #expect(harness.model.requests[0].requestID == "request-1")
  }

  @Test func theModelIsTheAgentsOrTheDefault() async throws {
    let harness = RuntimeHarness()
    try await harness.agent("a")
    try await harness.agent("b", ["llm_config_id": "fast"])
    _ = try await harness.chat([.user("q")], agent: "a")
    _ = try await harness.chat([.user("q")], agent: "b")
    #expect(harness.model.requests.map(\.modelID) == ["default-model", "fast"])
  }

  @Test func deltasComeAsTheyAreMade() async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness(ScriptedChatModel(.text("a", "b").waiting(at: gate, before: 1)))
    try await harness.agent()
    let seen = Recorded<String>()
    async let result = harness.chat([.user("q")]) { deltas in seen.add(deltas.compactMap(\.content).joined()) }
    await gate.reached()
    #expect(seen.all == ["a"])
    gate.open()
    #expect(try await result.completion.message.text == "ab")
    #expect(seen.all == ["a", "b"])
    #expect(harness.model.calls[0].isStreamed)
  }

  @Test func withoutASinkNothingIsStreamed() async throws {
    let harness = RuntimeHarness()
    try await harness.agent()
    _ = try await harness.chat([.user("q")])
    #expect(!harness.model.calls[0].isStreamed)
  }

  @Test func aSinkThatFailsEndsTheRun() async throws {
    let harness = RuntimeHarness(ScriptedChatModel(.text("a", "b")))
    try await harness.agent()
    let error = await failure {
      _ = try await harness.chat([.user("q")], session: "s") { _ in throw CancellationError() }
    }
    #expect(error is CancellationError)
    #expect(try await harness.thread("s") == nil)
    #expect(harness.statistics.figures.failed == 1)
  }

  @Test func aFailureNamesRunAndSteps() async throws {
    let harness = RuntimeHarness(ScriptedChatModel(.failing(ModelError(.unavailable, "The model is down."))))
    try await harness.agent()
    let error = try #require(await runtimeError { _ = try await harness.chat([.user("q")]) })
    #expect(error.code == .llmUnavailable && error.status == 502 && error.message == "The model is down.")
    #expect(error.details?["run_id"]?.stringValue?.hasPrefix("run-") == true)
    let steps = error.details?["execution_steps"]?.arrayValue ?? []
    #expect(steps.map { $0["status"] } == ["completed", "error"])
    #expect(steps.last?["error"]?.stringValue?.contains("The model is down.") == true)
    #expect(harness.statistics.figures.failed == 1 && harness.statistics.figures.errorRate == 1)
    #expect(harness.runs.count == 0)
  }

  @Test func oneRunTooManyIs429() async throws {
    var limits = RuntimeLimits()
    limits.concurrentRunsMax = 1
    let gate = ModelGate()
    let harness = RuntimeHarness(ScriptedChatModel(.text("x").waiting(at: gate), .text("y")), limits: limits)
    try await harness.agent()
    async let first = harness.chat([.user("q")])
    await gate.reached()
    let error = await runtimeError { _ = try await harness.chat([.user("q")]) }
    #expect(error?.code == .rateLimitExceeded && error?.status == 429)
    // What was refused is no execution.
    #expect(harness.statistics.figures.total == 0)
    gate.open()
    _ = try await first
    _ = try await harness.chat([.user("q")])
    #expect(harness.statistics.figures.total == 2)
  }

  @Test func theTimeoutIs408() async throws {
    var limits = RuntimeLimits()
    limits.executionTimeout = .milliseconds(20)
    let harness = RuntimeHarness(ScriptedChatModel(.text("x").waiting(at: ModelGate())), limits: limits)
    try await harness.agent()
    // The watch runs until it is cancelled.
    let watch = Task { await harness.runs.watchDeadlines() }
    defer { watch.cancel() }
    let error = try #require(await runtimeError { _ = try await harness.chat([.user("q")], session: "s") })
    #expect(error.code == .timeout && error.status == 408 && error.shouldRetry == false)
    #expect(error.message.contains("AGENT_EXECUTION_TIMEOUT"))
    #expect(try await harness.thread("s") == nil)
    #expect(harness.statistics.figures.failed == 1)
  }

  @Test func aDeletedAgentsRunEndsWith409() async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness(ScriptedChatModel(.text("x").waiting(at: gate)))
    try await harness.agent()
    async let error = runtimeError { _ = try await harness.chat([.user("q")], session: "s") }
    await gate.reached()
    try await harness.catalog.delete("a")
    let conflict = try #require(await error)
    #expect(conflict.code == .conflict && conflict.status == 409 && conflict.shouldRetry == false)
    #expect(try await harness.thread("s") == nil)
  }

  @Test func anAgentDeletedInTheStoreAloneEndsWith409() async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness(ScriptedChatModel(.text("x").waiting(at: gate)))
    try await harness.agent()
    async let error = runtimeError { _ = try await harness.chat([.user("q")], session: "s") }
    await gate.reached()
    _ = try await harness.store.deleteAgent("a")
    gate.open()
    let conflict = try #require(await error)
    #expect(conflict.code == .conflict && conflict.shouldRetry == false)
  }

  @Test(arguments: [true, false]) func aCallerWhoLeavesIsTold(byHandle: Bool) async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness(ScriptedChatModel(.text("x").waiting(at: gate)))
    try await harness.agent()
    let handle = RunHandle()
    // A task of its own, for the test cancels it.
    let task = Task { await failure { _ = try await harness.chat([.user("q")], handle: handle) } }
    await gate.reached()
    if byHandle { handle.cancel(.disconnected) } else { task.cancel() }
    #expect(await task.value is CancellationError)
    #expect(harness.runs.count == 0)
  }

  @Test func theEndOfTheDrainIs503() async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness(ScriptedChatModel(.text("x").waiting(at: gate)))
    try await harness.agent()
    async let error = runtimeError { _ = try await harness.chat([.user("q")]) }
    await gate.reached()
    harness.runs.cancelAll()
    let unavailable = await error
    #expect(unavailable?.code == .serviceUnavailable && unavailable?.retryAfter != nil)
  }

  @Test func aStoreThatIsGoneIs503() async throws {
    let harness = RuntimeHarness()
    try await harness.agent()
    let agent = try await harness.catalog.runnable("a", userID: nil)
    await harness.store.close()
    let call = try ChatCall(
      body: ["model": "a", "messages": [["role": "user", "content": "q"]], "metadata": ["session_id": "s"]],
      requestID: "", limits: RuntimeLimits())
    let error = await runtimeError { _ = try await harness.executor.execute(call, agent: agent, handle: RunHandle()) }
    #expect(error?.code == .serviceUnavailable && error?.status == 503)
  }

  @Test func statisticsAverage() {
    let statistics = RunStatistics()
    #expect(statistics.figures.errorRate == 0 && statistics.figures.averageDuration == .zero)
    statistics.finished(failed: false, duration: .seconds(1))
    statistics.finished(failed: true, duration: .seconds(3))
    let figures = statistics.figures
    #expect(figures.total == 2 && figures.failed == 1 && figures.errorRate == 0.5)
    #expect(figures.averageDuration == .seconds(2))
  }

  @Test(arguments: [
    (Duration.zero, "0"), (.milliseconds(5), "5"), (.microseconds(1500), "1.5"), (.seconds(61), "61000"),
    (.nanoseconds(1_234_567), "1.234"),
  ])
  func milliseconds(duration: Duration, text: String) {
    #expect(JSONValue.milliseconds(duration).encodedText == text)
  }
}
