import AgentGraph
import AgentJSON

/// One turn of a conversation whose agent has tools: model → calls → results → model, until the model answers.
struct ToolLoop {
  let turn: ConversationTurn
  let belt: ToolBelt
  let state: ConversationState

  /// Calls of one message beyond these are refused, each with a result that says so.
  static let callsMax = 128
  /// Calls that are made at once.
  static let callsAtOnce = 8

  private var run: AgentRun { turn.run }
  private var turnsTaken: Int { state.exchange.count { $0.hasToolCalls } }

  /// Asks the model, or ends the turn with the calls that are the caller's.
  func respond() async throws -> Command<ConversationState> {
    if let asking = state.exchange.last(where: { $0.hasToolCalls }), hasCallerCalls(asking) {
      let message = asking.keepingCalls { belt.tools[$0] == nil && isCallers($0) }
      if let sink = run.sink, let delta = ChatDelta(callsOf: message) { try await sink([delta]) }
      if !turn.isStored { run.exchanges.keep(Array(state.exchange), shown: message, of: run) }
      return finish(ChatCompletion(message: message, finishReason: "tool_calls", usage: nil), adding: [])
    }
    let remarks = turn.takeRemarks()
    let completion = try await ask(remarks)
    let calls = completion.message.toolCalls
    guard calls.contains(where: isOwn) else {
      if let sink = run.sink, let delta = ChatDelta(callsOf: completion.message) { try await sink([delta]) }
      return finish(completion, adding: remarks + [completion.message])
    }
    guard turnsTaken < turn.toolTurnsMax else {
      throw RuntimeError(
        .execution, "The model still calls tools after \(turn.toolTurnsMax) turns, as many as max_tool_turns allows.",
        shouldRetry: false)
    }
    let sends = calls.filter(isOwn).enumerated().map { index, call in
      let tool = belt.tools[call.name]
      return Send(
        "call_tool",
        RequestedCall(
          call: call, isTooMany: index >= Self.callsMax, asks: tool?.needsApproval, toolset: tool?.toolset))
    }
    return .write(\.exchange, remarks + [completion.message]).goto(.sends(sends))
  }

  private func ask(_ remarks: [Message]) async throws -> ChatCompletion {
    let offer = ToolOffer(belt: belt, turnsTaken: turnsTaken, isLast: turnsTaken >= turn.toolTurnsMax)
    let prompt = (state.prompt.isEmpty ? turn.prompt(state) : state.prompt) + state.exchange + remarks
    return try await run.step("generate_response") { try await run.checkedAnswer(prompt, offering: offer) }
  }

  /// A call is the agent's unless the caller has a tool of that name; what nobody has is answered by the runtime.
  private func isOwn(_ call: ToolCall) -> Bool { belt.tools[call.name] != nil || !isCallers(call.name) }

  /// Whether the caller has a tool of that name, or had when the turn began.
  private func isCallers(_ name: String) -> Bool {
    run.call.offersTool(name) || state.pending?.callerTools?.contains(name) == true
  }

  /// Whether all is done of a message's calls but what is left to the caller.
  private func hasCallerCalls(_ message: Message) -> Bool { message.toolCalls.contains { !isOwn($0) } }

  /// Ends the turn; the thread gets the request, the exchange and the reply together.
  private func finish(_ completion: ChatCompletion, adding reply: [Message]) -> Command<ConversationState> {
    let answer = ConversationAnswer(completion)
    guard turn.isStored else { return .write(\.answer, answer) }
    return turn.storing(state, Array(state.exchange) + reply).write(\.answer, answer)
  }
}

/// What the node `call_tool` is sent.
struct RequestedCall: Sendable, Codable {
  var call: ToolCall
  /// Whether the message holds more calls than are made.
  var isTooMany: Bool
  /// Whether a human must approve it: a policy that is relaxed while a call waits does not decide for the human.
  var asks: Bool?
  /// Whose tool it was when the model called it: what was approved is not made with another set's.
  var toolset: String?
}

extension ChatCall {
  /// Whether the request brings a tool of this name.
  func offersTool(_ name: String) -> Bool { toolNames.contains(name) }

  /// The names of the tools that the request brings.
  var toolNames: [String] {
    (parameters["tools"]?.arrayValue ?? []).compactMap { $0["function"]?["name"]?.stringValue }
  }
}
