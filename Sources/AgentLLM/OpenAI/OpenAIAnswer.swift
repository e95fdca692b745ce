import AgentJSON
import AgentRuntime

/// An error as a model service reports it; every one has another shape.
struct UpstreamFault: Error {
  let message: String
  /// The code where it is a number: an HTTP status as a rule.
  let code: Int?

  /// Reads the value of an `error` member; nil where there is none.
  init?(_ error: JSONValue?) {
    switch error {
    case nil, .null: return nil
    case .object(let object):
      message = object["message"]?.stringValue ?? JSONValue.object(object).encodedText
      code = object["code"]?.intValue ?? object["status"]?.intValue
    case .string(let text):
      message = text
      code = nil
    case let value?:
      message = value.encodedText
      code = nil
    }
  }

  /// Reads the body of an answer with an error status.
  init?(body: JSONValue) {
    if let fault = UpstreamFault(body["error"]) { self = fault; return }
    guard let text = body["message"]?.stringValue ?? body["detail"]?.stringValue else { return nil }
    message = text
    code = nil
  }
}

extension TokenUsage {
  /// No model counts so many: guards the sums.
  private static let tokensMax = 1 << 40

  /// Reads a `usage` member; nil where there is none.
  init?(openAI value: JSONValue?) {
    guard case .object(var members)? = value else { return nil }
    func count(_ name: String) -> Int { min(max(members[name]?.intValue ?? 0, 0), Self.tokensMax) }
    let (prompt, completion) = (count("prompt_tokens"), count("completion_tokens"))
    for name in ["prompt_tokens", "completion_tokens", "total_tokens"] { members.removeValue(forKey: name) }
    self.init(promptTokens: prompt, completionTokens: completion, details: members)
  }
}

extension ChatDelta {
  /// Reads a `delta`, or a whole `message`: what is empty or null is left out.
  init(openAI members: JSONObject) {
    self.init()
    for (key, value) in members {
      switch (key, value) {
      case ("role", _), (_, .null): continue
      case ("content", .string(let text)): content = text.isEmpty ? nil : text
      case ("content", .array(let parts)):
        // Some services send content parts; here only their text can go on.
        let text = parts.compactMap { $0["text"]?.stringValue }.joined()
        content = text.isEmpty ? nil : text
      default:
        if extra == nil { extra = [:] }
        extra?[key] = value
      }
    }
  }
}

extension ChatCompletion {
  /// What is wrong with an answer that is valid JSON.
  enum Malformed: Error {
    case shape(String)
    case reported(UpstreamFault)
  }

  /// Reads the body of a whole answer.
  init(openAI body: JSONValue) throws {
    guard case .object(let answer) = body else { throw Malformed.shape("the answer is no JSON object") }
    if let fault = UpstreamFault(answer["error"]) { throw Malformed.reported(fault) }
    let choices = answer["choices"]?.arrayValue ?? []
    guard let choice = choices.first(where: { ($0["index"]?.intValue ?? 0) == 0 }),
      case .object(var json)? = choice["message"]
    else { throw Malformed.shape("the answer has no choices[0].message") }
    if json["role"]?.stringValue != MessageRole.assistant.rawValue {
      var withRole: JSONObject = ["role": "assistant"]
      for (key, value) in json where key != "role" { withRole[key] = value }
      json = withRole
    }
    let message = Message(role: .assistant, json: json)
    self.init(
      message: message,
      // Left out by a few servers; a whole answer is then one that came to its end.
      finishReason: choice["finish_reason"]?.stringValue ?? (message.hasToolCalls ? "tool_calls" : "stop"),
      usage: TokenUsage(openAI: answer["usage"]))
  }
}
