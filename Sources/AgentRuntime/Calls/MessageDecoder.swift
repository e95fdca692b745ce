import AgentJSON

/// Reads the messages of a request; what is stored or sent on is the object as it came.
enum MessageDecoder {
  /// Messages of one request.
  private static let messagesMax = 10_000

  static func messages(_ reader: inout ObjectReader, textMax: Int, mayBeEmpty: Bool = false) -> [Message] {
    guard reader.value("messages") != nil else {
      if mayBeEmpty { return [] }
      reader.fault("messages", "is required: an array of at least one message", "missing")
      return []
    }
    guard let array = reader.array("messages") else { return [] }
    if array.isEmpty, mayBeEmpty { return [] }
    if !(1...messagesMax).contains(array.count) {
      reader.fault("messages", "holds \(array.count) messages, not 1 to \(messagesMax)", "wrong_count")
      return []
    }
    var messages: [Message] = []
    messages.reserveCapacity(array.count)
    for (index, json) in array.enumerated() where !reader.isFull {
      let path = [.key("body"), .key("messages"), Fault.Step.index(index)]
      guard let object = json.objectValue else {
        reader.add([Fault(path: path, message: "\(json.excerpt) is not an object", type: "wrong_type")])
        continue
      }
      var inner = ObjectReader(object, path: path)
      if let message = message(&inner) { messages.append(message) }
      reader.add(inner.faults)
    }
    checkLength(messages, textMax, &reader)
    return messages
  }

  private static func message(_ reader: inout ObjectReader) -> Message? {
    guard reader.value("role") != nil else {
      reader.fault("role", "is required: one of \(MessageRole.names)", "missing")
      return nil
    }
    guard let role = reader.choice("role", MessageRole.self) else { return nil }
    checkContent(role, &reader)
    _ = reader.string("name")
    if role == .tool, reader.string("tool_call_id") == nil, reader.value("tool_call_id") == nil {
      reader.fault("tool_call_id", "is required: the id of the call this answers", "missing")
    }
    if role == .assistant { checkToolCalls(&reader) }
    return Message(role: role, json: reader.object)
  }

  private static func checkContent(_ role: MessageRole, _ reader: inout ObjectReader) {
    guard let content = reader.value("content") else {
      // An assistant's message may be tool calls, a refusal or nothing at all.
      if role != .assistant { reader.fault("content", "is required: a string or an array of parts", "missing") }
      return
    }
    if content.stringValue != nil { return }
    guard let parts = content.arrayValue else {
      return reader.fault("content", "\(content.excerpt) is not a string or an array of parts", "wrong_type")
    }
    if parts.isEmpty { reader.fault("content", "must hold at least one part", "wrong_count") }
    for (index, part) in parts.enumerated() where !reader.isFull {
      let path = reader.path + [.key("content"), .index(index)]
      guard let type = part["type"]?.stringValue else {
        reader.add([Fault(path: path, message: "is not an object with a 'type'", type: "wrong_type")])
        continue
      }
      if type == "text", part["text"]?.stringValue == nil {
        reader.add([Fault(path: path + [.key("text")], message: "is required: a string", type: "missing")])
      }
    }
  }

  private static func checkToolCalls(_ reader: inout ObjectReader) {
    for (index, call) in (reader.array("tool_calls") ?? []).enumerated()
    where !reader.isFull && call["id"]?.stringValue == nil {
      let path = reader.path + [.key("tool_calls"), .index(index), .key("id")]
      reader.add([Fault(path: path, message: "is required: a string", type: "missing")])
    }
  }

  private static func checkLength(_ messages: [Message], _ textMax: Int, _ reader: inout ObjectReader) {
    // Bytes bound scalars from above, and are counted for nothing.
    let texts = messages.map(\.text)
    guard texts.reduce(0, { $0 + $1.utf8.count }) > textMax else { return }
    let count = texts.reduce(0) { $0 + $1.unicodeScalars.count }
    guard count > textMax else { return }
    reader.fault("messages", "hold \(count) characters of text, more than MAX_MESSAGE_LENGTH (\(textMax))", "too_long")
  }
}

extension MessageRole {
  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
