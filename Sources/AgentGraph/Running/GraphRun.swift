import AgentJSON

/// One run of an outermost graph.
struct GraphRun<State: GraphState> {
  let graph: CompiledGraph<State>
  let thread: String?
  let options: RunOptions
  let sink: EventSink?

  func run(_ input: Command<State>?) async throws -> GraphResult<State> {
    try checkStops()
    guard let checkpointer = graph.checkpointer, let thread else { return try await runUnsaved(input) }
    let start = try await RunStart(graph: graph, checkpointer: checkpointer, thread: thread, options: options)
      .find(input)
    let saver = RunSaver(checkpointer, options.durability)
    let scope = RunScope(
      options: options, thread: thread, saver: saver, sink: sink, answers: start.answers, seeds: start.seeds)
    let level = GraphLevel(
      scope: scope, namespace: .root, isSaved: true, parents: [:],
      journal: EffectJournal(start.isFork ? [] : start.stored?.effects ?? []),
      origin: start.isFork ? start.stored.map { ForkOrigin($0) } : nil)
    var loop = GraphLoop(graph.plan, level, rules, state: State())
    do {
      try await begin(&loop, start, input)
      let end = try await loop.run()
      if saver.waitsForEnd { try await loop.flush() }
      if options.waitsForLastSave { try await saver.finish() } else { saver.finishSoon() }
      return try result(of: loop, end)
    } catch {
      // What was reached stays, unless that is not wanted; why the run ended is what the caller must hear.
      if saver.waitsForEnd {
        guard options.keepsFailures else { throw error }
        try? await loop.flush()
      }
      try? await saver.finish()
      throw error
    }
  }

  private func runUnsaved(_ input: Command<State>?) async throws -> GraphResult<State> {
    guard let input else {
      throw GraphError(.nothingToRun, "There is no input, and no thread to go on with.")
    }
    guard !input.isResume, options.from == nil else {
      throw GraphError(.noCheckpointer, "Answers and older checkpoints need a checkpointer and a thread.")
    }
    let scope = RunScope(options: options, thread: thread, saver: nil, sink: sink)
    let level = GraphLevel(scope: scope, namespace: .root, isSaved: false, parents: [:])
    var loop = GraphLoop(graph.plan, level, rules, state: State())
    try await loop.begin(input)
    let end = try await loop.run()
    return try result(of: loop, end)
  }

  private func begin(_ loop: inout GraphLoop<State>, _ start: RunStart<State>.Point, _ input: Command<State>?)
    async throws
  {
    if let stored = start.stored { try loop.load(stored) }
    switch start.kind {
    case .input:
      if let stored = start.stored { try await loop.keepUnfinished(stored) }
      try await loop.begin(input ?? .nothing)
    case .nothing: break
    case .fork:
      if let stored = start.stored { try await loop.fork(stored) }
    case .resume:
      if let stored = start.stored { try loop.resume(stored) }
      if let input, !input.writes.isEmpty { try await loop.writeBesideAnswers(input) }
    }
  }

  /// A stop that can never be is a mistake, and the run would go past it.
  private func checkStops() throws {
    var problems: [String] = []
    for (option, points) in [("interruptBefore", options.interruptBefore), ("interruptAfter", options.interruptAfter)] {
      let unknown = (points?.names ?? []).filter { graph.plan.index(of: $0) == nil }.sorted()
      if !unknown.isEmpty { problems.append("\(option) names \(unknown.map { "\"\($0)\"" }.joined(separator: ", "))") }
    }
    guard !problems.isEmpty else { return }
    let names = graph.plan.nodes.map(\.name).joined(separator: ", ")
    throw GraphError(
      .invalidUse,
      "The run's \(problems.joined(separator: ", and ")), which graph \"\(graph.name)\" does not have. There are: \(names)."
    )
  }

  private var rules: InterruptRules {
    InterruptRules(
      before: options.interruptBefore ?? graph.interrupts.before,
      after: options.interruptAfter ?? graph.interrupts.after)
  }

  private func result(of loop: GraphLoop<State>, _ end: LoopEnd) throws -> GraphResult<State> {
    let outcome: GraphResult<State>.Outcome
    switch end {
    case .finished: outcome = .finished
    case .interrupted(let interrupts): outcome = .interrupted(interrupts)
    case .drained: outcome = .drained
    case .parent(let command):
      throw GraphError(
        .noParent, "A command is for an enclosing graph with the state \(command.state), and there is none.")
    }
    return GraphResult(
      state: loop.state, outcome: outcome, checkpoint: loop.place.current, supersteps: loop.taken)
  }
}
