import AgentJSON

/// A model's wish to use a tool.
struct ToolCall: Sendable, Hashable, Codable {
  /// The model's id of the call; the result names it.
  var id: String
  /// The tool.
  var name: String
  /// JSON text, as the model wrote it.
  var arguments: String

  /// Reads one element of a message's `tool_calls`; nil where it is no call of a function.
  init?(_ json: JSONValue) {
    guard let id = json["id"]?.stringValue, let name = json["function"]?["name"]?.stringValue else { return nil }
    self.id = id
    self.name = name
    arguments = json["function"]?["arguments"]?.stringValue ?? ""
  }
}

extension Message {
  /// The calls of functions that the message asks for.
  var toolCalls: [ToolCall] { (json["tool_calls"]?.arrayValue ?? []).compactMap(ToolCall.init) }

  /// The message with those of its calls alone whose tools are wanted.
  func keepingCalls(where isWanted: (String) -> Bool) -> Message {
    var json = json
    let calls = (json["tool_calls"]?.arrayValue ?? []).filter { call in
      call["function"]?["name"]?.stringValue.map(isWanted) ?? true
    }
    json["tool_calls"] = calls.isEmpty ? nil : .array(calls)
    return Message(role: role, json: json)
  }

  /// A tool's result.
  static func result(of call: ToolCall, _ text: String) -> Message {
    Message(
      role: .tool, json: ["role": "tool", "tool_call_id": .string(call.id), "content": .string(text)])
  }
}
