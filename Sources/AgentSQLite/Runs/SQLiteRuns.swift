import AgentJSON
public import AgentRuntime
import FoundationEssentials
import GRDB

/// The runs of a `SQLiteStore`, with which they share the one writer and the readers.
struct SQLiteRuns: RunStore {
  let store: SQLiteStore

  func insert(_ run: StoredRun) async throws {
    let origin = JSONValue.object(run.originJSON).sqlText
    let writing = RunWriting(run)
    try await store.writer.write { db in try writing.insert(db, origin: origin) }
  }

  func run(_ id: String) async throws -> StoredRun? {
    try await store.readers.readOne { db in
      try Row.fetchOne(
        try db.cachedStatement(sql: "\(RunRow.selection) WHERE runs.id = CAST(? AS TEXT) AND \(RunRow.isOwned)"),
        arguments: [id.sqlText]
      ).map(RunRow.init)
    }?.run()
  }

  func replace(_ run: StoredRun, expecting revision: Int) async throws -> Int {
    let writing = RunWriting(run)
    return try await store.writer.write { db in try writing.replace(db, expecting: revision) }
  }

  func claim(_ id: String, by holder: String, until: Date, expecting revision: Int) async throws -> Int {
    let claim = RunClaim(holder: holder, until: until)
    return try await store.writer.write { db in try RunWriting.claim(db, id, claim, expecting: revision) }
  }

  func list(_ query: RunQuery) async throws -> RunPage {
    try await store.readers.readOne { db in try RunRowPage(db, query) }.page()
  }

  func claimable(at now: Date, limit: Int) async throws -> [ClaimableRun] {
    let limit = RunStoreLimits.nearest(limit, in: RunStoreLimits.claimable)
    return try await store.readers.readOne { db in
      let statement = try db.cachedStatement(sql: RunStatements.claimable)
      return try Row.fetchAll(statement, arguments: [now.milliseconds, limit]).map { row in
        ClaimableRun(id: String(sqlText: row[0]), agentID: String(sqlText: row[1]), revision: row[2])
      }
    }
  }

  func releaseClaims() async throws {
    try await store.writer.write { db in
      // Only those that are due have one, and an index of their own.
      try db.execute(
        sql: """
          UPDATE runs SET claimed_by = NULL, claimed_until = 0, revision = revision + 1
          WHERE status IN ('queued', 'running') AND claimed_until > 0
          """)
    }
  }

  func prune(endedBefore time: Date, limit: Int) async throws -> PrunedRuns {
    let limit = RunStoreLimits.nearest(limit, in: RunStoreLimits.pruned)
    let pruned = try await store.writer.write { [checkpoints = store.checkpoints] db in
      try checkpoints.changing(db) { knowledge in
        try RunPruning.step(db, before: time.milliseconds, limit: limit, &knowledge)
      }
    }
    if !pruned.threads.isEmpty { await store.removeNamelessThreads() }
    return pruned
  }
}

/// Statements that are the same every time.
enum RunStatements {
  /// Runs that are due and that nobody holds. Nothing is read that may be damaged: who has claimed a run learns of it.
  /// Left to itself, SQLite takes the index by status and sorts.
  static let claimable = """
    SELECT CAST(runs.id AS BLOB), CAST(agents.id AS BLOB), runs.revision
    FROM runs INDEXED BY runs_due CROSS JOIN run_owners ON run_owners.id = runs.owner
      CROSS JOIN agents ON agents.sequence = run_owners.agent
    WHERE runs.status IN ('queued', 'running') AND runs.claimed_until <= ?
    ORDER BY runs.created_at, runs.id LIMIT ?
    """

  /// The oldest of the ended runs, with their agents.
  static let ended = """
    SELECT runs.sequence, CAST(runs.id AS BLOB), CAST(agents.id AS BLOB)
    FROM runs INDEXED BY runs_by_end CROSS JOIN run_owners ON run_owners.id = runs.owner
      CROSS JOIN agents ON agents.sequence = run_owners.agent
    WHERE runs.ended_at < ? ORDER BY runs.ended_at LIMIT ?
    """
}

extension SQLiteStore {
  /// Where the runs of agents are kept.
  public var runs: any RunStore { SQLiteRuns(store: self) }
}
