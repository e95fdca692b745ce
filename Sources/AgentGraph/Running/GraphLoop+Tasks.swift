import AgentJSON

extension GraphLoop {
  /// Runs what is due, and says what it came to. Throws the first error of a task, and `CancellationError` (G19).
  mutating func outcomes() async throws -> SuperstepOutcome<State> {
    let runner = TaskRunner(
      plan: plan, level: level, snapshot: state, step: step + 1, checkpoint: place.current, isResumed: isResumed,
      own: own)
    if tasks.count == 1, pending.isEmpty {
      let outcome = await runner.run(tasks[0])
      if case .done(let result) = outcome { return .done(TaskResults(first: result)) }
      return try await stopped(SuperstepReport(outcomes: [outcome], firstError: outcome.error))
    }
    let report = try await SuperstepTasks(runner: runner, tasks: tasks, pending: pending).run()
    if let results = report.results { return .done(results) }
    return try await stopped(report)
  }

  /// Keeps what a superstep that cannot be finished has come to (G13, G14), and says how it ends.
  private mutating func stopped(_ report: SuperstepReport<State>) async throws -> SuperstepOutcome<State> {
    if let command = report.parentCommand { return .stopped(.parent(command)) }
    try await keep(report)
    if let error = report.firstError { throw error }
    try Task.checkCancellation()
    let interrupts = report.interrupts
    if interrupts.isEmpty, level.scope.isDraining { return .stopped(.drained) }
    try await tell(interrupts)
    return .stopped(.interrupted(interrupts))
  }

  /// Stores finished tasks' writes, open interrupts and errors, so that a resume runs only what has to be.
  private mutating func keep(_ report: SuperstepReport<State>) async throws {
    guard let saver = level.saver else { return }
    if saver.waitsForEnd { try await flush() }
    var writes: [CheckpointWrite] = []
    for (task, outcome) in zip(tasks, report.outcomes) {
      guard let outcome, let record = pendingRecord(of: task, outcome) else { continue }
      writes.append(.pending(record))
    }
    if !writes.isEmpty { try await saver.save(writes) }
  }

  private func pendingRecord(of task: NodeTask, _ outcome: TaskOutcome<State>) -> PendingRecord? {
    let id = taskID(task)
    switch outcome {
    case .done(let result): return record(id, task, .done(result.stored))
    case .failed(let error):
      if error is CancellationError { return nil }
      return record(id, task, .failed(NodeFailure(error, of: plan.nodeName(task.node)), answers: answers(to: id)))
    case .interrupted(let interrupts):
      return record(id, task, .interrupted(interrupts, answers: answers(to: id)))
    case .parent: return nil
    }
  }

  private func record(_ id: TaskID, _ task: NodeTask, _ outcome: PendingOutcome) -> PendingRecord? {
    guard let thread = level.scope.thread, let checkpoint = place.current else { return nil }
    return PendingRecord(
      thread: thread, namespace: level.namespace, checkpoint: checkpoint, task: id, node: plan.nodeName(task.node),
      outcome: outcome)
  }

  func taskID(_ task: NodeTask) -> TaskID {
    TaskID(
      checkpoint: place.current, namespace: level.namespace, step: step + 1, node: plan.nodeName(task.node),
      path: task.path)
  }

  /// What a task's interrupts were answered with, now and before.
  private func answers(to task: TaskID) -> [JSONValue] {
    pending[task]?.answers(with: level.scope.answers, in: level.namespace) ?? []
  }

  func tell(_ interrupts: [Interrupt]) async throws {
    guard let sink = level.sink, !sink.modes.isDisjoint(with: [.updates, .values]) else { return }
    try await sink.send(GraphEvent(namespace: level.namespace, step: step + 1, content: .interrupted(interrupts)))
  }
}

extension PendingOutcome {
  /// The answers that a task's run begins with: those that are stored, and the one that came now for the question
  /// that is open.
  /// Questions of nested graphs are those graphs' own.
  func answers(with new: [InterruptID: JSONValue], in namespace: GraphNamespace) -> [JSONValue] {
    if case .failed(_, let answers) = self { return answers }
    guard case .interrupted(let open, let answers) = self else { return [] }
    return answers + open.filter { $0.kind == .question && $0.namespace == namespace }.compactMap { new[$0.id] }
  }
}

extension TaskOutcome {
  var error: (any Error)? {
    if case .failed(let error) = self { return error }
    return nil
  }
}
