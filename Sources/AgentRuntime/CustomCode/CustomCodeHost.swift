import AgentJSON
import Synchronization

/// What a custom agent's code may ask of its run: pieces go to the caller, `llm.chat` to the agent's model.
final class CustomCodeHost: SandboxHost {
  private struct State {
    var text = ""
    var modelCalls = 0
    var modelTokens = 0
  }

  private let run: AgentRun
  private let state = Mutex(State())

  init(run: AgentRun) { self.run = run }

  /// Passes on a piece of the answer, as soon as it was yielded.
  func take(_ text: String) async throws {
    guard !text.isEmpty else { return }
    state.withLock { $0.text += text }
    if let sink = run.sink { try await sink([ChatDelta(content: text)]) }
  }

  /// The whole answer: what was yielded, and what was returned. A generator that only yields returns null.
  func finish(with value: JSONValue) async throws -> String {
    let isWhole = state.withLock { !$0.text.isEmpty && value.isNull }
    if !isWhole { try await take(value.stringValue ?? value.encodedText) }
    return state.withLock { $0.text }
  }

  /// Asks the agent's model. What the program can mend is refused in words for it; a model service that is out ends
  /// the run as it does for every agent (contract §6).
  func callModel(messages: [JSONValue], options: JSONObject) async throws -> JSONObject {
    try beginCall()
    let prompt = try prompt(messages)
    let options = try checked(options)
    do {
      let completion = try await run.ask(prompt, options: options)
      state.withLock { $0.modelTokens += completion.usage?.totalTokens ?? 0 }
      return Self.reply(completion)
    } catch let error as ModelError where error.kind == .rejected {
      throw SandboxRefusal(error.message)
    }
  }

  private func beginCall() throws {
    let limits = run.limits
    let refusal = state.withLock { state -> String? in
      if state.modelCalls >= limits.codeModelCallsMax {
        return "llm.chat: \(limits.codeModelCallsMax) calls were made, as many as one run may make"
      }
      if state.modelTokens >= limits.codeModelTokensMax {
        return "llm.chat: \(state.modelTokens) tokens were used; one run may use \(limits.codeModelTokensMax)"
      }
      state.modelCalls += 1
      return nil
    }
    if let refusal { throw SandboxRefusal(refusal) }
  }

  private func prompt(_ messages: [JSONValue]) throws -> [Message] {
    var reader = ObjectReader(["messages": .array(messages)], path: [])
    // What the program says is bounded by the sandbox's frames.
    let prompt = MessageDecoder.messages(&reader, textMax: .max)
    var faults = reader.faults
    if faults.isEmpty { faults = run.contentFaults(prompt) }
    guard faults.isEmpty else {
      let list = faults.prefix(20).map { "\($0.pathText): \($0.message)" }.joined(separator: "; ")
      throw SandboxRefusal("llm.chat: \(list)")
    }
    return prompt
  }

  /// What the runtime decides for the program.
  private static let reserved = ["messages", "metadata", "model", "n", "stream", "stream_options"]

  private func checked(_ options: JSONObject) throws -> JSONObject {
    let given = options.filter { !$0.value.isNull }
    let refused = given.map(\.key).filter(Self.reserved.contains)
    guard refused.isEmpty else {
      throw SandboxRefusal("llm.chat: these are not options of a call: \(refused.joined(separator: ", "))")
    }
    return JSONObject(given.map { ($0.key, $0.value) })
  }

  private static func reply(_ completion: ChatCompletion) -> JSONObject {
    let message = completion.message.json
    var reply: JSONObject = ["role": "assistant", "content": message["content"] ?? .null]
    for key in ["tool_calls", "refusal"] {
      if let value = message[key], !value.isNull { reply[key] = value }
    }
    reply["finish_reason"] = .string(completion.finishReason)
    reply["usage"] =
      completion.usage.map {
        [
          "prompt_tokens": .integer($0.promptTokens), "completion_tokens": .integer($0.completionTokens),
          "total_tokens": .integer($0.totalTokens),
        ]
      } ?? .null
    return reply
  }
}
