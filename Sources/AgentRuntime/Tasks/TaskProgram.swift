import AgentGraph
import AgentJSON

/// What every agent of type `task` does (contract §4): its steps, each a node of a graph, and an answer made of them.
struct TaskProgram: Sendable {
  let plan: TaskPlan
  let graph: CompiledGraph<TaskState>

  init(_ plan: TaskPlan) {
    self.plan = plan
    graph = Self.compile(plan)
  }

  /// Answers one request. A run that is kept is stored after each step, and goes on where it stopped.
  func answer(_ run: AgentRun) async throws -> ChatCompletion {
    guard let kept = run.kept, let sessionID = run.call.sessionID else {
      try await run.takePlace()
      return try await perform(run)
    }
    let key = ThreadKey(agentID: run.agent.id, sessionID: sessionID)
    return try await run.threads.turn(key, policy: run.busyPolicy, handle: run.handle, place: run.place, kept: kept) {
      try await perform(run)
    }
  }

  private func perform(_ run: AgentRun) async throws -> ChatCompletion {
    let work = TaskWork(run)
    let result: Result<GraphResult<TaskState>, any Error>
    do {
      result = .success(try await self.result(work))
    } catch {
      result = .failure(error)
    }
    await work.close()
    if let answer = try result.get().state.answer { return answer.completion }
    throw RuntimeError(.internal, "The graph of a task ended without an answer.")
  }

  private func result(_ work: TaskWork) async throws -> GraphResult<TaskState> {
    let run = work.run
    guard let kept = run.kept else { return try await graph.run(begin(work), options: Self.options(run, .exit)) }
    var options = Self.options(run, .async)
    // The row's end is written after it, by the same writer.
    options.waitsForLastSave = false
    let thread = kept.ledger.row.threadName
    let stored = graph.checkpointed(by: run.threads.store.threads)
    guard kept.isResumed, let state = try await stored.values(of: thread), let task = state.task else {
      return try await stored.run(beginAtSteps(work), on: thread, options: options)
    }
    // A run goes on as it was begun, whatever became of its agent's settings.
    let own = task.plan == plan ? stored : TaskProgram(task.plan).graph.checkpointed(by: run.threads.store.threads)
    try await work.restore(state, of: task)
    return try await own.run(.resume().write(\.work, work), on: thread, options: options)
  }

  /// What the graph begins with.
  func begin(_ work: TaskWork) -> Command<TaskState> {
    .write(\.task, StoredTask(plan, work.run)).write(\.work, work)
  }

  /// The same with `validate_task` done already: so the first step waits for one checkpoint, and not for two.
  private func beginAtSteps(_ work: TaskWork) async throws -> Command<TaskState> {
    let time = try await Self.validate(StoredTask(plan, work.run), work)
    let steps = plan.steps.indices.map(Self.node)
    return begin(work).write(\.validationTime, time).goto(.nodes(plan.isParallel ? steps : [steps[0]]))
  }

  /// With `async` a step that begins waits until those before it are durable: it is an effect.
  static func options(_ run: AgentRun, _ durability: Durability) -> RunOptions {
    var options = RunOptions(durability: durability)
    options.runID = run.id
    options.clock = run.timing.clock
    options.draw = run.timing.draw
    return options
  }
}

extension TaskProgram {
  /// `validate_task` → a node for each step, one after the other or all at once → `generate_response`.
  private static func compile(_ plan: TaskPlan) -> CompiledGraph<TaskState> {
    var graph = Graph<TaskState>("task")
    let (first, last) = ("validate_task", "generate_response")
    // Steps' own names may be anything, and twice the same.
    let steps = plan.steps.indices.map(node)
    let attempt = Self.attempt(within: .milliseconds(Int(plan.stepTimeout * 1000)))
    graph.node(first, run: validateTask)
    for (index, name) in steps.enumerated() {
      graph.node(name) { state, context in
        try await TaskStep(index: index, state: state, context: context, graph: attempt).perform()
      }
    }
    graph.node(last) { state, context in try await generateResponse(state, context) }
    graph.start(at: first)
    if plan.isParallel {
      for name in steps { graph.edge(first, to: name) }
      graph.edge(steps, to: last)
    } else {
      for (source, target) in zip([first] + steps, steps + [last]) { graph.edge(source, to: target) }
    }
    do {
      return try graph.compile()
    } catch {
      preconditionFailure("the graph of a task: \(error)")
    }
  }

  private static func node(_ index: Int) -> String { "step_\(index + 1)" }

  /// One attempt at a step: a turn of a conversation, with its tools, that is given up when it takes too long.
  private static func attempt(within limit: Duration) -> CompiledGraph<ConversationState> {
    var graph = Graph<ConversationState>("task-attempt")
    graph.subgraph(
      "attempt", Conversation.graph, .timeout(TimeoutPolicy(run: limit)),
      input: { state in .write(\.turn, state.turn) },
      output: { state in .write(\.answer, state.answer).write(\.messages, Array(state.messages)) })
    graph.start(at: "attempt")
    do {
      return try graph.compile()
    } catch {
      preconditionFailure("the graph of a step's attempt: \(error)")
    }
  }

  /// Whether the request is a task for this agent. Nothing was sent to the caller yet: a refusal has its own status.
  @Sendable private static func validateTask(_ state: TaskState) async throws -> Command<TaskState> {
    let (task, work) = (try state.requireTask(), try state.requireWork())
    return .write(\.validationTime, try await validate(task, work))
  }

  /// Returns how long it took, in milliseconds.
  private static func validate(_ task: StoredTask, _ work: TaskWork) async throws -> Double {
    let start = ContinuousClock.now
    try await work.run.step("validate_task") { try work.check(task) }
    let time = (.now - start) / .milliseconds(1)
    // All steps begin at once: they are told of in their order.
    if task.plan.isParallel {
      for index in task.plan.steps.indices { try await work.begin(index, of: task.plan) }
    }
    return time
  }

  private static func generateResponse(
    _ state: TaskState, _ context: NodeContext<TaskState>
  ) async throws -> Command<TaskState> {
    let (task, work) = (try state.requireTask(), try state.requireWork())
    let step = try await work.begin(step: "generate_response")
    do {
      let composer = TaskComposer(task: task, outputs: state.orderedOutputs, run: work.run, context: context)
      var answer = try await composer.compose()
      answer.milliseconds = (.now - step.start) / .milliseconds(1)
      try await work.end(step)
      return .write(\.answer, answer)
    } catch {
      try? await work.end(step, error: StepFailure.text(of: error))
      throw error
    }
  }
}
