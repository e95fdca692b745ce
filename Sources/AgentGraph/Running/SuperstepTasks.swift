import AgentJSON

/// What the tasks of a superstep came to; nil for one that was not run.
struct SuperstepReport<State: GraphState>: Sendable {
  var outcomes: [TaskOutcome<State>?]
  /// The first error in time, which the run ends with (G13).
  var firstError: (any Error)?

  /// The results, if every task is done.
  var results: TaskResults<State>? {
    guard case .done(let first) = outcomes[0] else { return nil }
    var results = TaskResults(first: first)
    for outcome in outcomes.dropFirst() {
      guard case .done(let result) = outcome else { return nil }
      results.append(result)
    }
    return results
  }

  var interrupts: [Interrupt] {
    outcomes.flatMap { outcome -> [Interrupt] in
      if case .interrupted(let interrupts) = outcome { return interrupts }
      return []
    }
  }

  var parentCommand: ParentCommand? {
    for case .parent(let command) in outcomes { return command }
    return nil
  }
}

/// Runs several tasks at once, or goes on with some that an earlier run began.
struct SuperstepTasks<State: GraphState> {
  let runner: TaskRunner<State>
  let tasks: [NodeTask]
  let pending: [TaskID: PendingOutcome]

  /// Runs every task that has to run. The first that fails cancels the others; an interrupt does not (G13, G14).
  func run() async throws -> SuperstepReport<State> {
    var report = SuperstepReport<State>(outcomes: Array(repeating: nil, count: tasks.count))
    var due: [(index: Int, answers: [JSONValue])] = []
    var passed: [CheckpointWrite] = []
    for (index, task) in tasks.enumerated() {
      switch try standing(task) {
      case .settled(let outcome): report.outcomes[index] = outcome
      case .due(let answers, let change):
        due.append((index, answers))
        if let change, let record = record(task, change) { passed.append(.pending(record)) }
      }
    }
    // Stored before they are used, so that a crash does not ask again.
    if !passed.isEmpty { try await runner.level.saver?.save(passed) }
    if due.count == 1 {
      let outcome = await runner.run(tasks[due[0].index], answers: due[0].answers)
      report.outcomes[due[0].index] = outcome
      report.firstError = outcome.error
    } else if !due.isEmpty {
      await runTogether(due, &report)
    }
    return report
  }

  private enum Standing {
    case settled(TaskOutcome<State>)
    /// `change` is what becomes of the stored outcome: which interrupts are open still, and the answers.
    case due(answers: [JSONValue], change: PendingOutcome? = nil)
  }

  /// Whether a task has to run, by what an earlier run stored of it.
  private func standing(_ task: NodeTask) throws -> Standing {
    guard !pending.isEmpty, let outcome = pending[id(of: task)] else { return .due(answers: []) }
    switch outcome {
    case .done(let stored): return .settled(.done(try result(stored)))
    case .failed(_, let answers): return .due(answers: answers)
    case .interrupted(let open, _):
      let (answered, namespace) = (runner.level.scope.answers, runner.level.namespace)
      // A stop before the node is passed by any resume; a question by its answer. What a nested graph waits for, it
      // knows best.
      let waiting = open.filter { $0.kind == .question && answered[$0.id] == nil }
      guard waiting.isEmpty || waiting.count < open.count || waiting.contains(where: { $0.namespace != namespace })
      else { return .settled(.interrupted(open)) }
      let answers = outcome.answers(with: answered, in: namespace)
      let isChanged = waiting.count < open.count
      return .due(answers: answers, change: isChanged ? .interrupted(waiting, answers: answers) : nil)
    }
  }

  private func result(_ stored: StoredValue) throws -> TaskResult<State> {
    do {
      return try TaskResult(stored, runner.plan.layout)
    } catch {
      let problem = (error as? GraphError)?.message ?? "A finished task's result cannot be read: \(error)"
      throw runner.level.unreadable(runner.checkpoint, problem)
    }
  }

  private func id(of task: NodeTask) -> TaskID {
    TaskID(
      checkpoint: runner.checkpoint, namespace: runner.level.namespace, step: runner.step,
      node: runner.plan.nodeName(task.node), path: task.path)
  }

  private func record(_ task: NodeTask, _ outcome: PendingOutcome) -> PendingRecord? {
    guard let thread = runner.level.scope.thread, let checkpoint = runner.checkpoint else { return nil }
    return PendingRecord(
      thread: thread, namespace: runner.level.namespace, checkpoint: checkpoint, task: id(of: task),
      node: runner.plan.nodeName(task.node), outcome: outcome)
  }

  private func runTogether(
    _ due: [(index: Int, answers: [JSONValue])], _ report: inout SuperstepReport<State>
  ) async {
    let limit = max(1, runner.level.scope.options.concurrencyMax)
    await withTaskGroup(of: (Int, TaskOutcome<State>).self) { group in
      var (waiting, isStopping) = (due[...], false)
      func start() {
        guard !isStopping, let (index, answers) = waiting.popFirst() else { return }
        let task = tasks[index]
        group.addTask { [runner] in (index, await runner.run(task, answers: answers)) }
      }
      for _ in 0..<min(limit, due.count) { start() }
      while let (index, outcome) = await group.next() {
        report.outcomes[index] = outcome
        switch outcome {
        case .done(let result): keepDone(result, tasks[index])
        case .interrupted: break
        case .failed(let error):
          if report.firstError == nil { report.firstError = error }
          isStopping = true
        case .parent: isStopping = true
        }
        if isStopping { group.cancelAll() } else { start() }
      }
    }
  }

  /// A task that is done need not run again, should the process end before its siblings are.
  private func keepDone(_ result: TaskResult<State>, _ task: NodeTask) {
    guard let saver = runner.level.saver, !saver.waitsForEnd, let record = record(task, .done(result.stored)) else {
      return
    }
    saver.saveSoon([.pending(record)])
  }
}
