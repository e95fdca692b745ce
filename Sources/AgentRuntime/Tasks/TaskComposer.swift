import AgentGraph
import AgentJSON
import Logging

/// The last call of a task: makes an answer of what the steps came to, in the format that the agent is set to.
struct TaskComposer {
  private let task: StoredTask
  private let outputs: [StepOutput]
  private let base: AgentRun
  private let output: TaskOutput
  private let context: NodeContext<TaskState>
  /// What the composing calls used.
  private let record: RunRecord

  init(task: StoredTask, outputs: [StepOutput], run: AgentRun, context: NodeContext<TaskState>) {
    self.task = task
    self.context = context
    self.outputs = outputs
    base = run
    output = TaskOutput(task: task, outputs: outputs, asked: run.call.answerFormat)
    record = RunRecord(partOf: run.record)
  }

  /// The answer. Throws what the model throws, and `RuntimeError` 500 for one that strict mode does not let pass.
  func compose() async throws -> TaskAnswer {
    guard task.plan.format != .text else {
      // A format that the request itself asks for is kept to as in conversations.
      try await context.saved()
      return answer(try await run(asking: parameters, sink: base.sink).checkedAnswer(prompt(nil)))
    }
    let prompt = prompt(output.instruction)
    let first = try await once("answer") { try await ask(prompt) }
    let fault: String
    switch try await settle(first) {
    case .answer(let answer): return answer
    case .fault(let found): fault = found
    }
    do {
      let said = Message(.assistant, first.text.cutInMiddle(to: base.limits.taskOutputsLengthMax))
      let second = try await once("repair") { try await ask(prompt + [said, .correction(fault)]) }
      switch try await settle(second) {
      case .answer(let answer): return answer
      case .fault(let fault):
        guard !task.plan.isStrict else { throw refusal(of: first, "nor does its second try: \(fault)") }
      }
    } catch let error as ModelError where !task.plan.isStrict {
      // There is an answer, if not one of the format.
      base.logger.warning("an answer was not repaired", metadata: ["run_id": "\(base.id)", "error": "\(error.kind)"])
    }
    return try await wrap(first, fault)
  }

  /// What becomes of an answer.
  private enum Settlement {
    case answer(TaskAnswer)
    /// It can be repaired: nothing of it was sent to the caller.
    case fault(String)
  }

  private func settle(_ composed: Composed) async throws -> Settlement {
    let isSent = !composed.sent.isEmpty
    switch output.read(isSent ? composed.sent : composed.text) {
    case .fits(let text, let correction):
      if correction != nil {
        base.record.warn("The answer's 'steps' are not what happened; 'execution_steps' is.")
      }
      // What was sent cannot be taken back.
      if isSent { return .answer(answer(composed.completion, saying: composed.sent)) }
      return .answer(try await send(correction ?? text, composed.completion))
    case .fault(let fault): return isSent ? try keep(composed, fault) : .fault(fault)
    }
  }

  /// The end of an answer that was sent before its fault was seen.
  private func keep(_ composed: Composed, _ fault: String) throws -> Settlement {
    guard !task.plan.isStrict else { throw refusal(of: composed, "and was streamed already: \(fault)") }
    warn(fault)
    return .answer(answer(composed.completion, saying: composed.sent))
  }

  private func wrap(_ composed: Composed, _ fault: String) async throws -> TaskAnswer {
    warn(fault)
    return try await send(output.wrapping(composed.text), composed.completion)
  }

  /// The answer with a text of which nothing was sent yet.
  private func send(_ text: String, _ completion: ChatCompletion) async throws -> TaskAnswer {
    if let sink = base.sink { try await sink([ChatDelta(content: text)]) }
    return answer(completion, saying: text)
  }

  private func answer(_ completion: ChatCompletion, saying text: String? = nil) -> TaskAnswer {
    var json = completion.message.json
    if let text {
      json["content"] = .string(text)
      // No tools were offered, and what was refused is said.
      for name in ["refusal", "tool_calls"] { json[name] = nil }
    }
    return TaskAnswer(
      message: Message(role: .assistant, json: json), finishReason: completion.finishReason,
      usage: record.contents.usage)
  }

  private func warn(_ fault: String) {
    base.record.warn("The answer does not fit outputFormat '\(task.plan.format.rawValue)': \(fault)")
  }

  private func refusal(of composed: Composed, _ further: String) -> RuntimeError {
    RuntimeError(
      .execution, "The answer does not fit outputFormat '\(task.plan.format.rawValue)', \(further)",
      details: [
        "steps": StructuredOutput.steps(of: task.plan, outputs), "answer": .string(composed.text),
      ], shouldRetry: false)
  }
}

/// An answer of the model, and what of it the caller has.
private struct Composed: Sendable, Codable {
  private let answer: TaskAnswer
  let sent: String

  init(_ completion: ChatCompletion, sent: String) {
    answer = TaskAnswer(message: completion.message, finishReason: completion.finishReason, usage: completion.usage)
    self.sent = sent
  }

  var completion: ChatCompletion { answer.completion }
  var text: String { answer.message.spokenText }
}

extension TaskComposer {
  /// Asks the model, but where that was done before the run was gone on with: then what it said is told again.
  private func once(_ name: String, _ ask: () async throws -> Composed) async throws -> Composed {
    var isNew = false
    let composed = try await context.effect(name) { _ in
      isNew = true
      return try await ask()
    }
    guard !isNew else { return composed }
    record.restore(composed.completion.usage)
    if let sink = base.sink, !composed.sent.isEmpty { try await sink([ChatDelta(content: composed.sent)]) }
    return composed
  }

  /// Parameters of the call: tools are for steps.
  private var parameters: JSONObject {
    task.parameters(without: ["parallel_tool_calls", "tool_choice", "tools"])
  }

  private func ask(_ messages: [Message]) async throws -> Composed {
    var parameters = parameters
    parameters["response_format"] = output.responseFormat
    do {
      return try await ask(messages, parameters)
    } catch let error as ModelError where error.kind == .rejected {
      // Not every model takes a format; it is told in words, too.
      parameters["response_format"] = nil
      return try await ask(messages, parameters)
    }
  }

  private func ask(_ messages: [Message], _ parameters: JSONObject) async throws -> Composed {
    guard let sink = base.sink else {
      return Composed(try await run(asking: parameters, sink: nil).answer(messages), sent: "")
    }
    let filter = FilteringSink(sink, takesArrays: output.takesArrays)
    let run = run(asking: parameters) { deltas in try await filter.take(deltas) }
    return Composed(try await run.answer(messages), sent: filter.sent)
  }

  private func run(asking parameters: JSONObject, sink: DeltaSink?) -> AgentRun {
    var run = base
    run.call.parameters = parameters
    run.sink = sink
    run.record = record
    return run
  }

  /// The task, what the steps came to, and what the answer is to look like.
  private func prompt(_ form: String?) -> [Message] {
    let digest = OutputDigest(plan: task.plan, outputs: outputs).text(lengthMax: base.limits.taskOutputsLengthMax)
    let failed = outputs.contains { $0.error != nil }
    var text = "The task above was carried out in \(task.plan.steps.count) steps. Their results:\n\n\(digest)"
    text += "Now answer the task with these results, in the language of the task."
    if failed { text += " Say what is missing because a step failed." }
    if let form { text += "\n\(form)" }
    let prompt = Prompt(task.messages(adding: text), systemPrompt: base.agent.systemPrompt)
    return Prompt.answeringCalls(prompt.messages(last: base.limits.conversationHistoryMax))
  }
}
