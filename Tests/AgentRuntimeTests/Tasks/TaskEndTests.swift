import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

/// How task runs end before their time, and what can be gone on with.
@Suite(.timeLimit(.minutes(1)))
struct TaskEndTests {
  @Test(
    arguments: [
      (.disconnected, nil), (.timedOut, .timeout), (.agentDeleted, .conflict), (.shutdown, .serviceUnavailable),
    ] as [(RunCancellation, ErrorCode?)], [true, false])
  func whoEndsARunEndsItsStep(_ end: (RunCancellation, ErrorCode?), isParallel: Bool) async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness.withTasks { call, _ in
      call == .step(2) ? .text("x").waiting(at: gate) : .text("x")
    }
    try await harness.taskAgent(["one", "two"], ["parallelExecution": .bool(isParallel)], strict: false)
    let handle = RunHandle()
    async let error = failure { _ = try await harness.chat([.user("x")], handle: handle) }
    await gate.reached()
    handle.cancel(end.0)
    let ended = await error
    if let code = end.1 {
      #expect((ended as? RuntimeError)?.code == code)
      let steps = (ended as? RuntimeError)?.details?["execution_steps"]?.arrayValue ?? []
      #expect(steps.map { $0["status"] } == ["completed", "completed", "error"] || isParallel)
      #expect(steps.last?["error"] == "cancelled" && steps.count == 3)
    } else {
      #expect(ended is CancellationError)
    }
    // It is no failure that is tried again.
    #expect(harness.taskCalls.count { $0 == .step(2) } == 1 && harness.runs.count == 0)
  }

  @Test func whoEndsARunEndsAPause() async throws {
    let clock = ManualClock()
    let harness = RuntimeHarness.withTasks(timing: .with(clock, draw: { 1 })) { _, _ in .outage }
    try await harness.taskAgent(["one"], ["stepTimeout": 10, "retryCount": 5])
    let handle = RunHandle()
    async let error = failure { _ = try await harness.chat([.user("x")], handle: handle) }
    for pause in [0.5, 1, 2, 4] {
      await clock.sleeper(for: .seconds(pause))
      clock.advance(by: .seconds(pause))
    }
    await clock.sleeper(for: .seconds(8))
    handle.cancel(.timedOut)
    #expect((await error as? RuntimeError)?.status == 408)
    #expect(harness.model.calls.count == 5)
  }

  @Test func aCallerWhoCannotBeToldEndsTheRun() async throws {
    let harness = RuntimeHarness.withTasks { _, _ in .text("x") }
    try await harness.taskAgent()
    let told = Recorded<ChatDelta>()
    let error = await failure {
      _ = try await harness.chat([.user("x")]) { deltas in
        deltas.forEach(told.add)
        if told.all.count == 2 { throw StoreError(.unavailable, "the pipe is broken") }
      }
    }
    #expect(error != nil && harness.taskCalls == [.step(1)])
  }

  @Test func aRunGoesOnWhereItStopped() async throws {
    let harness = RuntimeHarness.withTasks { call, number in
      call == .step(3) && number < 2 ? .outage : .text("output of \(call)")
    }
    try await harness.taskAgent(["one", "two", "three", "four"], ["retryCount": 1])
    let loaded = try await harness.catalog.runnable("a", userID: nil)
    let plan = TaskPlan(
      try #require(TaskExecutionBot.Settings.decode(loaded.definition.templateConfig).settings))
    let graph = TaskProgram(plan).graph.checkpointed(by: EncodingCheckpointer())
    let first = Captured(harness)
    let error = await runtimeError { _ = try await first.run(plan, graph) }
    #expect(error?.code == .execution)
    let stored = try #require(try await graph.snapshot(of: "t")).state
    #expect(stored.orderedOutputs.map(\.text) == ["output of step(1)", "output of step(2)"])
    #expect(stored.outputs[0].attempts == 1 && stored.outputs[0].usage?.totalTokens == 5)
    #expect(stored.task?.messages.map(\.short) == ["user: the task"] && stored.task?.plan == plan)
    // What was tried before is not tried again, but for the last attempt, that whoever resumes the run wants made.
    let result = try await first.resume(graph)
    #expect(result.state.answer?.message.text == "output of compose")
    #expect(result.state.orderedOutputs.map(\.attempts) == [1, 1, 2, 1])
    #expect(harness.taskCalls == [.step(1), .step(2), .step(3), .step(3), .step(3), .step(4), .compose])
  }

  @Test(arguments: [true, false]) func finishedStepsAreNotMadeAgain(isParallel: Bool) async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness.withTasks { call, number in
      call == .step(2) && number == 0 ? .text("x").waiting(at: gate) : .text("output of \(call)")
    }
    try await harness.taskAgent(["one", "two", "three"], ["parallelExecution": .bool(isParallel)])
    let loaded = try await harness.catalog.runnable("a", userID: nil)
    let plan = TaskPlan(
      try #require(TaskExecutionBot.Settings.decode(loaded.definition.templateConfig).settings))
    let graph = TaskProgram(plan).graph.checkpointed(by: EncodingCheckpointer())
    let run = Captured(harness)
    async let cut = failure { _ = try await run.run(plan, graph) }
    await gate.reached()
    while isParallel, run.doneSteps < 2 { await Task.yield() }
    run.handle.cancel(.timedOut)
    #expect(await cut != nil)
    let result = try await run.resume(graph)
    #expect(result.state.answer?.message.text == "output of compose")
    #expect(result.state.orderedOutputs.map(\.text) == (1...3).map { "output of step(\($0))" })
    let counts = Dictionary(grouping: harness.taskCalls) { $0 }.mapValues(\.count)
    #expect(counts == [.step(1): 1, .step(2): 2, .step(3): 1, .compose: 1])
  }
}

/// Runs a task's graph on a thread, as a durable run will.
private struct Captured: Sendable {
  let harness: RuntimeHarness
  let handle = RunHandle()
  private let works = Recorded<TaskWork>()

  init(_ harness: RuntimeHarness) { self.harness = harness }

  /// The steps that have ended well.
  var doneSteps: Int {
    works.all.first?.run.record.steps.count { $0.status == .completed && $0.name.hasPrefix("task_step") } ?? 0
  }

  func run(_ plan: TaskPlan, _ graph: CompiledGraph<TaskState>) async throws -> GraphResult<TaskState> {
    try await execute { run in
      let work = TaskWork(run)
      works.add(work)
      var options = TaskProgram.options(run, .exit)
      options.durability = .sync
      return try await graph.run(TaskProgram(plan).begin(work), on: "t", options: options)
    }
  }

  func resume(_ graph: CompiledGraph<TaskState>) async throws -> GraphResult<TaskState> {
    try await Captured(harness).execute { run in
      try await graph.run(.resume().write(\.work, TaskWork(run)), on: "t", options: TaskProgram.options(run, .exit))
    }
  }

  /// Has the executor make a run, and does this with it.
  private func execute(
    _ body: @escaping @Sendable (AgentRun) async throws -> GraphResult<TaskState>
  ) async throws -> GraphResult<TaskState> {
    let results = Recorded<GraphResult<TaskState>>()
    let definition = try await harness.catalog.runnable("a", userID: nil).definition
    let agent = LoadedAgent(definition: definition) { run in
      let result = try await body(run)
      results.add(result)
      return ChatCompletion(message: .assistant(""), finishReason: "stop", usage: nil)
    }
    let call = ChatCall(model: "a", messages: [.user("the task")])
    _ = try await harness.executor.execute(call, agent: agent, handle: handle)
    return results.next()
  }
}
