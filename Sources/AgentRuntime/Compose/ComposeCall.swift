import AgentJSON

/// What `POST /v1/agents/compose` was asked for.
struct ComposeCall: Sendable, Hashable {
  /// The template that the agent is to be made of.
  let templateID: String
  /// What the agent is to do, in the caller's words.
  let instructions: String
  /// What the agent is to be called; nil leaves that to the model.
  let name: String?
  /// Toolsets that the agent is to have; the model may choose more.
  let toolsets: [String]
  /// The model configuration that is asked, and that the agent is to use; nil for the default one.
  let modelID: String?
  /// What is odd but allowed.
  let warnings: [String]

  /// More are a mistake: an agent may name no more.
  static let toolsetsMax = 100
  private static let fields: Set<String> = [
    "template_id", "instructions", "suggested_name", "suggested_tools", "llm_config_id",
  ]

  /// Reads a body; `known` are the toolsets that are configured. Throws `RuntimeError` 422 with all faults.
  init(_ body: JSONObject, limits: RuntimeLimits, toolsets known: [String]) throws {
    var reader = ObjectReader(body, path: [.key("body")])
    for key in ["template_id", "instructions"] where reader.value(key) == nil {
      reader.fault(key, "is required", "missing")
    }
    templateID = reader.string("template_id", length: 1...128) ?? ""
    instructions = reader.string("instructions", length: 1...limits.messageLengthMax) ?? ""
    if !instructions.isEmpty, instructions.trimmedOfMarks.isEmpty {
      reader.fault("instructions", "must not be blank", "blank")
    }
    name = reader.string("suggested_name", length: 1...100)
    toolsets = Self.toolsets(&reader, known)
    modelID = reader.headerText("llm_config_id")
    let unknown = body.keys.lazy.filter { !Self.fields.contains($0) }.prefix(100)
    warnings = unknown.map { "\($0.excerpt) is not a field of this request and is ignored" }
    guard reader.faults.isEmpty else { throw RuntimeError.invalid(reader.faults) }
  }

  private static func toolsets(_ reader: inout ObjectReader, _ known: [String]) -> [String] {
    guard let list = reader.array("suggested_tools") else { return [] }
    guard list.count <= toolsetsMax else {
      reader.fault("suggested_tools", "holds \(list.count) names, not 0 to \(toolsetsMax)", "wrong_count")
      return []
    }
    var names: [String] = []
    for (index, json) in list.enumerated() {
      let path = reader.path + [.key("suggested_tools"), .index(index)]
      guard let name = json.stringValue else {
        reader.add([Fault(path: path, message: "\(json.excerpt) is not a string", type: "wrong_type")])
        continue
      }
      if let fault = Fault(toolset: name, at: path, known: known) { reader.add([fault]) }
      if !names.contains(name) { names.append(name) }
    }
    return names
  }
}

extension Fault {
  /// The fault of a toolset's name that is not configured; nil where it is.
  init?(toolset name: String, at path: [Step], known: [String]) {
    guard !known.contains(where: name.isSame) else { return nil }
    let others = known.isEmpty ? "none is" : "there are: \(known.prefix(50).joined(separator: ", "))"
    self.init(path: path, message: "no toolset '\(name.excerpt)' is configured; \(others)", type: "not_allowed")
  }
}
