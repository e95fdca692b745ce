import AgentJSON
import AgentRuntime
import FoundationEssentials

extension StoredRun {
  /// The run as `GET /v1/runs/{id}` shows it.
  var json: JSONValue {
    var json = head
    json["steps"] = .array(steps)
    json["usage"] = usage ?? .null
    json["output"] = output ?? .null
    json["error"] = error.map { .object($0) } ?? .null
    json["metadata"] = request["metadata"] ?? .object([:])
    return .object(json)
  }

  /// The run as lists show it: without what may be long.
  var summary: JSONValue {
    var json = head
    json["usage"] = usage ?? .null
    json["error"] = error?["message"] ?? .null
    return .object(json)
  }

  private var head: JSONObject {
    func text(_ date: Date?) -> JSONValue { date.map { .string($0.wireText) } ?? .null }
    return [
      "id": .string(id), "object": "run", "agent_id": .string(agentID),
      "session_id": sessionID.map { .string($0) } ?? .null, "user_id": userID.map { .string($0) } ?? .null,
      "status": .string(status.rawValue), "reason": reason.map { .string($0.rawValue) } ?? .null,
      "background": .bool(isBackground), "starts": .integer(starts), "created_at": text(createdAt),
      "started_at": text(startedAt), "ended_at": text(endedAt), "updated_at": text(updatedAt),
    ]
  }
}

extension ChatCall {
  /// What the end of a stream of this run shows of its request.
  init(shownWith run: StoredRun) {
    self.init(model: run.agentID, messages: [])
    sessionID = run.sessionID
    metadata = run.request["metadata"]?.objectValue ?? [:]
  }
}

extension RunCursor {
  /// The place as lists give it to their callers.
  var text: String { "\(createdAt.wireText)~\(id)" }

  init?(text: String) {
    let parts = text.split(separator: "~", maxSplits: 1)
    guard parts.count == 2, let date = Date(wireText: String(parts[0])) else { return nil }
    self.init(createdAt: date, id: String(parts[1]))
  }
}
