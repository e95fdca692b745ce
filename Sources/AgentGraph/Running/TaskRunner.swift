import AgentJSON

/// Runs the tasks of one superstep, all of them on the same snapshot (G2).
struct TaskRunner<State: GraphState>: Sendable {
  let plan: GraphPlan<State>
  let level: GraphLevel
  let snapshot: State
  let step: Int
  let checkpoint: CheckpointID?
  /// Whether the superstep may have been begun before.
  let isResumed: Bool
  /// Where nested graphs with a state of their own stand, by node.
  let own: [String: CheckpointReference]

  /// Runs a task to its end: attempts, then the handler's turn. Never throws; what went wrong is the outcome.
  func run(_ task: NodeTask, answers: [JSONValue] = []) async -> TaskOutcome<State> {
    let node = plan.nodes[task.node]
    let seat = TaskSeat(
      path: task.path, checkpoint: checkpoint, answers: answers, isResumed: isResumed,
      own: own.isEmpty ? nil : own[node.name])
    guard level.sink != nil else { return await result(of: task, node, seat) }
    do {
      try await tellStart(node, seat)
      let outcome = await result(of: task, node, seat)
      try await tellEnd(outcome, node, seat)
      return outcome
    } catch {
      return .failed(error)
    }
  }

  private func result(
    of task: NodeTask, _ node: CompiledNode<State>, _ seat: TaskSeat
  ) async -> TaskOutcome<State> {
    if node.isBare { return await attempt(task, node, seat, number: 1) }
    let cacheKey = cacheKey(of: task, node)
    if let cacheKey, let known = cached(node, cacheKey) { return .done(known) }
    let outcome = await attempts(task, node, seat)
    switch outcome {
    case .done(let result):
      if let cacheKey, let cache = level.scope.options.cache {
        cache.keep(
          result, graph: plan.name, node: node.name, key: cacheKey, timeToLive: node.cache?.timeToLive)
      }
      return outcome
    case .failed(let error):
      // What a node throws because it was cancelled is no failure of its own.
      guard node.handler != nil, !(error is CancellationError), !Task.isCancelled else { return outcome }
      return .done(TaskResult(command: .nothing, failure: NodeFailure(error, of: node.name)))
    case .interrupted, .parent: return outcome
    }
  }

  /// What a node's result depends on: what its policy says of the state that it reads, and what was sent to it besides.
  private func cacheKey(of task: NodeTask, _ node: CompiledNode<State>) -> String? {
    guard let cache = node.cache, level.scope.options.cache != nil, task.sent?.failure == nil else { return nil }
    guard let sent = task.sent?.input else { return cache.key(snapshot) }
    switch node.body {
    case .plain, .contextual: return (try? input(of: task, node)).flatMap(cache.key)
    case .sent, .subgraph:
      guard let key = cache.key(snapshot), let bytes = try? sent.bytes() else { return nil }
      return "\(key.utf8.count):\(key)\(String(decoding: bytes, as: UTF8.self))"
    }
  }

  private func cached(_ node: CompiledNode<State>, _ key: String) -> TaskResult<State>? {
    let value = level.scope.options.cache?.value(graph: plan.name, node: node.name, key: key)
    guard var result = value as? TaskResult<State> else { return nil }
    result.isCached = true
    return result
  }

  private func attempts(
    _ task: NodeTask, _ node: CompiledNode<State>, _ seat: TaskSeat
  ) async -> TaskOutcome<State> {
    var number = 1
    while true {
      let outcome =
        if let timeout = node.timeout {
          await attempt(task, node, seat, number: number, within: timeout)
        } else {
          await attempt(task, node, seat, number: number)
        }
      guard case .failed(let error) = outcome, !Task.isCancelled,
        let policy = RetryPolicy.first(of: node.retries, for: error), number < policy.attemptsMax
      else { return outcome }
      number += 1
      do {
        try await level.scope.options.clock.sleep(
          for: policy.pause(before: number, draw: level.scope.options.draw))
      } catch {
        return .failed(error)
      }
    }
  }

  /// One attempt. `life` is that of one that may be given up.
  func attempt(
    _ task: NodeTask, _ node: CompiledNode<State>, _ seat: TaskSeat, number: Int, life: SignOfLife? = nil
  ) async -> TaskOutcome<State> {
    var context: NodeContext<State>?
    var seat = seat
    // What a nested graph came to in a failed attempt is gone on with.
    if number > 1 { seat.isResumed = true }
    func open() -> NodeContext<State> {
      let made = NodeContext(
        state: snapshot, node: node.name, step: step, attempt: number, failure: task.sent?.failure, level: level,
        seat: seat, life: life ?? level.life)
      context = made
      return made
    }
    do {
      var command: Command<State>
      switch node.body {
      case .plain(let run): command = try await run(try input(of: task, node))
      case .contextual(let run): command = try await run(try input(of: task, node), open())
      case .sent(let run):
        guard let sent = task.sent?.input else { throw missingInput(node) }
        command = try await run(sent, open())
      case .subgraph(let subgraph): command = try await subgraph.run(task.sent?.input, open())
      }
      if let asked = context?.openInterrupts, !asked.isEmpty { return .interrupted(asked) }
      if let parent = command.parent { return .parent(parent) }
      try await complete(&command, node)
      return .done(TaskResult(command: command))
    } catch {
      return outcome(of: error, context)
    }
  }

  private func outcome(of error: any Error, _ context: NodeContext<State>?) -> TaskOutcome<State> {
    // A node may have caught the signal and thrown something of its own.
    if let asked = context?.openInterrupts, !asked.isEmpty { return .interrupted(asked) }
    if let signal = error as? InterruptSignal { return .interrupted(signal.interrupts) }
    if let signal = error as? ParentSignal { return .parent(signal.command) }
    return .failed(error)
  }

  private func input(of task: NodeTask, _ node: CompiledNode<State>) throws -> State {
    guard let sent = task.sent?.input else { return snapshot }
    return try level.input(
      sent, as: State.self, of: node.name, at: checkpoint, decode: plan.layout.decodeWhole)
  }

  private func missingInput(_ node: CompiledNode<State>) -> GraphError {
    GraphError(
      .wrongInput, "Node \"\(node.name)\" takes what is sent to it, and an edge led to it without an input.",
      node: node.name)
  }

  /// A command that did not come from the node's body.
  func completed(_ command: Command<State>, _ node: CompiledNode<State>) async throws -> Command<State> {
    var command = command
    try await complete(&command, node)
    return command
  }

  /// Gives messages their ids, and asks the conditional edges, which see the node's own writes alone (G8).
  private func complete(_ command: inout Command<State>, _ node: CompiledNode<State>) async throws {
    if plan.layout.hasMessages, command.writes.count > 0 {
      command.identify(with: level.scope.options.ids)
    }
    if !command.destinations.isEmpty { try plan.check(command.destinations, from: node.name) }
    if node.hasConditions { command.destinations.append(contentsOf: try await choose(command, node)) }
  }

  private func choose(_ command: Command<State>, _ node: CompiledNode<State>) async throws -> Route {
    var own = snapshot
    for write in command.writes { _ = try write.apply(to: &own) }
    return try await plan.choose(node.conditions, own)
  }
}

extension NodeFailure {
  /// An error, as a handler sees it.
  init(_ error: any Error, of node: String) {
    self.init(
      node: node, message: "\(error)", type: "\(Swift.type(of: error))", code: (error as? GraphError)?.code.rawValue)
  }
}
