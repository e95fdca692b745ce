import AgentGraph
import AgentJSON
import Logging

/// One step of a task: tried until it succeeds, or as often as it may be.
struct TaskStep {
  let index: Int
  let state: TaskState
  let context: NodeContext<TaskState>
  /// Makes one attempt.
  let graph: CompiledGraph<ConversationState>

  /// The step's output as the graph's write. Throws `RuntimeError` 500 where a step that fails ends the run.
  func perform() async throws -> Command<TaskState> {
    let (task, work) = (try state.requireTask(), try state.requireWork())
    // That another has the run is no failure of an attempt.
    try await work.run.kept?.admitted()
    let open = try await work.begin(index, of: task.plan)
    let output: StepOutput
    do {
      output = try await attempts(task, work, since: open.start)
    } catch {
      // Whoever was to be told may be gone, which is no news by then.
      try? await work.end(open, error: error is CancellationError ? "cancelled" : StepFailure.text(of: error))
      throw error
    }
    try await work.end(open, output, of: task.plan)
    if let error = output.error, task.plan.isStrict { throw failure(output, error, task, work) }
    return .write(\.outputs, [output])
  }

  /// Failed attempts are effects: a run that is gone on with does not make them again. One that succeeds ends the
  /// superstep, which is stored as a whole. The last one is not recorded: who resumes a run that failed wants it made.
  private func attempts(
    _ task: StoredTask, _ work: TaskWork, since start: ContinuousClock.Instant
  ) async throws -> StepOutput {
    let timing = work.run.timing
    var output = StepOutput(index: index, text: "", attempts: 0, milliseconds: 0)
    while true {
      output.attempts += 1
      do {
        var isNew = false
        let failure = try await context.effect("attempt") { _ in
          isNew = true
          switch try await attempt(output.attempts, task, work) {
          case .failed(let failure) where output.attempts <= task.plan.retryCount: return failure
          case let end: throw end
          }
        }
        output.usage = failure.usage?.added(to: output.usage) ?? output.usage
        guard isNew else {
          // It failed before the run was gone on with, and was waited for since.
          work.run.record.restore(failure.usage)
          continue
        }
        let pause = StepBackoff().pause(after: output.attempts, draw: timing.draw(), asked: failure.retryAfter)
        try await timing.clock.sleep(for: pause)
      } catch let end as AttemptEnd {
        switch end {
        case .done(let text, _): output.text = text
        case .failed(let failure): output.error = failure.message
        }
        output.usage = end.usage?.added(to: output.usage) ?? output.usage
        output.milliseconds = (.now - start) / .milliseconds(1)
        return output
      }
    }
  }

  /// Throws what is no failure of the step: that the run was cancelled, or that its caller is gone.
  private func attempt(_ number: Int, _ task: StoredTask, _ work: TaskWork) async throws -> AttemptEnd {
    let prompt = StepPrompt(task: task, index: index, earlier: state.orderedOutputs)
    let messages = task.messages(adding: prompt.instruction(lengthMax: work.run.limits.taskOutputsLengthMax))
    let run = work.attempt(number, at: index, of: task, asking: messages)
    do {
      let completion = try await complete(run, number)
      let text = completion.message.spokenText
      guard text.isBlank else { return .done(text, run.record.contents.usage) }
      throw RuntimeError(.execution, "The model's answer is empty (finish_reason: \(completion.finishReason)).")
    } catch {
      if Task.isCancelled || error is CancellationError { throw CancellationError() }
      if let problem = work.lostCaller { throw problem }
      let failure = StepFailure(error, within: task.plan.stepTimeout, usage: run.record.contents.usage)
      let told = StepFailure.isTimeout(error) ? failure.message : RuntimeError(describing: error).logText
      run.logger.warning(
        "an attempt at a task's step failed",
        metadata: ["run_id": "\(run.id)", "step": "\(index + 1)", "attempt": "\(number)", "error": "\(told)"])
      return .failed(failure)
    }
  }

  /// The model's answer, with its tools. Where these may have done something outside, an attempt of a run that is kept is
  /// stored as it goes, in a thread of its own: a crash repeats no call.
  private func complete(_ run: AgentRun, _ number: Int) async throws -> ChatCompletion {
    var options = Conversation.toolOptions(run)
    options.clock = run.timing.clock
    let keeps = run.kept != nil && run.belt?.tools.isEmpty == false
    let turn = ConversationTurn(run: run, historyLength: run.limits.conversationHistoryMax, isStored: keeps)
    let input = Command<ConversationState>.write(\.turn, turn)
    guard keeps, let kept = run.kept else {
      return try await Conversation.completion(of: graph.run(input, options: options))
    }
    let thread = "\(kept.ledger.row.threadName)/\(index + 1)-\(number)"
    let graph = graph.checkpointed(by: run.threads.store.threads)
    guard kept.isResumed, let earlier = try await graph.snapshot(of: thread) else {
      return try await Conversation.completion(of: graph.run(input, on: thread, options: options))
    }
    if earlier.next.isEmpty, let said = earlier.state.messages.last {
      guard said.spokenText.isBlank else { return ChatCompletion(message: said, finishReason: "stop", usage: nil) }
      // An attempt that failed for that is made anew.
      try await graph.deleteThread(thread)
      return try await Conversation.completion(of: graph.run(input, on: thread, options: options))
    }
    return try await Conversation.completion(
      of: graph.run(.resume().write(\.turn, turn), on: thread, options: options))
  }

  private func failure(_ output: StepOutput, _ error: String, _ task: StoredTask, _ work: TaskWork) -> RuntimeError {
    let times = output.attempts == 1 ? "at its only attempt" : "at each of \(output.attempts) attempts"
    return RuntimeError(
      .execution, "Step \(index + 1) of the task failed \(times): \(error)",
      details: ["steps": StructuredOutput.steps(of: task.plan, work.outputs)], shouldRetry: false,
      cause: TaskStepFailure(step: index + 1, attempts: output.attempts))
  }
}

/// What an attempt came to; thrown past the record of failures where no further one is made.
private enum AttemptEnd: Error {
  case done(String, TokenUsage?)
  case failed(StepFailure)

  var usage: TokenUsage? {
    switch self {
    case .done(_, let usage): usage
    case .failed(let failure): failure.usage
    }
  }
}

extension Message {
  /// What the model said, if it be that it refuses.
  var spokenText: String { text.isEmpty ? json["refusal"]?.stringValue ?? "" : text }
}

extension String {
  /// Whether there is nothing but white space.
  var isBlank: Bool { unicodeScalars.allSatisfy(\.properties.isWhitespace) }
}
