import AgentGraph

/// What every agent of type `conversation` does (contract §4): the prompt, the model, the thread.
public struct Conversation: Sendable {
  private let templateContinuous: Bool
  private let templateHistoryLength: Int

  /// With the template's settings, which hold where neither the request nor the agent says otherwise.
  public init(continuous: Bool, historyLength: Int) {
    templateContinuous = continuous
    templateHistoryLength = historyLength
  }

  /// Answers one request.
  public func turn(_ run: AgentRun) async throws -> ChatCompletion {
    try run.checkContent()
    let (asked, own) = (run.call.conversationConfig, run.agent.conversationConfig)
    let wanted = asked?.historyLength ?? own?.historyLength ?? templateHistoryLength
    let length = min(wanted, run.limits.conversationHistoryMax)
    guard asked?.continuous ?? own?.continuous ?? templateContinuous, let sessionID = run.call.sessionID else {
      try await run.takePlace()
      try run.checkTools(isStored: false)
      let turn = ConversationTurn(run: run, historyLength: length, isStored: false)
      return try await Self.completion(of: Self.graph.run(.write(\.turn, turn), options: Self.toolOptions(run)))
    }
    let key = ThreadKey(agentID: run.agent.id, sessionID: sessionID)
    try run.checkTools(isStored: true)
    return try await run.threads.turn(
      key, policy: run.busyPolicy, handle: run.handle, place: run.place, kept: run.kept
    ) {
      let graph = Self.graph.checkpointed(by: run.threads.store.threads)
      if let earlier = try await Self.storedReply(to: run, on: key.name, graph) { return earlier }
      if run.belt != nil {
        return try await StoredToolTurn(run: run, historyLength: length, graph: graph, thread: key.name).complete()
      }
      let turn = ConversationTurn(run: run, historyLength: length, isStored: true)
      return try await Self.completion(of: graph.run(.write(\.turn, turn), on: key.name, options: Self.options(run)))
    }
  }

  /// A turn is whole or not there: it is saved once, when the model has ended, and one that fails leaves nothing.
  private static func options(_ run: AgentRun) -> RunOptions {
    var options = RunOptions(durability: .exit)
    options.keepsFailures = false
    options.runID = run.id
    return options
  }

  /// What the turn came to, where it was stored and the end of its run was not: a crash came between. Nil where the
  /// turn is to be made.
  private static func storedReply(
    to run: AgentRun, on thread: String, _ graph: CompiledGraph<ConversationState>
  ) async throws -> ChatCompletion? {
    guard run.kept?.isResumed == true,
      let last = try await graph.history(of: thread, HistoryQuery(limit: 1, run: run.id)).first, last.next.isEmpty,
      let reply = last.state.messages.last(where: { $0.role == .assistant })
    else { return nil }
    run.record.warn("The turn was stored before a restart: its steps and its usage are not known any more.")
    return ChatCompletion(message: reply, finishReason: reply.hasToolCalls ? "tool_calls" : "stop", usage: nil)
  }

  /// Bounds a run with tools; the model's turns are bounded by the loop itself.
  static func toolOptions(_ run: AgentRun) -> RunOptions {
    var options = RunOptions(durability: .async)
    options.concurrencyMax = ToolLoop.callsAtOnce
    options.superstepsMax = 10_000
    options.runID = run.id
    return options
  }

  static func completion(of result: GraphResult<ConversationState>) throws -> ChatCompletion {
    if let answer = result.state.answer { return answer.completion }
    throw RuntimeError(.internal, "The conversation's graph ended without an answer.")
  }
}
