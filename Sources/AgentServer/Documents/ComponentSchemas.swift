import AgentJSON
import AgentRuntime

/// The shapes of bodies, as JSON Schema 2020-12 in the OpenAPI document.
enum ComponentSchemas {
  static let all: JSONObject = {
    var schemas: JSONObject = [
      "AgentCreate": agent(required: ["name", "template_id"]), "AgentUpdate": agent(required: []),
      "AgentChange": change, "AgentList": ["type": "array", "items": reference("Agent")], "Agent": storedAgent,
      "StatusChange": object(["status": choice(AgentStatus.allCases.map(\.rawValue))], required: ["status"]),
      "Deletion": object(["success": boolean, "agent_id": text, "message": text], required: ["success", "agent_id"]),
      "RevisionList": object(["revisions": list(revision)], required: ["revisions"]), "Session": session,
      "Error": error, "OpenAIError": openAIError,
    ]
    for (name, schema) in catalog { schemas[name] = schema }
    for (name, schema) in chat { schemas[name] = schema }
    for (name, schema) in runs { schemas[name] = schema }
    for (name, schema) in composing { schemas[name] = schema }
    return schemas
  }()

  static let text: JSONValue = ["type": "string"]
  static let boolean: JSONValue = ["type": "boolean"]
  static let integer: JSONValue = ["type": "integer"]
  static let time: JSONValue = ["type": "string", "format": "date-time"]
  static let anyObject: JSONValue = ["type": "object"]

  static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }
  static func list(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }
  static func choice(_ values: [String]) -> JSONValue {
    ["type": "string", "enum": .array(values.map { .string($0) })]
  }
  static func optional(_ schema: JSONValue) -> JSONValue { ["anyOf": [schema, ["type": "null"]]] }
  static func object(_ properties: JSONObject, required: [String] = []) -> JSONValue {
    [
      "type": "object", "properties": .object(properties), "required": .array(required.map { .string($0) }),
    ]
  }

  private static let agentFields: JSONObject = [
    "id": ["type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"],
    "name": ["type": "string", "minLength": 1, "maxLength": 100], "description": optional(text),
    "avatar_url": optional(text), "type": text, "template_id": text, "template_version_id": text,
    "template_config": anyObject,
    "system_prompt": optional(["type": "string", "maxLength": 65_536]),
    "conversation_config": optional(conversation),
    "limits": optional(
      object([
        "requests_per_minute": positive, "tokens_per_minute": positive, "max_tool_turns": positive,
      ])),
    "toolsets": list(text), "llm_config_id": optional(text),
    "agent_line_id": ["type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"],
    "version_type": choice(VersionType.allCases.map(\.rawValue)),
    "version_number": ["type": "string", "pattern": "^v[1-9][0-9]*$"], "owner_id": optional(text),
    "status": choice(AgentStatus.allCases.map(\.rawValue)),
    "code_interpreter": optional(object(["keep_files_mb": ["type": "integer", "minimum": 0]])),
    "metadata": optional(["type": "object", "additionalProperties": ["type": "string"]]),
  ]

  static let positive: JSONValue = ["type": "integer", "minimum": 1]

  static let conversation: JSONValue = object([
    "continuous": boolean, "historyLength": positive, "temperature": ["type": "number", "minimum": 0, "maximum": 2],
    "max_tokens": positive, "on_busy": choice(ConversationConfig.BusyPolicy.allCases.map(\.rawValue)),
  ])

  private static func agent(required: [String]) -> JSONValue { object(agentFields, required: required) }

  private static let storedAgent: JSONValue = {
    var fields = agentFields
    fields["revision"] = positive
    fields["created_at"] = time
    fields["updated_at"] = time
    return object(fields, required: ["id", "name", "type", "template_id", "status", "revision"])
  }()

  private static let change: JSONValue = object(
    [
      "success": boolean, "agent_id": text, "message": text,
      "validation_results": object(["valid": boolean, "warnings": list(text)]),
    ], required: ["success", "agent_id", "message", "validation_results"])

  private static let revision: JSONValue = object(["revision": positive, "updated_at": time, "changes": list(text)])

  private static let session: JSONValue = object([
    "agent_id": text, "session_id": text, "user_id": optional(text), "message_count": integer, "created_at": time,
    "updated_at": time, "messages": list(anyObject),
  ])

  static let fault: JSONValue = object(
    [
      "loc": list(["type": ["string", "integer"]]), "msg": text, "type": text, "line": positive, "column": positive,
    ], required: ["loc", "msg", "type"])

  private static let error: JSONValue = object(
    [
      "error": text, "message": text, "details": optional(anyObject), "detail": ["anyOf": [text, list(fault)]],
      "request_id": text,
    ], required: ["error", "message", "details", "detail", "request_id"])

  private static let openAIError: JSONValue = object(
    [
      "error": object(["message": text, "type": text, "param": optional(text), "code": text]), "message": text,
      "details": optional(anyObject), "detail": ["anyOf": [text, list(fault)]], "request_id": text,
    ], required: ["error", "message", "details", "detail", "request_id"])

  private static let catalog: JSONObject = [
    "Schema": object(
      [
        "version": text, "lastUpdated": time, "supportedAgentTemplates": list(reference("Template")),
        "capabilities": anyObject, "limits": anyObject,
      ], required: ["version", "lastUpdated", "supportedAgentTemplates", "capabilities", "limits"]),
    "TemplateList": object(["templates": list(reference("Template"))], required: ["templates"]),
    "Template": object(
      [
        "template_name": text, "template_id": text, "type": text, "version": text, "displayName": text,
        "description": text, "runtimeRequirements": anyObject, "configSchema": anyObject, "jsonSchema": anyObject,
      ], required: ["template_id", "type", "version", "configSchema", "jsonSchema"]),
    "Service": object(["service": text, "version": text, "status": text, "docs": text]),
    "Health": object(
      [
        "status": choice(["healthy", "degraded", "unhealthy"]), "timestamp": time, "version": text,
        "uptime_seconds": ["type": "number"], "last_sync": optional(time), "checks": anyObject, "metrics": anyObject,
      ], required: ["status", "timestamp", "version", "uptime_seconds", "last_sync", "checks", "metrics"]),
  ]
}
