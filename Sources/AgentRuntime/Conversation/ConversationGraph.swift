import AgentGraph

extension Conversation {
  /// What the graph is called in checkpoints.
  public static let graphName = "conversation"

  /// `process_message` → `generate_response`, and from there to as many `call_tool` as the model wishes, and back. One
  /// graph serves all agents: what differs comes with the turn.
  static let graph: CompiledGraph<ConversationState> = {
    var graph = Graph<ConversationState>(graphName)
    graph.node("process_message", run: processMessage)
    graph.node("generate_response", .destinations(["call_tool"]), run: generateResponse)
    graph.node("call_tool", input: RequestedCall.self, run: callTool)
    graph.edge("call_tool", to: "generate_response")
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
      return turn.prompt(state)
    }
    let command = Command<ConversationState>.write(\.prompt, prompt)
    // What a crash or a question interrupts needs the request to go on with.
    guard turn.isStored, run.belt != nil else { return command }
    return command.write(\.pending, PendingTurn(run.call))
  }

  /// Asks the model; the thread gets the request and the reply together.
  @Sendable private static func generateResponse(
    _ state: ConversationState
  ) async throws -> Command<ConversationState> {
    let turn = try state.requireTurn()
    let run = turn.run
    if let belt = run.belt { return try await ToolLoop(turn: turn, belt: belt, state: state).respond() }
    return try await run.step("generate_response") {
      let completion = try await run.checkedAnswer(state.prompt)
      let answer = ConversationAnswer(completion)
      guard turn.isStored else { return .write(\.answer, answer) }
      // From here on the turn is stored or it is not; a caller who left before gets none.
      try Task.checkCancellation()
      return turn.storing(state, [completion.message]).write(\.answer, answer)
    }
  }

  /// Makes one call; what it comes to goes back to the model.
  @Sendable private static func callTool(
    _ request: RequestedCall, _ context: NodeContext<ConversationState>
  ) async throws -> Command<ConversationState> {
    let run = try context.state.requireTurn().run
    guard let belt = run.belt else { throw RuntimeError(.internal, "A tool was to be called without tools.") }
    let output = try await ToolExecution(run: run, belt: belt, context: context).perform(request)
    return .write(\.exchange, [.result(of: request.call, output.text)])
  }

  static func checkUser(of state: ConversationState, _ userID: String?) throws {
    guard let owner = state.userID ?? state.pending?.userID, let userID, !owner.isSame(as: userID) else { return }
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
