import AgentGraph
import AgentJSON
import AgentRuntime
import FoundationEssentials
import GRDB

/// Makes checkpoints of the threads of earlier versions, which had tables of their own.
enum ThreadMigration {
  static func run(_ db: Database) throws {
    var saving = CheckpointSaving(db, WriterKnowledge())
    let threads = try Row.fetchCursor(
      db,
      sql: """
        SELECT t.id, CAST(a.id AS BLOB), CAST(t.session_id AS BLOB), CAST(t.user_id AS BLOB), t.message_count,
          t.created_at, t.updated_at
        FROM threads t JOIN agents a ON a.sequence = t.agent ORDER BY t.id
        """)
    while let row = try threads.next() {
      let key = ThreadKey(agentID: String(sqlText: row[1]), sessionID: String(sqlText: row[2]))
      let messages = try messages(db, thread: row[0], count: row[4], of: key)
      let thread = AgentThread(
        key: key, userID: (row[3] as Data?).map(String.init(sqlText:)), messageCount: messages.count,
        messages: messages, createdAt: Date(milliseconds: row[5]), updatedAt: Date(milliseconds: row[6]))
      try saving.save(.checkpoint(thread.checkpoint()))
    }
    try db.execute(sql: "DROP TABLE threads; DROP TABLE messages")
  }

  private static func messages(_ db: Database, thread: Int, count: Int, of key: ThreadKey) throws -> [Message] {
    let rows = try Row.fetchCursor(
      try db.cachedStatement(
        sql: "SELECT format, CAST(body AS BLOB) FROM messages WHERE id >= ? AND id < ? ORDER BY id"),
      arguments: [thread << 32, thread << 32 + count])
    var messages: [Message] = []
    while let row = try rows.next() {
      let value = try JSONValue(sqlText: row[1], format: row[0], of: "A message of agent \(key.agentID)")
      guard let message = Message(stored: value) else {
        throw StoreError(.corrupt, "A stored message of agent \(key.agentID) has no known role.")
      }
      messages.append(message)
    }
    return messages
  }
}
