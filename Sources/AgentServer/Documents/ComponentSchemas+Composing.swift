import AgentJSON
import AgentRuntime

/// The bodies of composing.
extension ComponentSchemas {
  static let composing: JSONObject = [
    "ComposeRequest": object(
      [
        "template_id": text,
        "instructions": ["type": "string", "minLength": 1, "description": "What the agent is to do"],
        "suggested_name": optional(["type": "string", "minLength": 1, "maxLength": 100]),
        "suggested_tools": optional([
          "type": "array", "items": text, "maxItems": 100, "description": "Toolsets that the agent is to have",
        ]),
        "llm_config_id": optional([
          "type": "string", "description": "The model that is asked, and that the agent is to use",
        ]),
      ], required: ["template_id", "instructions"]),
    "AgentProposal": object(
      [
        "template_id": text, "template_version": text,
        "proposal": optional([
          "type": "object", "description": "A body for POST /v1/agents, which takes it as it is where it is valid",
        ]),
        "reasoning": optional(text),
        "validation_results": object(
          ["valid": boolean, "errors": list(fault), "warnings": list(text), "attempts": positive],
          required: ["valid", "errors", "warnings", "attempts"]),
        "usage": usage,
      ],
      required: ["template_id", "template_version", "proposal", "reasoning", "validation_results", "usage"]),
  ]

  private static let usage: JSONValue = optional(
    object(["prompt_tokens": integer, "completion_tokens": integer, "total_tokens": integer]))
}
