import AgentGraph

/// What a task's graph works on. All but the last channel can be stored: with them a run goes on where it stopped.
struct TaskState: GraphState {
  /// What was asked.
  var task: StoredTask?
  /// How long it took to validate the request, in milliseconds; nil before that was done.
  var validationTime: Double?
  /// What steps came to, in the order in which their writes were applied.
  var outputs = SharedList<StepOutput>()
  /// The answer, once it was composed.
  var answer: TaskAnswer?
  /// The run under way; never stored.
  var work: TaskWork?

  struct Channels: Sendable {
    let task = StateChannel.last("task", \TaskState.task)
    let validationTime = StateChannel.last("validation_time", \TaskState.validationTime)
    let outputs = StateChannel.appended("outputs", \TaskState.outputs)
    let answer = StateChannel.last("answer", \TaskState.answer)
    let work = StateChannel.untracked("work", \TaskState.work)
  }

  static let channels = Channels()

  /// The outputs in the order of the steps.
  var orderedOutputs: [StepOutput] { outputs.sorted { $0.index < $1.index } }

  func requireTask() throws -> StoredTask {
    if let task { return task }
    throw RuntimeError(.internal, "The graph of a task was run without one.")
  }

  func requireWork() throws -> TaskWork {
    if let work { return work }
    throw RuntimeError(.internal, "The graph of a task was run without its run.")
  }
}

/// What a step came to.
struct StepOutput: Sendable, Hashable, Codable {
  /// The step's place, from 0.
  var index: Int
  /// What the model said last; empty where the step failed.
  var text: String
  /// Why it failed; nil where it did not.
  var error: String?
  /// How often it was tried.
  var attempts: Int
  /// How long it took, with all attempts and the pauses between them.
  var milliseconds: Double
  /// Tokens of all its model calls; nil where no model counted.
  var usage: TokenUsage?

  /// The step as the caller sees it.
  func step(of plan: TaskPlan) -> ExecutionStep {
    var step = ExecutionStep(
      name: plan.stepName(index), status: status, duration: .milliseconds(milliseconds), attempts: attempts,
      error: error)
    step.output = error == nil ? text : nil
    step.usage = usage
    return step
  }

  /// `completed` or `error`, as answers and `execution_steps` have it.
  var status: ExecutionStep.Status { error == nil ? .completed : .error }
}

/// The answer of a task run.
struct TaskAnswer: Sendable, Hashable, Codable {
  /// The assistant's message.
  var message: Message
  /// As the model gave it.
  var finishReason: String
  /// Tokens of the calls that composed it; nil where no model counted.
  var usage: TokenUsage?
  /// How long it took to compose.
  var milliseconds = 0.0

  var completion: ChatCompletion { ChatCompletion(message: message, finishReason: finishReason, usage: usage) }
}
