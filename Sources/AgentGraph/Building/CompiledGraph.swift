public import AgentJSON

/// A graph that was checked and can be run, drawn, and used as a node of another one.
public struct CompiledGraph<State: GraphState>: Sendable {
  let plan: GraphPlan<State>
  let interrupts: InterruptRules
  /// Where threads are kept; nil runs without.
  public let checkpointer: (any Checkpointer)?

  init(plan: GraphPlan<State>, checkpointer: (any Checkpointer)?, interrupts: InterruptRules) {
    self.plan = plan
    self.checkpointer = checkpointer
    self.interrupts = interrupts
  }

  /// Names the graph.
  public var name: String { plan.name }

  /// The graph as nodes and edges, for Mermaid and JSON.
  public var drawing: GraphDrawing { plan.drawing }

  /// The same graph with another checkpointer.
  public func checkpointed(by checkpointer: (any Checkpointer)?) -> CompiledGraph {
    CompiledGraph(plan: plan, checkpointer: checkpointer, interrupts: interrupts)
  }

  /// Runs the graph until nothing is due, or an interrupt, an error, a drain or a cancellation stops it.
  ///
  /// - Parameters:
  ///   - input: Writes that the run begins with; or answers to open interrupts; nil goes on where the thread stopped.
  ///   - thread: The thread whose state is continued and kept; nil runs without.
  ///   - options: Limits, durability, where to begin.
  /// - Throws: What a node threw, as it is; `GraphError`; `CancellationError`.
  @concurrent
  public func run(
    _ input: Command<State>? = nil, on thread: String? = nil, options: RunOptions = RunOptions()
  ) async throws -> GraphResult<State> {
    try await GraphRun(graph: self, thread: thread, options: options, sink: nil).run(input)
  }

  /// Runs the graph, and hands each event to `onEvent` before the run goes on (G36, G37). What `onEvent` throws ends
  /// the run.
  @concurrent
  public func run(
    _ input: Command<State>? = nil, on thread: String? = nil, options: RunOptions = RunOptions(),
    modes: StreamModes, subgraphs: Bool = false, onEvent: @escaping @Sendable (GraphEvent) async throws -> Void
  ) async throws -> GraphResult<State> {
    let sink = EventSink(modes: modes, includesSubgraphs: subgraphs, take: onEvent)
    return try await GraphRun(graph: self, thread: thread, options: options, sink: sink).run(input)
  }

  /// Goes on where a thread stopped: with an answer to its one open interrupt, or without one after a crash, a drain,
  /// an error, or a stop before a node. Throws as `run` does.
  public func resume(
    _ answer: JSONValue? = nil, on thread: String, options: RunOptions = RunOptions()
  ) async throws -> GraphResult<State> {
    try await run(answer.map { .resume($0) }, on: thread, options: options)
  }

  /// Goes on with answers to open interrupts, by their ids. Throws as `run` does.
  public func resume(
    answers: [InterruptID: JSONValue], on thread: String, options: RunOptions = RunOptions()
  ) async throws -> GraphResult<State> {
    let command = answers.reduce(Command<State>.nothing) { $0.resume($1.value, to: $1.key) }
    return try await run(command, on: thread, options: options)
  }
}
