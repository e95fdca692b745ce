extension AgentCatalog {
  /// The agent that a chat's `model` names: an agent's id, else a line whose published release with the highest
  /// version number it is. Throws `RuntimeError`: 404, and 403 where the caller may not run it (contract §2).
  public func runnable(_ name: String, userID: String?) async throws -> LoadedAgent {
    let agent = try await loaded(name)
    let definition = agent.definition
    if definition.status == .revoked {
      throw RuntimeError(.accessDenied, "Agent '\(definition.id)' is revoked and is not executed.")
    }
    let isOpen = definition.status == .published && definition.versionType == .release
    if !isOpen, let owner = definition.ownerID, let userID, !owner.isSame(as: userID) {
      throw RuntimeError(
        .accessDenied, "Agent '\(definition.id)' is not a published release and answers its owner alone.")
    }
    return agent
  }

  private func loaded(_ name: String) async throws -> LoadedAgent {
    // Before the cache: to a dictionary, different spellings of one character are equal.
    guard AgentDefinition.isValidID(name) else { throw RuntimeError.noAgent(name) }
    if let agent = cache.agent(name) { return agent }
    let generation = cache.generation
    guard let definition = try await find(name) else { throw RuntimeError.noAgent(name) }
    guard let template = templates.version(definition.templateVersionID, of: definition.templateID),
      let program = template.program(definition.templateConfig)
    else {
      throw RuntimeError(
        .execution,
        "Agent '\(definition.id)' uses \(definition.templateID) \(definition.templateVersionID), which this runtime "
          + "does not have or whose settings it cannot read.", shouldRetry: false)
    }
    let agent = LoadedAgent(definition: definition, program: program)
    cache.keep(agent, as: name, readAt: generation)
    return agent
  }

  private func find(_ name: String) async throws -> AgentDefinition? {
    guard AgentDefinition.isValidID(name) else { return nil }
    if let agent = try await store.agent(name) { return agent }
    return try await store.publishedRelease(line: name)
  }
}

extension AgentCatalog {
  /// The agent that a name means, as in `runnable`, whether it may run or not. Throws `RuntimeError` 404.
  public func named(_ name: String) async throws -> AgentDefinition {
    guard let definition = try await find(name) else { throw RuntimeError.noAgent(name) }
    return definition
  }
}
