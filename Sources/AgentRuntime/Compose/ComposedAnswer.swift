import AgentJSON

/// What a model's answer comes to: a body that `POST /v1/agents` may take, and what is wrong with it.
struct ComposedAnswer: Sendable, Hashable {
  /// nil where the answer is no JSON object.
  private(set) var body: JSONObject?
  private(set) var reasoning: String?
  /// Why no agent can be made of it.
  var faults: [Fault] = []
  /// Settings that the template does not have. An agent can be made with them, but they do nothing, and the model meant
  /// something by them.
  private(set) var doubts: [Fault] = []
  /// What is odd but allowed.
  var warnings: [String] = []
  /// Whether the model will not do it: then asking again is of no use.
  private(set) var isRefusal = false

  static let path: [Fault.Step] = [.key("proposal")]
  private static let reasoningLengthMax = 8000
  private static let refusalLengthMax = 1000
  /// What the model decides. Whose the agent is, its id, its status, and which model it uses are not its to say.
  private static let members = ["name", "description", "system_prompt", "template_config", "toolsets"]

  init(_ completion: ChatCompletion, to call: ComposeCall, template: TemplateVersion, toolsets known: [String]) {
    let message = completion.message
    if message.text.isEmpty, let refusal = message.json["refusal"]?.stringValue, !refusal.isEmpty {
      isRefusal = true
      note("the model refuses: \(refusal.cutInMiddle(to: Self.refusalLengthMax))", "refused")
      return
    }
    switch JSONExtraction(from: message.text) {
    case .fault(let fault):
      let isCut = completion.finishReason == "length"
      note(isCut ? "the answer was cut off at the model's limit of tokens: \(fault)" : fault, "invalid_answer")
    case .found(let value, _):
      guard let object = value.objectValue else {
        note("a JSON object is expected, not \(value.typeName)", "wrong_type")
        return
      }
      read(object, call, template, known)
    }
  }

  private mutating func note(_ message: String, _ type: String) {
    faults.append(Fault(path: Self.path, message: message, type: type))
  }

  private mutating func read(
    _ object: JSONObject, _ call: ComposeCall, _ template: TemplateVersion, _ known: [String]
  ) {
    reasoning = object["reasoning"]?.stringValue?.cutInMiddle(to: Self.reasoningLengthMax)
    var body: JSONObject = [:]
    for key in Self.members {
      if let value = object[key], !value.isNull { body[key] = value }
    }
    if let name = call.name { body["name"] = .string(name) }
    body["template_id"] = .string(call.templateID)
    body["template_version_id"] = .string(template.about.version)
    if let modelID = call.modelID { body["llm_config_id"] = .string(modelID) }
    body["toolsets"] = toolsets(body["toolsets"], call, known)
    self.body = body
    if let config = body["template_config"]?.objectValue {
      findUnknown(in: config, of: template.json["jsonSchema"], Self.path + [.key("template_config")])
    }
    for key in object.keys.lazy.filter({ !Self.members.contains($0) && $0 != "reasoning" }).prefix(20) {
      warnings.append("the model's \(key.excerpt) is not taken over")
    }
  }

  /// Those that were suggested and those that the model chose, each once. What is no list stays for its fault to be told.
  private mutating func toolsets(_ json: JSONValue?, _ call: ComposeCall, _ known: [String]) -> JSONValue {
    guard let chosen = json.map([String].read) ?? [] else { return json ?? .null }
    var names = call.toolsets
    for name in chosen where !names.contains(name) { names.append(name) }
    for (index, name) in names.enumerated().prefix(ComposeCall.toolsetsMax) {
      let path = Self.path + [.key("toolsets"), .index(index)]
      if let fault = Fault(toolset: name, at: path, known: known) { faults.append(fault) }
    }
    return .array(names.map { .string($0) })
  }

  private mutating func findUnknown(in object: JSONObject, of schema: JSONValue?, _ path: [Fault.Step]) {
    guard let properties = schema?["properties"]?.objectValue else { return }
    for (key, value) in object where doubts.count < ObjectReader.faultsMax {
      let path = path + [.key(key.excerpt)]
      if let inner = properties[key] {
        if let members = value.objectValue { findUnknown(in: members, of: inner, path) }
      } else {
        let allowed = properties.keys.joined(separator: ", ")
        doubts.append(
          Fault(path: path, message: "is not a setting of the template; there are: \(allowed)", type: "unknown"))
      }
    }
  }
}

extension ComposedAnswer {
  /// Faults that are told to the model at once.
  private static let faultsToldMax = 20

  /// Whether an agent can be made of it.
  var isValid: Bool { body != nil && faults.isEmpty }

  /// What the model is told of it; nil where it is as it should be, or asking again is of no use. What is merely odd
  /// is worth one further call.
  func correction(afterAttempt attempt: Int) -> String? {
    guard !isRefusal else { return nil }
    let problems = faults.isEmpty && attempt > 1 ? [] : faults + doubts
    guard !problems.isEmpty else { return nil }
    return problems.prefix(Self.faultsToldMax).map { fault in
      let place = Fault(path: Array(fault.path.dropFirst()), message: "", type: "").pathText
      return (place.isEmpty ? "" : "\(place): ") + fault.message
    }.joined(separator: "\n")
  }

  /// Whether it is at least as good as an earlier answer.
  func isAsGood(as other: ComposedAnswer) -> Bool {
    rank.lexicographicallyPrecedes(other.rank) || rank == other.rank
  }

  private var rank: [Int] { [body == nil ? 1 : 0, faults.count, doubts.count] }
}
