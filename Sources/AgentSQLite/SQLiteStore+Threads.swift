public import AgentGraph
import AgentRuntime
import GRDB

extension SQLiteStore {
  /// Where the threads of agents are kept. Of each the last ten checkpoints stay.
  public var threads: any Checkpointer {
    SQLiteCheckpointer(self, retention: threadRetention) { db, writes in
      for write in writes { try AgentThreads.requireAgent(db, ofThread: write.thread) }
    }
  }

  /// What stays of a conversation's checkpoints: the latest is the thread, and those before it let it be forked.
  static var threadRetentionPolicy: RetentionPolicy { RetentionPolicy(last: 10) }
}

/// What ties threads to agents, in the database.
enum AgentThreads {
  /// Refuses a write to a thread of an agent that is not stored.
  static func requireAgent(_ db: Database, ofThread name: String) throws {
    guard try !isOfStoredAgent(db, name) else { return }
    throw StoreError(
      .notFound, "The agent \(ThreadKey.agentID(inName: name)) is not stored: the turn was not kept.")
  }

  /// Whether a thread's name begins with the id of a stored agent.
  static func isOfStoredAgent(_ db: Database, _ name: String) throws -> Bool {
    try Bool.fetchOne(
      try db.cachedStatement(sql: "SELECT 1 FROM agents WHERE id = CAST(? AS TEXT)"),
      arguments: [ThreadKey.agentID(inName: name).sqlText]) ?? false
  }

  /// Takes the names of an agent's threads away, so that nobody finds them any more.
  static func removeAll(_ db: Database, ofAgent agentID: String) throws {
    let first = Array(ThreadKey.prefix(agentID: agentID).utf8)
    var end = first
    end[end.count - 1] += 1
    try db.cachedStatement(sql: "UPDATE checkpoint_threads SET name = NULL WHERE name >= ? AND name < ?").execute(
      arguments: [first.sqlBytes, end.sqlBytes])
  }
}
