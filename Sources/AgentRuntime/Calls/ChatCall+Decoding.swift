public import AgentJSON

extension ChatCall {
  /// Members that are this runtime's to read; every other one goes to the model (contract §4).
  private static let reserved: Set<String> = [
    "model", "messages", "stream", "metadata", "conversation_config", "n",
  ]

  /// Reads a request's body. Throws `RuntimeError` 422 with all faults at once.
  public init(body: JSONObject, requestID: String, limits: RuntimeLimits) throws {
    var reader = ObjectReader(body, path: [.key("body")])
    let model = reader.string("model", length: 1...256)
    if reader.value("model") == nil { reader.fault("model", "is required: an agent's id", "missing") }
    self.init(model: model ?? "", messages: [], requestID: requestID)
    self.body = body
    stream = reader.bool("stream") ?? false
    readStreamOptions(&reader)
    readMetadata(&reader)
    // Who approves a call need not say anything besides.
    messages = MessageDecoder.messages(
      &reader, textMax: limits.messageLengthMax, mayBeEmpty: !approvals.isEmpty)
    if let config = reader.object("conversation_config") {
      var inner = ObjectReader(config, path: [.key("body"), .key("conversation_config")])
      conversationConfig = ConversationConfig(&inner)
      reader.add(inner.faults)
    }
    if let n = reader.integer("n"), n != 1 { reader.fault("n", "\(n) is not 1: one answer a request", "out_of_range") }
    Self.checkParameters(&reader)
    answerFormat = AnswerFormat(&reader)
    guard reader.faults.isEmpty else { throw RuntimeError.invalid(reader.faults) }
    parameters.reserveCapacity(body.count)
    for (key, value) in body where !Self.reserved.contains(key) { parameters[key] = value }
  }

  private mutating func readStreamOptions(_ reader: inout ObjectReader) {
    guard let options = reader.object("stream_options") else { return }
    var inner = ObjectReader(options, path: [.key("body"), .key("stream_options")])
    includeUsage = inner.bool("include_usage") ?? false
    reader.add(inner.faults)
  }

  private mutating func readMetadata(_ reader: inout ObjectReader) {
    let user = reader.string("user")
    metadata = reader.object("metadata") ?? [:]
    var inner = ObjectReader(metadata, path: [.key("body"), .key("metadata")])
    sessionID = inner.string("session_id", length: 1...256) ?? inner.string("task_id", length: 1...256)
    userID = inner.string("user_id") ?? user
    runID = inner.identifier("run_id")
    isBackground = inner.bool("background") ?? false
    readApprovals(&inner)
    reader.add(inner.faults)
  }

  /// Decisions at once: far more than a turn can ask for.
  private static let approvalsMax = 256

  private mutating func readApprovals(_ metadata: inout ObjectReader) {
    guard let list = metadata.array("approvals") else { return }
    guard (1...Self.approvalsMax).contains(list.count) else {
      let message = "holds \(list.count) decisions, not 1 to \(Self.approvalsMax)"
      return metadata.fault("approvals", message, "wrong_count")
    }
    for (index, json) in list.enumerated() where !metadata.isFull {
      let path = metadata.path + [.key("approvals"), .index(index)]
      guard let object = json.objectValue else {
        metadata.add([Fault(path: path, message: "\(json.excerpt) is not an object", type: "wrong_type")])
        continue
      }
      var inner = ObjectReader(object, path: path)
      if let decision = ApprovalDecision(&inner) {
        if approvals.contains(where: { $0.id == decision.id }) {
          inner.fault("id", "'\(decision.id.prefix(80))' is decided on twice", "duplicate")
        }
        approvals.append(decision)
      }
      metadata.add(inner.faults)
    }
    if sessionID == nil {
      metadata.fault("session_id", "is required with approvals: the session whose calls they are about", "missing")
    }
  }

  private static func checkParameters(_ reader: inout ObjectReader) {
    _ = reader.number("temperature", 0...2)
    _ = reader.number("top_p", 0...1)
    _ = reader.number("presence_penalty", -2...2)
    _ = reader.number("frequency_penalty", -2...2)
    _ = reader.integer("max_tokens", 1...Int.max)
    _ = reader.integer("max_completion_tokens", 1...Int.max)
    _ = reader.integer("seed")
    _ = reader.bool("parallel_tool_calls")
    _ = reader.string("reasoning_effort")
    checkStop(&reader)
    checkTools(&reader)
    if let choice = reader.value("tool_choice"), choice.stringValue == nil, choice.objectValue == nil {
      reader.fault("tool_choice", "\(choice.excerpt) is not a string or an object", "wrong_type")
    }
  }

  private static func checkStop(_ reader: inout ObjectReader) {
    guard let stop = reader.value("stop"), stop.stringValue == nil else { return }
    guard let texts = stop.arrayValue, texts.allSatisfy({ $0.stringValue != nil }) else {
      return reader.fault("stop", "\(stop.excerpt) is not a string or an array of strings", "wrong_type")
    }
  }

  private static func checkTools(_ reader: inout ObjectReader) {
    for (index, tool) in (reader.array("tools") ?? []).enumerated() {
      guard let type = tool["type"]?.stringValue else {
        reader.add([
          Fault(
            path: reader.path + [.key("tools"), .index(index)], message: "is not an object with a 'type'",
            type: "wrong_type")
        ])
        continue
      }
      guard type == "function" else { continue }
      if tool["function"]?["name"]?.stringValue?.isEmpty != false {
        reader.add([
          Fault(
            path: reader.path + [.key("tools"), .index(index), .key("function"), .key("name")],
            message: "is required: a string", type: "missing")
        ])
      }
    }
  }
}

extension ConversationConfig {
  static let fieldNames = ["continuous", "historyLength", "temperature", "max_tokens", "on_busy"]

  /// Reads the members, leaving faults in the reader.
  init(_ reader: inout ObjectReader) {
    self.init()
    continuous = reader.bool("continuous")
    historyLength = reader.integer("historyLength", 1...Int.max)
    temperature = reader.number("temperature", 0...2)
    maxTokens = reader.integer("max_tokens", 1...Int.max)
    onBusy = reader.choice("on_busy", BusyPolicy.self)
  }
}
