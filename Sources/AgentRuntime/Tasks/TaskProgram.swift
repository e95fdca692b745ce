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

  /// Answers one request. What is stored of a run, and where, is decided here.
  func answer(_ run: AgentRun) async throws -> ChatCompletion {
    try run.place.take()
    let work = TaskWork(run)
    let result: Result<GraphResult<TaskState>, any Error>
    do {
      result = .success(try await graph.run(begin(work), options: Self.options(run)))
    } catch {
      result = .failure(error)
    }
    await work.close()
    if let answer = try result.get().state.answer { return answer.completion }
    throw RuntimeError(.internal, "The graph of a task ended without an answer.")
  }

  /// What the graph begins with.
  func begin(_ work: TaskWork) -> Command<TaskState> {
    .write(\.task, StoredTask(plan, work.run)).write(\.work, work)
  }

  static func options(_ run: AgentRun) -> RunOptions {
    var options = RunOptions(durability: .exit)
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
    let steps = plan.steps.indices.map { "step_\($0 + 1)" }
    let attempt = Self.attempt(within: .milliseconds(Int(plan.stepTimeout * 1000)))
    graph.node(first, run: validateTask)
    for (index, name) in steps.enumerated() {
      graph.node(name) { state, context in
        try await TaskStep(index: index, state: state, context: context, graph: attempt).perform()
      }
    }
    graph.node(last) { state in try await generateResponse(state) }
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

  /// One attempt at a step: a turn of a conversation, with its tools, that is given up when it takes too long.
  private static func attempt(within limit: Duration) -> CompiledGraph<ConversationState> {
    var graph = Graph<ConversationState>("task-attempt")
    graph.subgraph(
      "attempt", Conversation.graph, checkpointing: .none, .timeout(TimeoutPolicy(run: limit)),
      input: { state in .write(\.turn, state.turn) }, output: { state in .write(\.answer, state.answer) })
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
    try await work.run.step("validate_task") { try work.check(task) }
    // All steps begin at once: they are told of in their order.
    if task.plan.isParallel {
      for index in task.plan.steps.indices { try await work.begin(index, of: task.plan) }
    }
    return .nothing
  }

  private static func generateResponse(_ state: TaskState) async throws -> Command<TaskState> {
    let (task, work) = (try state.requireTask(), try state.requireWork())
    let step = try await work.begin(step: "generate_response")
    do {
      let answer = try await TaskComposer(task: task, outputs: state.orderedOutputs, run: work.run).compose()
      try await work.end(step)
      return .write(\.answer, answer)
    } catch {
      try? await work.end(step, error: StepFailure.text(of: error))
      throw error
    }
  }
}
