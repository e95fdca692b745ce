import AgentJSON
import AgentRuntime
import NIOCore

/// Writes a whole answer as OpenAI's `chat.completion` (contract §4).
struct CompletionWriter: Sendable {
  let id: String
  let model: String
  /// Seconds since 1970.
  let created: Int

  var chunks: ChunkWriter { ChunkWriter(id: id, model: model, created: created) }

  func completion(_ result: RunResult, _ call: ChatCall) -> [UInt8] {
    var json = JSONWriter(reserving: 1024)
    json.raw("{\"id\":")
    json.string(id)
    json.raw(",\"object\":\"chat.completion\",\"created\":")
    json.integer(created)
    json.raw(",\"model\":")
    json.string(model)
    json.raw(",\"choices\":[{\"index\":0,\"message\":")
    json.value(.object(message(result.completion.message)))
    json.raw(",\"finish_reason\":")
    json.string(result.completion.finishReason)
    json.raw(",\"logprobs\":null}],\"usage\":")
    json.value(RunMetadata.usage(result.usage))
    json.raw(",\"metadata\":")
    RunMetadata(result: result, call: call).write(to: &json)
    json.raw("}")
    return json.bytes
  }

  // Clients expect both members, whatever the model left out.
  private func message(_ message: Message) -> JSONObject {
    var json = message.json
    if !json.contains(key: "content") { json["content"] = .null }
    return json
  }
}

/// What the answer's `metadata` tells of the run (contract §4).
struct RunMetadata {
  let result: RunResult
  let call: ChatCall

  func write(to json: inout JSONWriter) {
    json.raw("{\"agent_id\":")
    json.string(result.agentID)
    json.raw(",\"agent_type\":")
    json.string(result.agentType)
    if let sessionID = call.sessionID {
      json.raw(",\"session_id\":")
      json.string(sessionID)
    }
    json.raw(",\"processing_time_ms\":")
    json.value(.milliseconds(result.duration))
    json.raw(",\"execution_steps\":")
    json.value(.array(result.steps.map(\.json)))
    json.raw(",\"tools_used\":")
    json.value(.array(result.tools.map { .string($0) }))
    json.raw(",\"confidence_score\":null,\"run_id\":")
    json.string(result.runID)
    if !result.pendingApprovals.isEmpty {
      json.raw(",\"pending_approvals\":")
      json.value(.array(result.pendingApprovals.map(\.json)))
    }
    if !result.warnings.isEmpty {
      json.raw(",\"warnings\":")
      json.value(.array(result.warnings.map { .string($0) }))
    }
    for (key, value) in call.metadata where !Self.own.contains(key) {
      json.member(key)
      json.value(value)
    }
    json.raw("}")
  }

  /// What the runtime says itself, whatever a caller's metadata holds under these names.
  private static let own: Set<String> = [
    "agent_id", "agent_type", "session_id", "processing_time_ms", "execution_steps", "tools_used", "confidence_score",
    "run_id", "background", "approvals", "pending_approvals", "warnings",
  ]

  static func usage(_ usage: TokenUsage?) -> JSONValue { usage?.json ?? .null }
}
