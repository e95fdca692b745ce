import AgentJSON
public import Logging

/// Takes the pieces of an answer as the model makes them; what it throws ends the run.
public typealias DeltaSink = @Sendable ([ChatDelta]) async throws -> Void

/// One execution of an agent, as its template sees it.
public struct AgentRun: Sendable {
  /// Names the run.
  public let id: String
  /// The agent as it was when the run began.
  public let agent: AgentDefinition
  /// What was asked.
  public internal(set) var call: ChatCall
  /// The bounds that hold for every agent.
  public let limits: RuntimeLimits
  /// For records of steps; carries request and agent.
  public let logger: Logger
  let handle: RunHandle
  let model: any ChatModel
  let threads: ThreadKeeper
  let place: RunPlace
  let defaultModelID: String
  let logsContent: Bool
  var sink: DeltaSink?
  /// Is told of the steps, where the answer is not streamed.
  var watcher: DeltaSink? {
    guard let kept else { return nil }
    return { @Sendable deltas in kept.log.append(deltas) }
  }
  /// The tools of the agent's toolsets; nil where it names none.
  var belt: ToolBelt?
  /// What tools did in turns without a session.
  let exchanges: ExchangeMemory
  /// What runs code; nil where there is none.
  let sandbox: (any Sandbox)?
  /// What gets packages and repositories for it; nil where there is none.
  let supply: (any CodeSupply)?
  /// What measures pauses and timeouts, and what jitter is drawn from.
  let timing: RunTiming
  /// Set for a run that is kept: it can be gone on with.
  let kept: KeptRun?
  /// Goes before the keys of effects on threads that are not stored, which are unique within one alone.
  var effectScope: String
  var record = RunRecord()

  /// The model configuration that is asked.
  var modelID: String { agent.llmConfigID ?? defaultModelID }

  /// Runs one step: it is timed, recorded for the answer, and logged at DEBUG.
  public func step<Value>(_ name: String, _ work: () async throws -> Value) async throws -> Value {
    try await step(recording: name) { _ in try await work() }
  }

  /// The same for work that has more to record than its end.
  func step<Value>(
    recording name: String, _ work: (inout ExecutionStep) async throws -> Value
  ) async throws -> Value {
    let start = ContinuousClock.now
    var step = ExecutionStep(name: name, status: .completed, duration: .zero)
    defer {
      step.duration = .now - start
      record.add(step)
      log(step)
    }
    do {
      return try await work(&step)
    } catch {
      step.status = .error
      step.error = error is CancellationError ? "cancelled" : "\(RuntimeError(describing: error))"
      throw error
    }
  }

  func log(_ step: ExecutionStep) {
    logger.debug(
      "step",
      metadata: [
        "run_id": "\(id)", "step": "\(step.name)", "step_status": "\(step.status.rawValue)",
        "duration_ms": "\(JSONValue.milliseconds(step.duration).encodedText)",
      ])
  }

  /// Asks the agent's model; the answer goes to the caller as it is made, where the caller streams.
  public func answer(_ messages: [Message]) async throws -> ChatCompletion {
    try await answer(messages, offering: nil)
  }

  /// The same with tools. What the model says goes to the caller as it is made, its calls do not.
  func answer(_ messages: [Message], offering offer: ToolOffer?) async throws -> ChatCompletion {
    var request = ChatRequest(
      modelID: modelID, messages: messages,
      parameters: offer?.parameters(parameters) ?? parameters, requestID: call.requestID, deadline: place.deadline)
    request.hidesToolCalls = offer != nil
    try await kept?.admitted()
    let completion =
      if let sink, offer != nil {
        try await model.stream(request) { deltas in
          let visible = ToolOffer.withoutCalls(deltas)
          if !visible.isEmpty { try await sink(visible) }
        }
      } else if let sink {
        try await model.stream(request, onDeltas: sink)
      } else {
        try await model.complete(request)
      }
    note(completion, of: messages)
    return completion
  }

  /// Asks the agent's model for the agent's own code: nothing of the answer goes to the caller. `options` win over the
  /// request's parameters; those that shape the answer to the caller are left out.
  func ask(_ messages: [Message], options: JSONObject) async throws -> ChatCompletion {
    var parameters = JSONObject(parameters.filter { !Self.shaping.contains($0.key) }.map { ($0.key, $0.value) })
    let bounds = ["max_tokens", "max_completion_tokens"]
    if bounds.contains(where: options.contains) { for name in bounds { parameters[name] = nil } }
    for (key, value) in options { parameters[key] = value }
    let request = ChatRequest(
      modelID: modelID, messages: messages, parameters: parameters, requestID: call.requestID, deadline: place.deadline)
    try await kept?.admitted()
    let completion = try await model.complete(request)
    note(completion, of: messages)
    return completion
  }

  /// Parameters that are about the answer to the caller, and not about what is asked of the model on the way.
  static let shaping: Set<String> = [
    "parallel_tool_calls", "response_format", "stream_options", "tool_choice", "tools",
  ]

  private func note(_ completion: ChatCompletion, of prompt: [Message]) {
    record.add(completion.usage)
    if logsContent { log(prompt, completion) }
  }

  private func log(_ prompt: [Message], _ completion: ChatCompletion) {
    let prompt = JSONValue.array(prompt.map { .object($0.json) })
    logger.info(
      "model call",
      metadata: [
        "run_id": "\(id)", "prompt": "\(prompt.encodedText)",
        "answer": "\(JSONValue.object(completion.message.json).encodedText)",
      ])
  }

  /// What happens where its thread is busy. A run that is gone on with waits: who came meanwhile is newer.
  var busyPolicy: ConversationConfig.BusyPolicy {
    if kept?.isResumed == true { return .enqueue }
    return call.conversationConfig?.onBusy ?? agent.conversationConfig?.onBusy ?? .enqueue
  }

  /// The caller's parameters, and the configurations' where the caller set none.
  var parameters: JSONObject {
    let configs = [call.conversationConfig, agent.conversationConfig].compactMap { $0 }
    guard !configs.isEmpty else { return call.parameters }
    func isSet(_ name: String) -> Bool { call.parameters[name].map { !$0.isNull } ?? false }
    var parameters = call.parameters
    if let temperature = configs.lazy.compactMap(\.temperature).first, !isSet("temperature") {
      parameters["temperature"] = .double(temperature)
    }
    if let maxTokens = configs.lazy.compactMap(\.maxTokens).first, !isSet("max_tokens"),
      !isSet("max_completion_tokens")
    {
      parameters["max_tokens"] = .integer(maxTokens)
    }
    return parameters
  }
}
