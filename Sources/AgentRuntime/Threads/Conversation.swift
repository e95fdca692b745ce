import FoundationEssentials

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
    let (asked, own) = (run.call.conversationConfig, run.agent.conversationConfig)
    let wanted = asked?.historyLength ?? own?.historyLength ?? templateHistoryLength
    let length = min(wanted, run.limits.conversationHistoryMax)
    guard asked?.continuous ?? own?.continuous ?? templateContinuous, let sessionID = run.call.sessionID else {
      return try await stateless(run, historyLength: length)
    }
    let key = ThreadKey(agentID: run.agent.id, sessionID: sessionID)
    let policy = asked?.onBusy ?? own?.onBusy ?? .enqueue
    return try await run.threads.turn(key, policy: policy, handle: run.handle, onWaiting: run.noteWaiting) {
      try await continued(run, key: key, historyLength: length)
    }
  }

  private func stateless(_ run: AgentRun, historyLength: Int) async throws -> ChatCompletion {
    let prompt = try await run.step("process_message") {
      Prompt(run.call.messages, systemPrompt: run.agent.systemPrompt).messages(last: historyLength)
    }
    return try await run.step("generate_response") { try await run.answer(prompt) }
  }

  private func continued(_ run: AgentRun, key: ThreadKey, historyLength: Int) async throws -> ChatCompletion {
    let store = run.threads.store
    let added = run.call.messages.filter { !$0.role.isSystem }
    let replaces = Prompt.bringsHistory(added)
    let prompt = try await run.step("process_message") {
      var prompt = Prompt(run.call.messages, systemPrompt: run.agent.systemPrompt)
      let thread = try await store.thread(key, last: historyLength)
      try Self.checkUser(of: thread, run.call.userID)
      guard let thread, !replaces else { return prompt.messages(last: historyLength) }
      prompt.history = thread.messages
      if prompt.cutsToolExchange(last: historyLength), thread.messages.count < thread.messageCount {
        prompt.history = try await store.thread(key, last: nil)?.messages ?? []
      }
      return prompt.messages(last: historyLength)
    }
    return try await run.step("generate_response") {
      let completion = try await run.answer(prompt)
      // From here on the turn is stored or it is not; a caller who left before gets none.
      try Task.checkCancellation()
      try await store.appendTurn(
        ThreadTurn(
          key: key, userID: run.call.userID, messages: added + [completion.message], replacesHistory: replaces,
          time: Date()))
      return completion
    }
  }

  private static func checkUser(of thread: AgentThread?, _ userID: String?) throws {
    guard let owner = thread?.userID, let userID, !owner.isSame(as: userID) else { return }
    throw RuntimeError(.accessDenied, "This session belongs to another user.")
  }
}
