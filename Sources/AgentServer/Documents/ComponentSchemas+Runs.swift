import AgentJSON
import AgentRuntime

/// The bodies of runs.
extension ComponentSchemas {
  private static let head: JSONObject = [
    "id": text, "object": ["const": "run"], "agent_id": text, "session_id": optional(text), "user_id": optional(text),
    "status": choice(RunStatus.allCases.map(\.rawValue)),
    "reason": optional(choice(RunReason.allCases.map(\.rawValue))), "background": boolean,
    "starts": ["type": "integer", "minimum": 0], "created_at": time, "started_at": optional(time),
    "ended_at": optional(time), "updated_at": time, "usage": optional(anyObject),
  ]

  private static let required = ["id", "object", "agent_id", "status", "background", "created_at", "updated_at"]

  private static func run(_ more: JSONObject) -> JSONValue {
    var fields = head
    for (key, value) in more { fields[key] = value }
    return object(fields, required: required)
  }

  static let runs: JSONObject = [
    "Run": run([
      "steps": list(
        object(
          [
            "step": text, "status": choice(["running", "completed", "error", "skipped"]),
            "duration_ms": ["type": "number"], "attempts": integer, "error": text, "output": text, "usage": anyObject,
            "stdout": text, "stderr": text,
          ], required: ["step", "status", "duration_ms"])),
      "output": optional(
        object([
          "message": anyObject, "finish_reason": text, "agent_type": text, "processing_time_ms": ["type": "number"],
          "tools_used": list(text), "warnings": list(text), "pending_approvals": list(anyObject),
        ])),
      "error": optional(
        object(
          ["code": text, "message": text, "status": integer, "details": anyObject], required: ["code", "message"])),
      "metadata": anyObject,
    ]),
    "RunList": object(
      [
        "object": ["const": "list"], "data": list(run(["error": optional(text)])), "next": optional(text),
        "unreadable": list(text),
      ], required: ["object", "data", "next"]),
  ]
}
