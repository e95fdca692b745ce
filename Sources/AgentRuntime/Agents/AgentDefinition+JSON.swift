public import AgentJSON
import FoundationEssentials

extension AgentDefinition {
  /// The agent as the API shows it and as stores keep it: every field of contract §2, null where it has no value.
  public var json: JSONObject {
    [
      "id": .string(id), "name": .string(name), "description": .init(description), "avatar_url": .init(avatarURL),
      "type": .string(type), "template_id": .string(templateID), "template_version_id": .string(templateVersionID),
      "template_config": .object(templateConfig), "system_prompt": .init(systemPrompt),
      "conversation_config": conversationConfig.map { .object($0.json) } ?? .null,
      "limits": limits.map { .object($0.json) } ?? .null, "toolsets": .array(toolsets.map { .string($0) }),
      "llm_config_id": .init(llmConfigID), "agent_line_id": .string(agentLineID),
      "version_type": .string(versionType.rawValue), "version_number": .string("v\(versionNumber)"),
      "owner_id": .init(ownerID), "status": .string(status.rawValue),
      "code_interpreter": codeInterpreter.map { .object($0) } ?? .null,
      "metadata": metadata.map { .object($0) } ?? .null, "revision": .integer(revision),
      "created_at": .string(createdAt.wireText), "updated_at": .string(updatedAt.wireText),
    ]
  }

  /// Reads back what `json` wrote. Throws `StoreError` of kind `corrupt` naming the field that is missing or wrong.
  public init(stored json: JSONObject) throws {
    func text(_ key: String) throws -> String {
      guard let text = json[key]?.stringValue else {
        throw StoreError(.corrupt, "A stored agent's \(key) is \(json[key]?.typeName ?? "missing"), not a string.")
      }
      return text
    }
    func date(_ key: String) throws -> Date {
      guard let date = Date(wireText: try text(key)) else {
        throw StoreError(.corrupt, "A stored agent's \(key) is not an ISO 8601 time.")
      }
      return date
    }
    self.init(
      id: try text("id"), name: try text("name"), type: try text("type"), templateID: try text("template_id"),
      templateVersionID: try text("template_version_id"), createdAt: try date("created_at"))
    guard let versionType = VersionType(rawValue: try text("version_type")),
      let status = AgentStatus(rawValue: try text("status")),
      let versionNumber = Int(try text("version_number").dropFirst()),
      let revision = json["revision"]?.intValue
    else { throw StoreError(.corrupt, "The stored agent \(id) has an unknown version, status or revision.") }
    self.versionType = versionType
    self.status = status
    self.versionNumber = versionNumber
    self.revision = revision
    updatedAt = try date("updated_at")
    agentLineID = try text("agent_line_id")
    readOptionals(json)
  }

  private mutating func readOptionals(_ json: JSONObject) {
    description = json["description"]?.stringValue
    avatarURL = json["avatar_url"]?.stringValue
    templateConfig = json["template_config"]?.objectValue ?? [:]
    systemPrompt = json["system_prompt"]?.stringValue
    conversationConfig = json["conversation_config"]?.objectValue.map(ConversationConfig.init(stored:))
    limits = json["limits"]?.objectValue.map(AgentLimits.init(stored:))
    toolsets = json["toolsets"]?.arrayValue?.compactMap(\.stringValue) ?? []
    llmConfigID = json["llm_config_id"]?.stringValue
    ownerID = json["owner_id"]?.stringValue
    codeInterpreter = json["code_interpreter"]?.objectValue
    metadata = json["metadata"]?.objectValue
  }
}

extension ConversationConfig {
  /// The members that have a value.
  public var json: JSONObject {
    var json: JSONObject = [:]
    if let continuous { json["continuous"] = .bool(continuous) }
    if let historyLength { json["historyLength"] = .integer(historyLength) }
    if let temperature { json["temperature"] = .double(temperature) }
    if let maxTokens { json["max_tokens"] = .integer(maxTokens) }
    if let onBusy { json["on_busy"] = .string(onBusy.rawValue) }
    return json
  }

  /// Reads back what `json` wrote; members of a wrong type are left out.
  public init(stored json: JSONObject) {
    self.init()
    continuous = json["continuous"]?.boolValue
    historyLength = json["historyLength"]?.intValue
    temperature = json["temperature"]?.doubleValue
    maxTokens = json["max_tokens"]?.intValue
    onBusy = json["on_busy"]?.stringValue.flatMap(BusyPolicy.init(rawValue:))
  }
}

extension AgentLimits {
  /// The members that have a value.
  public var json: JSONObject {
    var json: JSONObject = [:]
    if let requestsPerMinute { json["requests_per_minute"] = .integer(requestsPerMinute) }
    if let tokensPerMinute { json["tokens_per_minute"] = .integer(tokensPerMinute) }
    if let maxToolTurns { json["max_tool_turns"] = .integer(maxToolTurns) }
    return json
  }

  /// Reads back what `json` wrote; members of a wrong type are left out.
  public init(stored json: JSONObject) {
    self.init()
    requestsPerMinute = json["requests_per_minute"]?.intValue
    tokensPerMinute = json["tokens_per_minute"]?.intValue
    maxToolTurns = json["max_tool_turns"]?.intValue
  }
}

extension AgentRevision {
  /// The entry as the API shows it.
  public var json: JSONValue {
    [
      "revision": .integer(revision), "updated_at": .string(updatedAt.wireText),
      "changes": .array(changes.map { .string($0) }),
    ]
  }
}

extension JSONValue {
  /// A string, or null for nil.
  init(_ text: String?) {
    if let text { self = .string(text) } else { self = .null }
  }
}
