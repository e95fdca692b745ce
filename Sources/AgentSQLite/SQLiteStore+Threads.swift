import AgentJSON
public import AgentRuntime
import FoundationEssentials
import GRDB

extension SQLiteStore {
  /// A thread with its last `last` messages (nil: all of them). Throws `StoreError`.
  public func thread(_ key: ThreadKey, last: Int?) async throws -> AgentThread? {
    let rows = try await readers.read { db in try ThreadRows.fetch(db, key, last: last) }
    // Parsing is the caller's work, not the reader's.
    return try rows?.thread(key)
  }

  /// Appends a turn, making the thread if need be. Throws `StoreError.notFound` if the agent is not stored.
  public func appendTurn(_ turn: ThreadTurn) async throws {
    let bodies = turn.messages.map { JSONValue.object($0.json).sqlText }
    try await writer.write { db in try ThreadWrites.append(db, turn, bodies: bodies) }
  }

  /// Removes a thread. Returns whether there was one. Throws `StoreError`.
  public func deleteThread(_ key: ThreadKey) async throws -> Bool {
    try await writer.write { db in
      try db.cachedStatement(
        sql: """
          DELETE FROM threads WHERE session_id = CAST(? AS TEXT)
            AND agent = (SELECT sequence FROM agents WHERE id = CAST(? AS TEXT))
          """
      ).execute(arguments: [key.sessionID.sqlText, key.agentID.sqlText])
      return db.changesCount > 0
    }
  }
}

/// A thread as it was read, not parsed yet.
private struct ThreadRows: Sendable {
  var userID: Data?
  var messageCount: Int
  var createdAt: Int
  var updatedAt: Int
  var messages: [(format: Int, body: Data)] = []

  static func fetch(_ db: Database, _ key: ThreadKey, last: Int?) throws -> ThreadRows? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT t.id, CAST(t.user_id AS BLOB), t.message_count, t.created_at, t.updated_at
        FROM agents a JOIN threads t ON t.agent = a.sequence
        WHERE a.id = CAST(? AS TEXT) AND t.session_id = CAST(? AS TEXT)
        """)
    let cursor = try Row.fetchCursor(statement, arguments: [key.agentID.sqlText, key.sessionID.sqlText])
    guard let row = try cursor.next() else { return nil }
    var rows = ThreadRows(userID: row[1], messageCount: row[2], createdAt: row[3], updatedAt: row[4])
    let place = ThreadWrites.messageID(thread: row[0], position: 0)
    let count = min(max(last ?? rows.messageCount, 0), rows.messageCount)
    let messages = try Row.fetchCursor(
      try db.cachedStatement(
        sql: "SELECT format, CAST(body AS BLOB) FROM messages WHERE id >= ? AND id < ? ORDER BY id"),
      arguments: [place + rows.messageCount - count, place + rows.messageCount])
    rows.messages.reserveCapacity(count)
    while let message = try messages.next() { rows.messages.append((message[0], message[1])) }
    return rows
  }

  func thread(_ key: ThreadKey) throws -> AgentThread {
    let messages = try messages.map { format, body in
      let value = try JSONValue(sqlText: body, format: format, of: "A message of agent \(key.agentID)")
      guard let message = Message(stored: value) else {
        throw StoreError(.corrupt, "A stored message of agent \(key.agentID) has no known role.")
      }
      return message
    }
    return AgentThread(
      key: key, userID: userID.map(String.init(sqlText:)), messageCount: messageCount, messages: messages,
      createdAt: Date(milliseconds: createdAt), updatedAt: Date(milliseconds: updatedAt))
  }
}

/// The statements of a turn.
private enum ThreadWrites {
  static func messageID(thread: Int, position: Int) -> Int { thread << 32 + position }

  static func append(_ db: Database, _ turn: ThreadTurn, bodies: [Data]) throws {
    let session = turn.key.sessionID.sqlText
    let place = try Row.fetchOne(
      try db.cachedStatement(
        sql: """
          SELECT a.sequence, t.id, t.message_count FROM agents a
          LEFT JOIN threads t ON t.agent = a.sequence AND t.session_id = CAST(? AS TEXT)
          WHERE a.id = CAST(? AS TEXT)
          """), arguments: [session, turn.key.agentID.sqlText])
    guard let place else {
      throw StoreError(.notFound, "The agent \(turn.key.agentID) is not stored: the turn was not kept.")
    }
    guard let thread = place[1] as Int? else {
      return try insert(db, turn, agent: place[0], session: session, bodies)
    }
    let kept: Int = turn.replacesHistory ? 0 : place[2]
    if turn.replacesHistory {
      try db.cachedStatement(sql: "DELETE FROM messages WHERE id >= ? AND id < ?").execute(
        arguments: [messageID(thread: thread, position: 0), messageID(thread: thread + 1, position: 0)])
    }
    try db.cachedStatement(
      sql: """
        UPDATE threads SET user_id = coalesce(user_id, CAST(? AS TEXT)), message_count = ?, updated_at = ?
        WHERE id = ?
        """
    ).execute(arguments: [turn.userID?.sqlText, kept + bodies.count, turn.time.milliseconds, thread])
    try insert(db, bodies, thread: thread, from: kept)
  }

  private static func insert(
    _ db: Database, _ turn: ThreadTurn, agent: Int, session: Data, _ bodies: [Data]
  ) throws {
    let time = turn.time.milliseconds
    try db.cachedStatement(
      sql: """
        INSERT INTO threads (agent, session_id, user_id, message_count, created_at, updated_at)
        VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?)
        """
    ).execute(arguments: [agent, session, turn.userID?.sqlText, bodies.count, time, time])
    try insert(db, bodies, thread: Int(db.lastInsertedRowID), from: 0)
  }

  private static func insert(_ db: Database, _ bodies: [Data], thread: Int, from position: Int) throws {
    let statement = try db.cachedStatement(
      sql: "INSERT INTO messages (id, format, body) VALUES (?, ?, CAST(? AS TEXT))")
    for (offset, body) in bodies.enumerated() {
      try statement.execute(
        arguments: [messageID(thread: thread, position: position + offset), StoreSchema.format, body])
    }
  }
}
