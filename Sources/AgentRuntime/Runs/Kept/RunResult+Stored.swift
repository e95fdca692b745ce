import AgentJSON

extension RunResult {
  /// What a run's row keeps of its answer; steps and usage stand in the row itself.
  var storedJSON: JSONValue {
    var json: JSONObject = [
      "message": .object(completion.message.json), "finish_reason": .string(completion.finishReason),
      "agent_type": .string(agentType), "processing_time_ms": .milliseconds(duration),
      "tools_used": .array(tools.map { .string($0) }),
    ]
    if !warnings.isEmpty { json["warnings"] = .array(warnings.map { .string($0) }) }
    if !pendingApprovals.isEmpty { json["pending_approvals"] = .array(pendingApprovals.map(\.json)) }
    return .object(json)
  }

  /// The answer of a run that has one. Throws `StoreError.corrupt`.
  init(stored run: StoredRun) throws {
    guard let output = run.output, let message = output["message"].flatMap(Message.init(stored:)),
      let finishReason = output["finish_reason"]?.stringValue, let type = output["agent_type"]?.stringValue
    else { throw StoreError(.corrupt, "The stored run \(run.id) is damaged: its output is no answer.") }
    func texts(_ key: String) -> [String] { (output[key]?.arrayValue ?? []).compactMap(\.stringValue) }
    self.init(
      runID: run.id, agentID: run.agentID, agentType: type,
      completion: ChatCompletion(message: message, finishReason: finishReason, usage: nil),
      usage: run.usage.flatMap(TokenUsage.init), steps: run.steps.compactMap(ExecutionStep.init),
      tools: texts("tools_used"),
      warnings: texts("warnings"),
      pendingApprovals: (output["pending_approvals"]?.arrayValue ?? []).compactMap(PendingApproval.init),
      duration: .milliseconds(output["processing_time_ms"]?.doubleValue ?? 0))
  }

  /// The answer's text as one piece, for who was told nothing of it before.
  var content: ChatDelta {
    var extra = completion.message.json
    for name in ["role", "content"] { extra[name] = nil }
    return ChatDelta(content: completion.message.text, extra: extra.isEmpty ? nil : extra)
  }
}

extension PendingApproval {
  /// Reads back what `json` wrote; nil if it is something else.
  fileprivate init?(json: JSONValue) {
    guard let id = json["id"]?.stringValue, let tool = json["tool"]?.stringValue, let arguments = json["arguments"]
    else {
      return nil
    }
    (self.id, self.tool, self.arguments) = (id, tool, arguments)
  }
}
