import AgentGraph

extension InMemoryStore {
  /// Stores a new agent and its first revision. Throws `StoreError.exists` if the id is taken.
  public func insertAgent(_ agent: AgentDefinition, changes: [String]) async throws {
    let name = Name(agent.id)
    try withState { state in
      guard state.entries[name] == nil else {
        throw StoreError(.exists, "There is an agent \(agent.id) already.")
      }
      state.entries[name] = Entry(agent: agent, revisions: [agent.historyEntry(changes)])
      state.names.append(name)
    }
  }

  /// The agent with this id. Throws `StoreError.unavailable` once the store is closed.
  public func agent(_ id: String) async throws -> AgentDefinition? {
    try withState { $0.entries[Name(id)]?.agent }
  }

  /// The published release of a line with the highest version number (the last created of equals).
  public func publishedRelease(line: String) async throws -> AgentDefinition? {
    var query = AgentQuery()
    query.agentLineID = line
    query.status = .published
    return try withState { state in
      state.agents(matching: query).filter { $0.versionType == .release }
        .reduce(nil) { best, next in
          best.map { next.versionNumber >= $0.versionNumber ? next : $0 } ?? next
        }
    }
  }

  /// A page of agents in the order of their creation, and how many match in all.
  public func agents(_ query: AgentQuery) async throws -> AgentPage {
    try withState { state in
      let matching = state.agents(matching: query)
      let page = matching.dropFirst(max(query.offset, 0)).prefix(max(query.limit, 0))
      return AgentPage(agents: Array(page), total: matching.count)
    }
  }

  /// Replaces an agent if its stored revision is `expecting`, and adds `agent.revision` to its history.
  /// Throws `StoreError.notFound` and `StoreError.conflict(current:)`.
  public func replaceAgent(_ agent: AgentDefinition, expecting revision: Int, changes: [String]) async throws {
    let name = Name(agent.id)
    try withState { state in
      guard let entry = state.entries[name] else {
        throw StoreError(.notFound, "There is no agent \(agent.id).")
      }
      let current = entry.agent.revision
      guard current == revision else {
        throw StoreError(
          .conflict(current: current), "The agent \(agent.id) has revision \(current), not \(revision).")
      }
      guard !entry.revisions.contains(where: { $0.revision == agent.revision }) else {
        throw StoreError(.exists, "The history of agent \(agent.id) has a revision \(agent.revision) already.")
      }
      state.entries[name]?.agent = agent
      state.entries[name]?.revisions.append(agent.historyEntry(changes))
    }
  }

  /// The history of an agent, oldest first; empty for an unknown one.
  public func revisions(of agentID: String) async throws -> [AgentRevision] {
    try withState { $0.entries[Name(agentID)]?.revisions ?? [] }
  }

  /// Removes an agent with its history, its threads and its runs. Returns whether there was one.
  public func deleteAgent(_ id: String) async throws -> Bool {
    let name = Name(id)
    return try withState { state in
      guard state.entries.removeValue(forKey: name) != nil else { return false }
      state.names.removeAll { $0 == name }
      state.removeRuns(ofAgent: id)
      checkpoints.deleteThreads(withPrefix: ThreadKey.prefix(agentID: id))
      return true
    }
  }

  /// How many agents are stored and not revoked.
  public func activeAgentCount() async throws -> Int {
    try withState { state in state.entries.values.count { $0.agent.status != .revoked } }
  }
}

extension InMemoryStore.State {
  fileprivate func agents(matching query: AgentQuery) -> [AgentDefinition] {
    names.compactMap { entries[$0]?.agent }.filter(query.matches)
  }
}

extension AgentDefinition {
  fileprivate func historyEntry(_ changes: [String]) -> AgentRevision {
    AgentRevision(revision: revision, updatedAt: updatedAt, changes: changes)
  }
}
