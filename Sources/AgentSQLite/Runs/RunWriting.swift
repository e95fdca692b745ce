import AgentJSON
import AgentRuntime
import FoundationEssentials
import GRDB

/// A run as it is written: encoded by the caller, not on the writer's thread.
struct RunWriting: Sendable {
  private let run: StoredRun
  private let progress: Data

  init(_ run: StoredRun) {
    self.run = run
    progress = JSONValue.object(run.progressJSON).sqlText
  }

  /// Stores a new run. Throws `StoreError`.
  func insert(_ db: Database, origin: Data) throws {
    guard let owner = try RunOwners.owner(db, ofAgent: run.agentID) else { throw StoreError(noAgentOf: run) }
    if try !insertRow(db, owner: owner) {
      // A deleted agent's run may be there for a moment yet; nobody finds it, and its id is free.
      guard try RunOwners.removeLeftover(db, id: run.id), try insertRow(db, owner: owner) else {
        throw StoreError(runExists: run.id)
      }
    }
    try db.cachedStatement(sql: "INSERT INTO run_origins (run, format, body) VALUES (?, ?, CAST(? AS TEXT))")
      .execute(arguments: [db.lastInsertedRowID, StoreSchema.format, origin])
  }

  /// Returns whether the id was free.
  private func insertRow(_ db: Database, owner: Int64) throws -> Bool {
    try db.cachedStatement(
      sql: """
        INSERT INTO runs
          (id, owner, created_at, thread, revision, status, ended_at, claimed_by, claimed_until, format, body)
        VALUES (CAST(? AS TEXT), ?, ?, ?, 1, ?, ?, CAST(? AS TEXT), ?, ?, CAST(? AS TEXT)) ON CONFLICT (id) DO NOTHING
        """
    ).execute(
      arguments: [run.id.sqlText, owner, run.createdAt.milliseconds, run.sessionThreadName?.sqlText] + changing)
    return db.changesCount > 0
  }

  /// Stores how far the run came, with the next revision. Throws `StoreError`.
  func replace(_ db: Database, expecting revision: Int) throws -> Int {
    try Self.change(
      db, run.id, expecting: revision,
      setting: """
        status = ?, ended_at = ?, claimed_by = CAST(? AS TEXT), claimed_until = ?, format = ?, body = CAST(? AS TEXT)
        """, changing)
  }

  /// Notes who holds a run, with the next revision. Throws `StoreError`.
  static func claim(_ db: Database, _ id: String, _ claim: RunClaim, expecting revision: Int) throws -> Int {
    try change(
      db, id, expecting: revision, setting: "claimed_by = CAST(? AS TEXT), claimed_until = ?",
      [claim.holder.sqlText, claim.until.milliseconds])
  }

  /// What a replacement may change, in its statement's order.
  private var changing: StatementArguments {
    [
      run.status.rawValue, run.retainedFrom?.milliseconds, run.claim?.holder.sqlText,
      run.claim?.until.milliseconds ?? 0, StoreSchema.format, progress,
    ]
  }

  /// One statement where all is as expected; a second one tells what is not.
  private static func change(
    _ db: Database, _ id: String, expecting revision: Int, setting columns: String, _ values: StatementArguments
  ) throws -> Int {
    try db.cachedStatement(
      sql: """
        UPDATE runs SET \(columns), revision = revision + 1
        WHERE id = CAST(? AS TEXT) AND revision = ? AND \(RunRow.isOwned)
        """
    ).execute(arguments: values + [id.sqlText, revision])
    if db.changesCount > 0 { return revision + 1 }
    let current = try Int.fetchOne(
      try db.cachedStatement(
        sql: "SELECT revision FROM runs WHERE id = CAST(? AS TEXT) AND \(RunRow.isOwned)"), arguments: [id.sqlText])
    guard let current else { throw StoreError(noRun: id) }
    throw StoreError(run: id, hasRevision: current, not: revision)
  }
}
