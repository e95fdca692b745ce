import FoundationEssentials
import GRDB
import Synchronization

/// What ties runs to agents, in the database: an agent with runs has an owner of them, which outlives it until they are
/// removed.
enum RunOwners {
  /// So many runs are removed in a step: some are large.
  static let runsMax = 64

  /// The owner of an agent's runs, made if need be; nil where the agent is not stored.
  static func owner(_ db: Database, ofAgent agentID: String) throws -> Int64? {
    let found = try Row.fetchOne(
      try db.cachedStatement(
        sql: """
          SELECT agents.sequence, run_owners.id FROM agents LEFT JOIN run_owners ON run_owners.agent = agents.sequence
          WHERE agents.id = CAST(? AS TEXT)
          """), arguments: [agentID.sqlText])
    guard let found else { return nil }
    let (agent, owner): (Int64, Int64?) = (found[0], found[1])
    if let owner { return owner }
    try db.cachedStatement(sql: "INSERT INTO run_owners (agent) VALUES (?)").execute(arguments: [agent])
    return db.lastInsertedRowID
  }

  /// Removes a run of a deleted agent. Returns whether there was one with this id.
  static func removeLeftover(_ db: Database, id: String) throws -> Bool {
    try db.cachedStatement(sql: "DELETE FROM runs WHERE id = CAST(? AS TEXT) AND NOT \(RunRow.isOwned)").execute(
      arguments: [id.sqlText])
    return db.changesCount > 0
  }

  /// An owner whose agent was deleted.
  static func leftover(_ db: Database) throws -> Int64? {
    try Int64.fetchOne(try db.cachedStatement(sql: "SELECT id FROM run_owners WHERE agent IS NULL LIMIT 1"))
  }

  /// Removes a bounded number of runs of deleted agents. Returns whether there were none.
  static func removalStep(_ db: Database) throws -> Bool {
    guard let owner = try leftover(db) else { return true }
    try db.cachedStatement(
      sql: "DELETE FROM runs WHERE sequence IN (SELECT sequence FROM runs WHERE owner = ? LIMIT \(runsMax))"
    ).execute(arguments: [owner])
    if db.changesCount < runsMax {
      try db.cachedStatement(sql: "DELETE FROM run_owners WHERE id = ?").execute(arguments: [owner])
    }
    return false
  }
}

extension SQLiteStore {
  /// Removes the runs of deleted agents, step by step behind the writes that wait. What fails is tried again with the
  /// next deletion, or by the next process.
  func finishRunRemovals() {
    let isDone = Mutex(true)
    writer.submit { db in
      let wasLast = try RunOwners.removalStep(db)
      isDone.withLock { $0 = wasLast }
    } acknowledge: { [self] error in
      if error == nil, !isDone.withLock({ $0 }) { finishRunRemovals() }
    }
  }
}
