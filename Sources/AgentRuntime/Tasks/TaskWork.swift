import AgentGraph
import AgentJSON
import Synchronization

/// One run of a task, as its nodes use it. A reference, since states are copied at every superstep.
final class TaskWork: Sendable {
  private struct State {
    var opened: [Int: OpenStep] = [:]
    var outputs: [StepOutput] = []
  }

  /// The run; what goes to its sink is the answer.
  let run: AgentRun
  /// The run with a sink that tells of its steps, and of nothing else.
  private let watched: AgentRun
  private let announcer: StepAnnouncer?
  private let state = Mutex(State())

  init(_ run: AgentRun) {
    self.run = run
    let announcer = (run.sink ?? run.watcher).map { StepAnnouncer(run, $0) }
    var watched = run
    watched.sink = announcer?.sink
    (self.announcer, self.watched) = (announcer, watched)
  }

  /// Why the caller cannot be told anything any more; nil while all is well.
  var lostCaller: (any Error)? { announcer?.problem }

  /// Begins a step that the caller may watch.
  func begin(step name: String) async throws -> OpenStep { try await watched.begin(step: name) }

  /// Ends it.
  func end(_ open: OpenStep, error: String? = nil) async throws { try await watched.end(open, error: error) }

  /// Ends one of the task's own steps with what it came to.
  func end(_ open: OpenStep, _ output: StepOutput, of plan: TaskPlan) async throws {
    state.withLock { $0.outputs.append(output) }
    var step = output.step(of: plan)
    step.duration = .now - open.start
    try await watched.end(open, step)
  }

  /// Takes up what was done before this process went on with the run, and tells whoever watches.
  func restore(_ stored: TaskState, of task: StoredTask) async throws {
    guard let validation = stored.validationTime else { return }
    run.record.add(ExecutionStep(name: "validate_task", status: .completed, duration: .milliseconds(validation)))
    let outputs = stored.orderedOutputs
    state.withLock { $0.outputs = outputs }
    for output in outputs {
      run.record.add(output.step(of: task.plan))
      run.record.restore(output.usage)
    }
    guard let answer = stored.answer else { return try await watched.announceSteps() }
    run.record.restore(answer.usage)
    let time = Duration.milliseconds(answer.milliseconds)
    run.record.add(ExecutionStep(name: "generate_response", status: .completed, duration: time))
  }

  /// Begins one of the task's own steps, unless that was done before.
  @discardableResult
  func begin(_ index: Int, of plan: TaskPlan) async throws -> OpenStep {
    if let open = state.withLock({ $0.opened[index] }) { return open }
    let open = try await begin(step: plan.stepName(index))
    state.withLock { $0.opened[index] = open }
    return open
  }

  /// What finished steps came to, in the order of the steps, whether the graph has taken it in or not.
  var outputs: [StepOutput] { state.withLock { $0.outputs.sorted { $0.index < $1.index } } }

  /// The run that an attempt at a step is made with: it asks as the step does, shows the caller its tools alone, and
  /// has a record of its own.
  func attempt(_ number: Int, at index: Int, of task: StoredTask, asking messages: [Message]) -> AgentRun {
    var part = watched
    part.call.messages = messages
    part.call.parameters = task.parameters(without: AgentRun.shaping)
    part.call.answerFormat = nil
    // Steps' answers are not the caller's. They are read as they are made all the same: a model that says something
    // all the time is not timed out as one that hangs.
    part.sink = watched.sink ?? { _ in }
    part.belt = run.belt?.withoutApprovals
    part.record = RunRecord(partOf: run.record)
    part.effectScope = "\(run.effectScope)-\(index + 1)-\(number)"
    return part
  }

  /// Nothing is told to the caller after this, whatever an attempt that was given up still does.
  func close() async { await announcer?.close() }
}

extension TaskWork {
  /// Whether the request is a task that can be carried out. Throws `RuntimeError` 422.
  func check(_ task: StoredTask) throws {
    var faults = run.contentFaults(task.messages, path: [.key("body")])
    if !task.messages.contains(where: { !$0.role.isSystem }) {
      let message = "holds system messages alone, and no task"
      faults.append(Fault(path: [.key("body"), .key("messages")], message: message, type: "missing"))
    }
    if !run.call.approvals.isEmpty {
      let path: [Fault.Step] = [.key("body"), .key("metadata"), .key("approvals")]
      faults.append(Fault(path: path, message: "this agent asks for no approval", type: "unknown"))
    }
    guard faults.isEmpty else { throw RuntimeError.invalid(faults) }
    warn(task)
  }

  private func warn(_ task: StoredTask) {
    for name in run.belt?.needingApproval ?? [] {
      run.record.warn("Tool '\(name)' needs a human's approval, which steps of a task cannot wait for: it is left out.")
    }
    if task.parameters["tools"]?.arrayValue?.isEmpty == false {
      run.record.warn("The request's tools are not offered to the model: steps of a task use the agent's toolsets.")
    }
    if task.plan.format == .structured, task.parameters["response_format"]?.objectValue != nil {
      run.record.warn("The request's response_format is not used: the agent's outputFormat is 'structured'.")
    }
  }
}

/// Tells the caller of a run's steps, one time after the other: what is told later is what is true later.
private final class StepAnnouncer: Sendable {
  private struct State {
    var isClosed = false
    var problem: (any Error)?
  }

  private let runID: String
  private let record: RunRecord
  private let caller: DeltaSink
  private let turnstile = Turnstile()
  private let state = Mutex(State())

  init(_ run: AgentRun, _ sink: @escaping DeltaSink) {
    runID = run.id
    record = run.record
    caller = sink
  }

  /// What is said to it about steps makes it tell of all of them; the rest is not for the caller.
  var sink: DeltaSink {
    { deltas in if deltas.contains(where: { $0.metadata != nil }) { try await self.tell() } }
  }

  var problem: (any Error)? { state.withLock { $0.problem } }

  private func tell() async throws {
    try await turnstile.pass {
      guard !state.withLock({ $0.isClosed }) else { return }
      do {
        try await caller([.steps(record.steps, of: runID)])
      } catch {
        state.withLock { $0.problem = error }
        throw error
      }
    }
  }

  func close() async { await turnstile.pass { state.withLock { $0.isClosed = true } } }
}
