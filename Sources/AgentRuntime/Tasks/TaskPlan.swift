import AgentJSON

/// What a task agent is set to. It is stored with a run, so that one that is gone on with goes on as it was begun.
struct TaskPlan: Sendable, Hashable, Codable {
  /// What is done, in order.
  var steps: [String]
  /// Of one attempt, in seconds.
  var stepTimeout: Double
  /// Attempts besides the first.
  var retryCount: Int
  /// Whether no step waits for another.
  var isParallel: Bool
  /// Whether a failure ends the execution.
  var isStrict: Bool
  /// What the answer looks like.
  var format: TaskExecutionBot.OutputFormat

  init(_ settings: TaskExecutionBot.Settings) {
    steps = settings.taskSteps.steps
    stepTimeout = settings.taskSteps.stepTimeout
    retryCount = settings.taskSteps.retryCount
    isParallel = settings.taskSteps.parallelExecution
    isStrict = settings.validation.strictMode
    format = settings.validation.outputFormat
  }

  /// A step as `execution_steps` names it (contract §4).
  func stepName(_ index: Int) -> String { "task_step_\(index + 1)_\(steps[index].prefix(Self.nameMax))" }

  /// A step may be a page of text; every chunk of a stream names it.
  private static let nameMax = 80
}

/// What a task run was asked: all that a process needs to go on with it in which it did not begin.
struct StoredTask: Sendable, Hashable, Codable {
  /// How it is carried out.
  var plan: TaskPlan
  /// The request's messages, system ones included.
  var messages: [Message]
  /// What the model is asked with: the caller's parameters, and the configurations' where the caller set none.
  var parameters: JSONObject
  /// The caller's metadata.
  var metadata: JSONObject
  /// The session, where the request named one.
  var sessionID: String?
  /// Who asked, where the request named a user.
  var userID: String?

  init(_ plan: TaskPlan, _ run: AgentRun) {
    self.plan = plan
    messages = run.call.messages
    parameters = run.parameters
    metadata = run.call.metadata
    sessionID = run.call.sessionID
    userID = run.call.userID
  }

  /// The parameters without those named.
  func parameters(without names: Set<String>) -> JSONObject {
    JSONObject(parameters.filter { !names.contains($0.key) }.map { ($0.key, $0.value) })
  }
}
