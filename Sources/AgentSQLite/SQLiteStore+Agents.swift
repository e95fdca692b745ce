import AgentJSON
public import AgentRuntime
import FoundationEssentials
import GRDB

extension SQLiteStore {
  /// Stores a new agent and its first revision. Throws `StoreError.exists` if the id is taken.
  public func insertAgent(_ agent: AgentDefinition, changes: [String]) async throws {
    let body = JSONValue.object(agent.json).sqlText
    try await writer.write { db in
      try db.cachedStatement(sql: AgentRow.insertion).execute(arguments: AgentRow.arguments(agent, body))
      guard db.changesCount > 0 else { throw StoreError(.exists, "There is an agent \(agent.id) already.") }
      try AgentRow.insertRevision(db, agent, sequence: Int(db.lastInsertedRowID), changes: changes)
    }
  }

  /// The agent with this id. Throws `StoreError`.
  public func agent(_ id: String) async throws -> AgentDefinition? {
    try await readers.readOne { db in
      try AgentRow.fetchOne(db, "WHERE id = CAST(? AS TEXT)", [id.sqlText])
    }?.agent()
  }

  /// The published release of a line with the highest version number. Throws `StoreError`.
  public func publishedRelease(line: String) async throws -> AgentDefinition? {
    try await readers.readOne { db in
      try AgentRow.fetchOne(
        db,
        """
        WHERE line_id = CAST(? AS TEXT) AND status = 'published' AND version_type = 'release'
        ORDER BY version_number DESC, sequence DESC LIMIT 1
        """, [line.sqlText])
    }?.agent()
  }

  /// A page of agents in the order of their creation, and how many match in all. Throws `StoreError`.
  public func agents(_ query: AgentQuery) async throws -> AgentPage {
    let filter = AgentFilter(query)
    let (rows, total) = try await readers.read { db in
      let rows = try AgentRow.fetchAll(
        db, "\(filter.sql) ORDER BY sequence LIMIT ? OFFSET ?",
        filter.arguments + [max(query.limit, 0), max(query.offset, 0)])
      let total = try Int.fetchOne(
        try db.cachedStatement(sql: "SELECT count(*) FROM agents \(filter.sql)"), arguments: filter.arguments)
      return (rows, total ?? 0)
    }
    return AgentPage(agents: try rows.map { try $0.agent() }, total: total)
  }

  /// Replaces an agent if its stored revision is `expecting`, and adds `agent.revision` to its history.
  /// Throws `StoreError.notFound` and `StoreError.conflict(current:)`.
  public func replaceAgent(_ agent: AgentDefinition, expecting revision: Int, changes: [String]) async throws {
    let body = JSONValue.object(agent.json).sqlText
    try await writer.write { db in
      let stored = try Row.fetchOne(
        try db.cachedStatement(sql: "SELECT sequence, revision FROM agents WHERE id = CAST(? AS TEXT)"),
        arguments: [agent.id.sqlText])
      guard let stored else { throw StoreError(.notFound, "There is no agent \(agent.id).") }
      let (sequence, current): (Int, Int) = (stored[0], stored[1])
      guard current == revision else {
        throw StoreError(
          .conflict(current: current), "The agent \(agent.id) has revision \(current), not \(revision).")
      }
      try db.cachedStatement(sql: AgentRow.update).execute(
        arguments: AgentRow.arguments(agent, body) + [sequence])
      try AgentRow.insertRevision(db, agent, sequence: sequence, changes: changes)
    }
  }

  /// The history of an agent, oldest first; empty for an unknown one. Throws `StoreError`.
  public func revisions(of agentID: String) async throws -> [AgentRevision] {
    try await readers.readOne { db in try AgentRow.fetchRevisions(db, agentID) }
  }

  /// Removes an agent with its history, its threads and its runs. Returns whether there was one. Throws `StoreError`.
  public func deleteAgent(_ id: String) async throws -> Bool {
    let isDeleted = try await writer.write { [checkpoints] db in
      try db.cachedStatement(sql: "DELETE FROM agents WHERE id = CAST(? AS TEXT)").execute(arguments: [id.sqlText])
      guard db.changesCount > 0 else { return false }
      try checkpoints.forgettingAll(db) { db in try AgentThreads.removeAll(db, ofAgent: id) }
      return true
    }
    if isDeleted {
      finishThreadRemovals()
      finishRunRemovals()
    }
    return isDeleted
  }

  /// How many agents are stored and not revoked. Throws `StoreError`.
  public func activeAgentCount() async throws -> Int {
    try await readers.readOne { db in
      try Int.fetchOne(
        try db.cachedStatement(
          sql: "SELECT (SELECT count(*) FROM agents) - (SELECT count(*) FROM agents WHERE status = 'revoked')")) ?? 0
    }
  }
}
