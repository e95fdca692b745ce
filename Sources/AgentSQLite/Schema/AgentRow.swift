import AgentJSON
import AgentRuntime
import FoundationEssentials
import GRDB

/// An agent as it was read, not parsed yet, and the statements that read and write agents.
struct AgentRow: Sendable {
  private let format: Int
  private let body: Data

  /// Parses the agent. Throws `StoreError.corrupt`.
  func agent() throws -> AgentDefinition {
    let value = try JSONValue(sqlText: body, format: format, of: "An agent")
    guard let object = value.objectValue else { throw StoreError(.corrupt, "A stored agent is no JSON object.") }
    return try AgentDefinition(stored: object)
  }

  static func fetchOne(_ db: Database, _ condition: String, _ arguments: StatementArguments) throws -> AgentRow? {
    try fetchAll(db, condition, arguments).first
  }

  static func fetchAll(_ db: Database, _ condition: String, _ arguments: StatementArguments) throws -> [AgentRow] {
    let statement = try db.cachedStatement(sql: "SELECT format, CAST(body AS BLOB) FROM agents \(condition)")
    let cursor = try Row.fetchCursor(statement, arguments: arguments)
    var rows: [AgentRow] = []
    while let row = try cursor.next() { rows.append(AgentRow(format: row[0], body: row[1])) }
    return rows
  }

  static func fetchRevisions(_ db: Database, _ agentID: String) throws -> [AgentRevision] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT r.revision, r.updated_at, r.format, CAST(r.changes AS BLOB)
        FROM agents a JOIN agent_revisions r ON r.agent = a.sequence
        WHERE a.id = CAST(? AS TEXT) ORDER BY r.revision
        """)
    let cursor = try Row.fetchCursor(statement, arguments: [agentID.sqlText])
    var revisions: [AgentRevision] = []
    while let row = try cursor.next() {
      let changes = try JSONValue(sqlText: row[3], format: row[2], of: "A revision of agent \(agentID)")
      revisions.append(
        AgentRevision(
          revision: row[0], updatedAt: Date(milliseconds: row[1]),
          changes: changes.arrayValue?.compactMap(\.stringValue) ?? []))
    }
    return revisions
  }

  /// Adds the agent's revision to its history. Throws `StoreError.exists` where the history has that number.
  static func insertRevision(_ db: Database, _ agent: AgentDefinition, sequence: Int, changes: [String]) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO agent_revisions (agent, revision, updated_at, format, changes)
        VALUES (?, ?, ?, ?, CAST(? AS TEXT)) ON CONFLICT DO NOTHING
        """
    ).execute(
      arguments: [
        sequence, agent.revision, agent.updatedAt.milliseconds, StoreSchema.format,
        JSONValue.array(changes.map { .string($0) }).sqlText,
      ])
    guard db.changesCount > 0 else {
      throw StoreError(.exists, "The history of agent \(agent.id) has a revision \(agent.revision) already.")
    }
  }

  static let insertion = """
    INSERT INTO agents (id, revision, template_id, type, status, owner_id, line_id, version_type, version_number,
      format, body)
    VALUES (CAST(? AS TEXT), ?, CAST(? AS TEXT), CAST(? AS TEXT), ?, CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?,
      CAST(? AS TEXT))
    ON CONFLICT (id) DO NOTHING
    """

  static let update = """
    UPDATE agents SET id = CAST(? AS TEXT), revision = ?, template_id = CAST(? AS TEXT), type = CAST(? AS TEXT),
      status = ?, owner_id = CAST(? AS TEXT), line_id = CAST(? AS TEXT), version_type = ?, version_number = ?,
      format = ?, body = CAST(? AS TEXT)
    WHERE sequence = ?
    """

  /// What `insertion` and `update` bind, in their order.
  static func arguments(_ agent: AgentDefinition, _ body: Data) -> StatementArguments {
    [
      agent.id.sqlText, agent.revision, agent.templateID.sqlText, agent.type.sqlText, agent.status.rawValue,
      agent.ownerID?.sqlText, agent.agentLineID.sqlText, agent.versionType.rawValue, agent.versionNumber,
      StoreSchema.format, body,
    ]
  }
}

/// A query's conditions in SQL.
struct AgentFilter: Sendable {
  /// `WHERE …`, or nothing.
  let sql: String
  /// What it binds.
  let arguments: StatementArguments

  init(_ query: AgentQuery) {
    let conditions: [(column: String, value: String?)] = [
      ("template_id", query.templateID), ("type", query.type), ("status", query.status?.rawValue),
      ("owner_id", query.ownerID), ("line_id", query.agentLineID),
    ]
    let given = conditions.filter { $0.value != nil }
    let terms = given.map { "\($0.column) = CAST(? AS TEXT)" }
    sql = terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ")
    arguments = StatementArguments(given.map { $0.value?.sqlText })
  }
}
