public import AgentJSON
public import FoundationEssentials

/// The stored agents: created, changed and removed here, and found here by those who run them.
public struct AgentCatalog: Sendable {
  /// The templates an agent can be made of.
  public let templates: TemplateCatalog
  let store: any RuntimeStore
  let toolsets: ToolsetCatalog
  private let sandbox: (any Sandbox)?
  private let supply: (any CodeSupply)?
  let runs: ActiveRuns
  let cache = AgentCache()
  private let makeID: @Sendable () -> String
  private let now: @Sendable () -> Date
  private let noteActive: @Sendable (Int) -> Void

  /// What a change of an agent came to.
  public struct Change: Sendable {
    /// The agent as it is stored now.
    public var agent: AgentDefinition
    /// What is odd but allowed.
    public var warnings: [String]
  }

  /// A catalog over a store; `toolsets` are those that agents may name, `sandbox` checks their code, which
  /// `supply` gets. Runs under way of a deleted agent are ended through `runs`; `noteActive` is told how many more
  /// agents are stored and not revoked after a change.
  public init(
    templates: TemplateCatalog, store: any RuntimeStore, toolsets: ToolsetCatalog = ToolsetCatalog(),
    sandbox: (any Sandbox)? = nil, supply: (any CodeSupply)? = nil, runs: ActiveRuns,
    makeID: @escaping @Sendable () -> String = { UUID().uuidString.lowercased() },
    now: @escaping @Sendable () -> Date = { Date() }, noteActive: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.templates = templates
    self.store = store
    self.toolsets = toolsets
    self.sandbox = sandbox
    self.supply = supply
    self.runs = runs
    self.makeID = makeID
    self.now = now
    self.noteActive = noteActive
  }

  /// Stores a new agent. Throws `RuntimeError`: 422 with all faults, 400 for an unknown template or what is too
  /// long, 409 for an id that is taken.
  public func create(_ body: JSONObject) async throws -> Change {
    let (agent, given, warnings) = try await draft(body)
    do {
      try await store.insertAgent(agent, changes: given)
    } catch let error as StoreError where error.kind == .exists {
      throw RuntimeError(.agentExists, "An agent with the id '\(agent.id)' is stored already.", shouldRetry: false)
    }
    cache.invalidate(agent)
    noteActive(agent.isActive)
    return Change(agent: agent, warnings: warnings)
  }

  /// The agent that `create` stores of a body: checked, and not stored. Unless `mayFetch`, no package and no repository
  /// is got for it. Throws as `create` does, but for an id that is taken.
  func draft(
    _ body: JSONObject, mayFetch: Bool = true
  ) async throws -> (agent: AgentDefinition, given: [String], warnings: [String]) {
    var fields = AgentFields(body, toolsets: toolsets.names)
    let given = fields.given.filter { body[$0]?.isNull == false }
    for key in ["name", "template_id"] where !body.contains(key: key) {
      fields.reader.fault(key, "is required", "missing")
    }
    let id = fields.reader.identifier("id") ?? makeID()
    var agent = AgentDefinition(
      id: id, name: "", type: "", templateID: body["template_id"]?.stringValue ?? "", templateVersionID: "",
      createdAt: now())
    fields.apply(to: &agent, isNew: true)
    if let status = fields.reader.choice("status", AgentStatus.self) { agent.status = status }
    var template = TemplateChoice(templates: templates, previous: nil, sandbox: sandbox, supply: supply)
    template.mayFetch = mayFetch
    try await template.resolve(&fields, &agent)
    return (agent, given, fields.warnings)
  }

  /// The agent with this id. Throws `RuntimeError` 404.
  public func agent(_ id: String) async throws -> AgentDefinition {
    guard let agent = try await store.agent(id) else { throw RuntimeError.noAgent(id) }
    return agent
  }

  /// A page of agents.
  public func agents(_ query: AgentQuery) async throws -> AgentPage { try await store.agents(query) }

  /// An agent's history. Throws `RuntimeError` 404.
  public func revisions(of id: String) async throws -> [AgentRevision] {
    let revisions = try await store.revisions(of: id)
    if revisions.isEmpty { throw RuntimeError.noAgent(id) }
    return revisions
  }

