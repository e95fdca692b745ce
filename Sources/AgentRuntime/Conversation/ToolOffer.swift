import AgentJSON

/// The tools of one model call: the agent's, and those that the caller brings.
struct ToolOffer: Sendable {
  let belt: ToolBelt
  /// How many times the model has called tools in this turn.
  let turnsTaken: Int
  /// Whether it must answer now.
  let isLast: Bool

  /// The request's parameters with the tools, and with the choice among them that fits this call.
  func parameters(_ base: JSONObject) -> JSONObject {
    var parameters = base
    var tools = belt.json + (base["tools"]?.arrayValue ?? [])
    guard !tools.isEmpty else { return parameters }
    if isLast {
      parameters["tool_choice"] = "none"
    } else if let name = base["tool_choice"]?["function"]?["name"]?.stringValue {
      // Servers accept a named choice and do not enforce it; who is offered one tool alone has no other choice.
      if turnsTaken == 0 {
        tools = tools.filter { $0["function"]?["name"]?.stringValue == name }
        parameters["tool_choice"] = "required"
      } else {
        parameters["tool_choice"] = "auto"
      }
    } else if turnsTaken > 0, base["tool_choice"] == "required" {
      // The first call has done what was required; for ever required, the loop would have no end.
      parameters["tool_choice"] = "auto"
    }
    parameters["tools"] = .array(tools)
    return parameters
  }

  /// A piece of the answer without the calls of tools: which of them are the caller's is not known until all have come.
  static func withoutCalls(_ deltas: [ChatDelta]) -> [ChatDelta] {
    deltas.compactMap { delta in
      guard delta.extra?.contains(key: "tool_calls") == true else { return delta }
      var delta = delta
      delta.extra?["tool_calls"] = nil
      if delta.extra?.isEmpty == true { delta.extra = nil }
      return delta.content == nil && delta.extra == nil ? nil : delta
    }
  }
}

extension ChatDelta {
  /// The calls that a message leaves to the caller, in one piece.
  init?(callsOf message: Message) {
    guard let calls = message.json["tool_calls"]?.arrayValue, !calls.isEmpty else { return nil }
    let pieces = calls.enumerated().map { index, call -> JSONValue in
      var piece: JSONObject = ["index": .integer(index)]
      for (key, value) in call.objectValue ?? [:] where key != "index" { piece[key] = value }
      return .object(piece)
    }
    self.init(extra: ["tool_calls": .array(pieces)])
  }
}
