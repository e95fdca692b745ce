extension InMemoryStore {
  /// A thread with its last `last` messages (nil: all of them).
  public func thread(_ key: ThreadKey, last: Int?) async throws -> AgentThread? {
    let thread = try withState { $0.entries[Name(key.agentID)]?.threads[Name(key.sessionID)] }
    guard var thread, let last else { return thread }
    thread.messages = thread.messages.suffix(max(last, 0))
    return thread
  }

  /// Appends a turn, making the thread if need be. Throws `StoreError.notFound` if the agent is not stored, and
  /// then stores nothing.
  public func appendTurn(_ turn: ThreadTurn) async throws {
    let (agent, session) = (Name(turn.key.agentID), Name(turn.key.sessionID))
    try withState { state in
      guard state.entries[agent] != nil else {
        throw StoreError(.notFound, "The agent \(turn.key.agentID) is not stored: the turn was not kept.")
      }
      let new = AgentThread(
        key: turn.key, userID: nil, messageCount: 0, messages: [], createdAt: turn.time, updatedAt: turn.time)
      state.entries[agent]?.threads[session, default: new].append(turn)
    }
  }

  /// Removes a thread. Returns whether there was one.
  public func deleteThread(_ key: ThreadKey) async throws -> Bool {
    try withState { state in
      state.entries[Name(key.agentID)]?.threads.removeValue(forKey: Name(key.sessionID)) != nil
    }
  }
}

extension AgentThread {
  fileprivate mutating func append(_ turn: ThreadTurn) {
    if turn.replacesHistory { messages.removeAll() }
    messages += turn.messages
    messageCount = messages.count
    userID = userID ?? turn.userID
    updatedAt = turn.time
  }
}
