import AgentRuntime
import FoundationEssentials
import GRDB

/// Removes ended runs with their threads: of the threads the names, while their rows go later in steps of their own.
enum RunPruning {
  /// So many threads lose their names in a step.
  static let threadsMax = 256

  /// Removes at most `limit` runs that ended before a time in milliseconds since 1970, the oldest first. A run that has
  /// more threads than a step takes goes with the last of them.
  static func step(
    _ db: Database, before time: Int, limit: Int, _ knowledge: inout WriterKnowledge
  ) throws -> PrunedRuns {
    var pruned = PrunedRuns()
    let due = try Row.fetchAll(try db.cachedStatement(sql: RunStatements.ended), arguments: [time, limit])
    for row in due {
      let run = StoredRun.threadName(agentID: String(sqlText: row[2]), runID: String(sqlText: row[1]))
      for thread in try threads(db, named: run, max: threadsMax + 1 - pruned.threads.count) {
        guard pruned.threads.count < threadsMax else { return pruned }
        try ThreadRemoval.begin(db, id: thread.id)
        knowledge.forget(thread: thread.name)
        pruned.threads.append(String(decoding: thread.name, as: UTF8.self))
      }
      try db.cachedStatement(sql: "DELETE FROM runs WHERE sequence = ?").execute(arguments: [row[0] as Int64])
      pruned.count += 1
    }
    return pruned
  }

  /// The thread of this name and those further ones that begin with it and a slash.
  private static func threads(
    _ db: Database, named run: String, max: Int
  ) throws -> [(id: Int64, name: [UInt8])] {
    let own = Array(run.utf8)
    var threads = try SpaceRows.thread(db, own).map { [(id: $0, name: own)] } ?? []
    let cursor = try Row.fetchCursor(
      try db.cachedStatement(sql: "SELECT id, name FROM checkpoint_threads WHERE name >= ? AND name < ? LIMIT ?"),
      // The character after the slash.
      arguments: [(own + [0x2f]).sqlBytes, (own + [0x30]).sqlBytes, max])
    while let row = try cursor.next() { threads.append((try row.decode(atIndex: 0), try row.bytes(atIndex: 1))) }
    return threads
  }
}
