import AgentJSON
import AgentRuntime

/// The bodies of chat completions.
extension ComponentSchemas {
  private static let number: JSONValue = ["type": "number"]

  private static let message: JSONValue = object(
    [
      "role": choice(MessageRole.allCases.map(\.rawValue)),
      "content": ["anyOf": [text, list(anyObject), ["type": "null"]]], "name": text, "tool_calls": list(anyObject),
      "tool_call_id": text,
    ], required: ["role"])

  private static let requestMetadata: JSONValue = [
    "type": "object", "description": "Anything else is returned in the answer's metadata",
    "properties": .object([
      "session_id": text, "user_id": text,
      "run_id": ["type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"], "background": boolean,
      "approvals": list(
        object(
          [
            "id": text, "decision": choice(ApprovalDecision.Verdict.allCases.map(\.rawValue)),
            "arguments": anyObject, "reason": text,
          ], required: ["id", "decision"])),
    ]),
  ]

  private static let answerMetadata: JSONValue = object(
    [
      "agent_id": text, "agent_type": text, "session_id": text, "run_id": text, "processing_time_ms": number,
      "execution_steps": list(
        object(
          [
            "step": text, "status": choice(["running", "completed", "error", "skipped"]), "duration_ms": number,
            "attempts": integer, "error": text,
          ], required: ["step", "status", "duration_ms"])),
      "tools_used": list(text), "warnings": list(text), "confidence_score": optional(number),
      "pending_approvals": list(object(["id": text, "tool": text, "arguments": anyObject])),
    ], required: ["agent_id", "agent_type", "run_id", "processing_time_ms", "execution_steps", "tools_used"])

  static let chat: JSONObject = [
    "ChatCompletionRequest": object(
      [
        "model": ["type": "string", "description": "An agent's id, or a line's"],
        "messages": ["type": "array", "minItems": 1, "items": message], "stream": boolean,
        "stream_options": object(["include_usage": boolean]),
        "temperature": ["type": "number", "minimum": 0, "maximum": 2],
        "top_p": ["type": "number", "minimum": 0, "maximum": 1], "max_tokens": positive,
        "max_completion_tokens": positive, "n": ["const": 1], "user": text, "seed": integer,
        "stop": ["anyOf": [text, list(text), ["type": "null"]]], "tools": list(anyObject),
        "tool_choice": ["anyOf": [text, anyObject]], "parallel_tool_calls": boolean, "response_format": anyObject,
        "metadata": requestMetadata,
        "conversation_config": conversation,
      ], required: ["model", "messages"]),
    "ChatCompletion": object(
      [
        "id": text, "object": ["const": "chat.completion"], "created": integer, "model": text,
        "choices": list(
          object(["index": integer, "message": message, "finish_reason": text, "logprobs": ["type": "null"]])),
        "usage": optional(
          object(["prompt_tokens": integer, "completion_tokens": integer, "total_tokens": integer])),
        "metadata": answerMetadata,
      ], required: ["id", "object", "created", "model", "choices", "metadata"]),
    "ModelList": object(["object": ["const": "list"], "data": list(reference("Model"))]),
    "Model": object(["id": text, "object": ["const": "model"], "created": integer, "owned_by": text]),
  ]
}
