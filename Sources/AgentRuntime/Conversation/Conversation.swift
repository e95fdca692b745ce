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
      try await run.place.take()
      try run.checkTools(isStored: false)
      let turn = ConversationTurn(run: run, historyLength: length, isStored: false)
      return try await Self.completion(of: Self.graph.run(.write(\.turn, turn), options: Self.toolOptions(run)))
    }
    let key = ThreadKey(agentID: run.agent.id, sessionID: sessionID)
    let policy = asked?.onBusy ?? own?.onBusy ?? .enqueue
    try run.checkTools(isStored: true)
    return try await run.threads.turn(key, policy: policy, handle: run.handle, place: run.place, kept: run.kept) {
      let graph = Self.graph.checkpointed(by: run.threads.store.threads)
      if run.belt != nil {
        return try await StoredToolTurn(run: run, historyLength: length, graph: graph, thread: key.name).complete()
      }
      let turn = ConversationTurn(run: run, historyLength: length, isStored: true)
      return try await Self.completion(of: graph.run(.write(\.turn, turn), on: key.name, options: Self.options))
    }
  }

  /// A turn is whole or not there: it is saved once, when the model has ended, and one that fails leaves nothing.
  private static let options: RunOptions = {
    var options = RunOptions(durability: .exit)
    options.keepsFailures = false
    return options
  }()

  /// Bounds a run with tools; the model's turns are bounded by the loop itself.
  static func toolOptions(_ run: AgentRun) -> RunOptions {
    var options = RunOptions(durability: .async)
    options.concurrencyMax = ToolLoop.callsAtOnce
    options.superstepsMax = 10_000
    return options
  }

  static func completion(of result: GraphResult<ConversationState>) throws -> ChatCompletion {
    if let answer = result.state.answer { return answer.completion }
    throw RuntimeError(.internal, "The conversation's graph ended without an answer.")
  }
}
