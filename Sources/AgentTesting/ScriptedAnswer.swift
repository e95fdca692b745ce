public import AgentJSON
public import AgentRuntime

/// What a `ScriptedChatModel` does in one call: events in order, then the whole answer.
public struct ScriptedAnswer: Sendable {
  enum Event: Sendable {
    case deltas([ChatDelta])
    case gate(ModelGate)
    case failure(any Error)

    func happen(_ onDeltas: ([ChatDelta]) async throws -> Void) async throws {
      try Task.checkCancellation()
      switch self {
      case .deltas(let deltas): try await onDeltas(deltas)
      case .gate(let gate): try await gate.pass()
      case .failure(let error): throw error
      }
    }
  }

  private(set) var events: [Event]
  /// The answer as a whole.
  public var completion: ChatCompletion

  /// A text that comes in these pieces, each an event of its own.
  public static func text(
    _ pieces: String..., finishReason: String = "stop",
    usage: TokenUsage? = TokenUsage(promptTokens: 3, completionTokens: 2)
  ) -> ScriptedAnswer {
    ScriptedAnswer(
      events: pieces.map { .deltas([ChatDelta(content: $0)]) },
      completion: ChatCompletion(
        message: Message(.assistant, pieces.joined()), finishReason: finishReason, usage: usage))
  }

  /// An assistant's message as OpenAI has it, such as one of tool calls; its other members come in one event.
  public static func message(_ json: JSONObject, finishReason: String) -> ScriptedAnswer {
    var extra = json
    extra.removeValue(forKey: "role")
    extra.removeValue(forKey: "content")
    return ScriptedAnswer(
      events: [.deltas([ChatDelta(content: json["content"]?.stringValue, extra: extra.isEmpty ? nil : extra)])],
      completion: ChatCompletion(
        message: Message(role: .assistant, json: json), finishReason: finishReason, usage: nil))
  }

  /// An error, after these pieces.
  public static func failing(_ error: any Error, after pieces: String...) -> ScriptedAnswer {
    var answer = ScriptedAnswer.text()
    answer.events = pieces.map { .deltas([ChatDelta(content: $0)]) } + [.failure(error)]
    return answer
  }

  /// The same with a gate before the event of that number; 0 is before the first.
  public func waiting(at gate: ModelGate, before event: Int = 0) -> ScriptedAnswer {
    var answer = self
    answer.events.insert(.gate(gate), at: event)
    return answer
  }
}
