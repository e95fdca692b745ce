import AgentGraph
import FoundationEssentials

extension Conversation {
  /// What the graph is called in checkpoints.
  public static let graphName = "conversation"

  /// `process_message` → `generate_response`. One graph serves all agents: what differs comes with the turn.
  static let graph: CompiledGraph<ConversationState> = {
    var graph = Graph<ConversationState>(graphName)
    graph.node("process_message", run: processMessage)
    graph.node("generate_response", run: generateResponse)
    graph.start(at: "process_message")
    graph.edge("process_message", to: "generate_response")
    do {
      return try graph.compile()
    } catch {
      preconditionFailure("the conversation's graph: \(error)")
    }
  }()

  /// Lays out what the model sees: the request, and what the thread holds.
  @Sendable private static func processMessage(_ state: ConversationState) async throws -> Command<ConversationState> {
    let turn = try state.requireTurn()
    let run = turn.run
    let prompt = try await run.step("process_message") {
      try checkUser(of: state, run.call.userID)
      var prompt = Prompt(run.call.messages, systemPrompt: run.agent.systemPrompt)
      if turn.isStored, !Prompt.bringsHistory(prompt.added) {
        prompt.history = Array(state.messages.suffix(turn.historyLength))
        if prompt.cutsToolExchange(last: turn.historyLength) { prompt.history = Array(state.messages) }
      }
      return prompt.messages(last: turn.historyLength)
    }
    return .write(\.prompt, prompt)
  }

  /// Asks the model; the thread gets the request and the reply together.
  @Sendable private static func generateResponse(
    _ state: ConversationState
  ) async throws -> Command<ConversationState> {
    let turn = try state.requireTurn()
    let run = turn.run
    return try await run.step("generate_response") {
      let completion = try await run.answer(state.prompt)
      let answer = ConversationAnswer(completion)
      guard turn.isStored else { return .write(\.answer, answer) }
      // From here on the turn is stored or it is not; a caller who left before gets none.
      try Task.checkCancellation()
      let added = run.call.messages.filter { !$0.role.isSystem }
      return state.adding(
        added + [completion.message], userID: run.call.userID, replacesHistory: Prompt.bringsHistory(added),
        milliseconds: Int(Date().timeIntervalSince1970 * 1000)
      ).write(\.answer, answer)
    }
  }

  private static func checkUser(of state: ConversationState, _ userID: String?) throws {
    guard let owner = state.userID, let userID, !owner.isSame(as: userID) else { return }
    throw RuntimeError(.accessDenied, "This session belongs to another user.")
  }
}

extension ConversationState {
  /// The turn that the run was begun with.
  fileprivate func requireTurn() throws -> ConversationTurn {
    if let turn { return turn }
    throw RuntimeError(.internal, "The conversation's graph was run without a turn.")
  }
}
