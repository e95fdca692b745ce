import AgentJSON

/// The fields of a create or update body: read, checked, and laid over a definition (contract §2).
struct AgentFields {
  static let names: Set<String> = [
    "id", "name", "description", "avatar_url", "type", "template_id", "template_version_id", "template_config",
    "system_prompt", "conversation_config", "limits", "toolsets", "llm_config_id", "agent_line_id", "version_type",
    "version_number", "owner_id", "status", "code_interpreter", "metadata",
  ]
  /// What the API shows and a client may send back unchanged.
  static let readOnly: Set<String> = ["revision", "created_at", "updated_at"]
  static let neverNull: Set<String> = ["id", "name", "template_id", "status"]
  /// Fields that a new agent must have; null is none, as for all others.
  static let required: Set<String> = ["name", "template_id"]

  var reader: ObjectReader
  var warnings: [String] = []
  private let toolsetNames: [String]

  /// `toolsets` are the names that are configured; others are warned of.
  init(_ body: JSONObject, toolsets: [String]) {
    toolsetNames = toolsets
    reader = ObjectReader(body, path: [.key("body")])
    for key in body.keys.lazy.filter({ !Self.names.contains($0) && !Self.readOnly.contains($0) }).prefix(100) {
      warnings.append("\(key.excerpt) is not a field of an agent and is ignored")
    }
  }

  /// The fields that the body names, in its order.
  var given: [String] { reader.object.keys.filter(Self.names.contains) }

  /// Lays the given fields over `agent`; null resets a field to its default. Template fields are the caller's.
  mutating func apply(to agent: inout AgentDefinition, isNew: Bool = false) {
    for key in (isNew ? Self.required : Self.neverNull).sorted() where reader.object[key]?.isNull == true {
      reader.fault(key, "must not be null", "missing")
    }
    if let name = reader.string("name", length: 1...100) { agent.name = name }
    change("description", &agent.description) { $0.string("description", length: 0...10_000) }
    change("avatar_url", &agent.avatarURL) { $0.string("avatar_url", length: 0...4096) }
    change("system_prompt", &agent.systemPrompt) { $0.string("system_prompt") }
    change("owner_id", &agent.ownerID) { $0.string("owner_id", length: 1...256) }
    change("llm_config_id", &agent.llmConfigID) { $0.headerText("llm_config_id") }
    change("conversation_config", &agent.conversationConfig) { $0.conversationConfig() }
    change("limits", &agent.limits) { $0.limits() }
    change("code_interpreter", &agent.codeInterpreter) { $0.codeInterpreter() }
    change("metadata", &agent.metadata) { $0.metadata() }
    if reader.object.contains(key: "toolsets") { agent.toolsets = reader.toolsets() ?? [] }
    if reader.object.contains(key: "agent_line_id") {
      agent.agentLineID = reader.identifier("agent_line_id") ?? agent.id
    }
    if reader.object.contains(key: "version_type") {
      agent.versionType = reader.choice("version_type", VersionType.self) ?? .beta
    }
    if reader.object.contains(key: "version_number") { agent.versionNumber = reader.versionNumber() ?? 1 }
    warnUnknownMembers()
  }

  private mutating func change<Value>(
    _ key: String, _ field: inout Value?, _ read: (inout ObjectReader) -> Value?
  ) {
    if reader.object.contains(key: key) { field = read(&reader) }
  }

  private mutating func warnUnknownMembers() {
    let known = [
      "conversation_config": ConversationConfig.fieldNames,
      "limits": ["requests_per_minute", "tokens_per_minute", "max_tool_turns"], "code_interpreter": ["keep_files_mb"],
    ]
    for (field, names) in known.sorted(by: { $0.key < $1.key }) {
      let unknown = (reader.object[field]?.objectValue?.keys ?? []).lazy.filter { !names.contains($0) }
      for key in unknown.prefix(100) { warnings.append("\(field).\(key.excerpt) is not known and is ignored") }
    }
    let toolsets = (reader.object["toolsets"]?.arrayValue ?? []).prefix(100).compactMap(\.stringValue)
    for name in toolsets where !toolsetNames.contains(name) {
      warnings.append("toolsets: no toolset '\(name.excerpt)' is configured")
    }
  }
}

/// Of all of an agent's metadata: it is the platform's small change, and every list shows it.
private let metadataBytesMax = 64 << 10

extension ObjectReader {
  fileprivate mutating func nested<Value>(_ key: String, _ read: (inout ObjectReader) -> Value) -> Value? {
    guard let object = object(key) else { return nil }
    var inner = ObjectReader(object, path: path + [.key(key)])
    let value = read(&inner)
    add(inner.faults)
    return value
  }

  fileprivate mutating func conversationConfig() -> ConversationConfig? {
    nested("conversation_config") { ConversationConfig(&$0) }
  }

  fileprivate mutating func limits() -> AgentLimits? {
    nested("limits") { inner in
      var limits = AgentLimits()
      limits.requestsPerMinute = inner.integer("requests_per_minute", 1...Int.max)
      limits.tokensPerMinute = inner.integer("tokens_per_minute", 1...Int.max)
      limits.maxToolTurns = inner.integer("max_tool_turns", 1...Int.max)
      return limits
    }
  }

  fileprivate mutating func codeInterpreter() -> JSONObject? {
    nested("code_interpreter") { inner in
      let size = inner.integer("keep_files_mb", 0...Int.max)
      return size.map { ["keep_files_mb": .integer($0)] } ?? [:]
    }
  }

  fileprivate mutating func metadata() -> JSONObject? {
    nested("metadata") { inner in
      for key in inner.object.keys where !inner.isFull && inner.object[key]?.stringValue == nil {
        inner.fault(key.excerpt, "is not a string", "wrong_type")
      }
      let bytes = inner.object.reduce(0) { $0 + $1.key.utf8.count + ($1.value.stringValue?.utf8.count ?? 0) }
      if bytes > metadataBytesMax {
        inner.faultHere("has \(bytes) bytes, more than \(metadataBytesMax)", "too_long")
      }
      return inner.object
    }
  }

  fileprivate mutating func toolsets() -> [String]? {
    guard let json = value("toolsets") else { return nil }
    guard let names = [String].read(json) else {
      fault("toolsets", "\(json.excerpt) is not an array of strings", "wrong_type")
      return nil
    }
    guard names.count <= 100, names.allSatisfy({ (1...128).contains($0.utf8.count) }) else {
      fault("toolsets", "may hold 100 names of 1 to 128 bytes", "wrong_count")
      return nil
    }
    return names
  }

  /// A text that goes into a header: 1..256 visible ASCII characters.
  mutating func headerText(_ key: String) -> String? {
    guard let text = string(key, length: 1...256) else { return nil }
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      fault(key, "may hold visible ASCII characters alone", "pattern")
      return nil
    }
    return text
  }

  fileprivate mutating func versionNumber() -> Int? {
    guard let text = string("version_number") else { return nil }
    let digits = text.dropFirst()
    guard text.first == "v", digits.first != "0", digits.utf8.allSatisfy({ (48...57).contains($0) }),
      let number = Int(digits)
    else {
      fault("version_number", "'\(text.prefix(80))' is not 'v' and a positive whole number, such as v1", "pattern")
      return nil
    }
    return number
  }
}