  /// Lays a body over an agent, top-level field by field. `isExpected` decides whether the stored revision is one
  /// the caller knows. Throws `RuntimeError` as `create` does, 404, and 409 for another revision.
  public func update(
    _ id: String, _ body: JSONObject, isExpected: @Sendable (Int) -> Bool = { _ in true }
  ) async throws -> Change {
    try await change(id, isExpected: isExpected) { agent in
      var fields = AgentFields(body, toolsets: toolsets.names)
      if let other = fields.reader.string("id"), other != id {
        fields.reader.fault("id", "'\(other.prefix(80))' is not the agent's id, which cannot be changed", "not_allowed")
      }
      let before = agent
      fields.apply(to: &agent)
      let template = TemplateChoice(templates: templates, previous: before, sandbox: sandbox, supply: supply)
      let status = fields.reader.choice("status", AgentStatus.self)
      try await template.resolve(&fields, &agent)
      if let status, status != before.status { try agent.move(to: status) }
      return (fields.given, fields.warnings)
    }
  }

  /// Moves an agent to another status. Throws `RuntimeError`: 404, 422 for an unknown status, 400 for a move that
  /// contract §2 does not know.
  public func move(
    _ id: String, _ body: JSONObject, isExpected: @Sendable (Int) -> Bool = { _ in true }
  ) async throws -> Change {
    var reader = ObjectReader(body, path: [.key("body")])
    let status = reader.choice("status", AgentStatus.self)
    if reader.value("status") == nil { reader.fault("status", "is required", "missing") }
    guard reader.faults.isEmpty, let status else { throw RuntimeError.invalid(reader.faults) }
    return try await change(id, isExpected: isExpected) { agent in
      try agent.move(to: status)
      return (["status"], [])
    }
  }

  /// Reads, changes and stores an agent; begins anew when another change came between.
  private func change(
    _ id: String, isExpected: (Int) -> Bool,
    _ edit: (inout AgentDefinition) async throws -> (changes: [String], warnings: [String])
  ) async throws -> Change {
    while true {
      let before = try await agent(id)
      guard isExpected(before.revision) else {
        throw RuntimeError(
          .conflict, "Agent '\(id)' is at revision \(before.revision), not the one that If-Match names.",
          details: ["current_revision": .integer(before.revision)], shouldRetry: false)
      }
      var agent = before
      let edited = try await edit(&agent)
      agent.revision = before.revision + 1
      agent.updatedAt = max(now(), before.updatedAt)
      do {
        try await store.replaceAgent(agent, expecting: before.revision, changes: edited.changes)
        cache.invalidate(agent)
        if agent.agentLineID != before.agentLineID { cache.invalidate(before) }
        noteActive(agent.isActive - before.isActive)
        return Change(agent: agent, warnings: edited.warnings)
      } catch let error as StoreError {
        switch error.kind {
        case .conflict: continue
        case .notFound: throw RuntimeError.noAgent(id)
        default: throw error
        }
      }
    }
  }

  /// Removes every trace of an agent and ends its runs. Throws `RuntimeError` 404.
  public func delete(_ id: String) async throws {
    let agent = try await agent(id)
    guard try await store.deleteAgent(id) else { throw RuntimeError.noAgent(id) }
    // All of it: the agent may have moved to another line since it was read.
    cache.invalidateAll()
    noteActive(-agent.isActive)
    runs.cancelRuns(of: id)
    await toolsets.forget(agentID: id, sessionID: nil)
  }
}

extension AgentDefinition {
  /// 1 if the agent counts as active, else 0.
  fileprivate var isActive: Int { status == .revoked ? 0 : 1 }

  /// Throws `RuntimeError` 400 where contract §2 knows no such move.
  fileprivate mutating func move(to next: AgentStatus) throws {
    guard status.successors.contains(next) || (status == .revoked && next == .revoked) else {
      let allowed = status.successors.map(\.rawValue).joined(separator: ", ")
      throw RuntimeError(
        .validation,
        "An agent cannot move from \(status.rawValue) to \(next.rawValue); allowed: \(allowed.isEmpty ? "none" : allowed).",
        status: 400,
        faults: [Fault(path: [.key("body"), .key("status")], message: "move not allowed", type: "not_allowed")])
    }
    status = next
  }
}

extension RuntimeError {
  static func noAgent(_ id: String) -> RuntimeError {
    RuntimeError(.agentNotFound, "No agent has the id '\(id.prefix(128))'.")
  }
}
