import AgentGraph
import GRDB

/// Removes all that a namespace has, in steps.
enum SpaceRemoval {
  /// Removes at most `budget` rows, which is lowered by those. Returns the number of checkpoints among them.
  static func step(_ db: Database, space: Int64, budget: inout Int) throws -> Int {
    let checkpoints = try deleted(
      db,
      """
      DELETE FROM checkpoints WHERE space = ?1 AND (time, origin) IN (
        SELECT time, origin FROM checkpoints WHERE space = ?1 LIMIT ?2)
      """, [space, budget])
    budget -= checkpoints
    budget -= try deleted(
      db,
      "DELETE FROM checkpoint_records WHERE id IN (SELECT id FROM checkpoint_records WHERE space = ?1 LIMIT ?2)",
      [space, budget])
    while budget > 0, let stream = try firstStream(db, of: space) {
      try removeStream(db, stream, budget: &budget)
    }
    guard budget > 0 else { return checkpoints }
    budget -= try deleted(db, "DELETE FROM checkpoint_spaces WHERE id = ?", [space])
    return checkpoints
  }

  /// Removes a stream's rows, and the stream once it has none.
  static func removeStream(_ db: Database, _ stream: Int64, budget: inout Int) throws {
    budget -= try removePayloads(
      db, from: PayloadID(stream: stream, place: 0), to: PayloadID(stream: stream + 1, place: 0), max: budget)
    guard budget > 0 else { return }
    budget -= try deleted(db, "DELETE FROM checkpoint_streams WHERE id = ?", [stream])
  }

  /// Removes at most so many rows of a range of ids; returns how many.
  static func removePayloads(_ db: Database, from first: PayloadID, to end: PayloadID, max: Int) throws -> Int {
    try deleted(
      db,
      """
      DELETE FROM checkpoint_payloads WHERE id IN (
        SELECT id FROM checkpoint_payloads WHERE id >= ? AND id < ? LIMIT ?)
      """, [first.rowID, end.rowID, max])
  }

  /// Removes the checkpoint's row and what its tasks came to.
  static func removeCheckpoint(_ db: Database, space: Int64, _ id: CheckpointID) throws {
    for table in ["checkpoints", "checkpoint_records"] {
      try db.cachedStatement(sql: "DELETE FROM \(table) WHERE space = ? AND time = ? AND origin = ?").execute(
        arguments: [space, id.sqlTime, id.sqlOrigin])
    }
  }

  private static func firstStream(_ db: Database, of space: Int64) throws -> Int64? {
    try Int64.fetchOne(
      try db.cachedStatement(sql: "SELECT id FROM checkpoint_streams WHERE space = ? LIMIT 1"), arguments: [space])
  }

  private static func deleted(_ db: Database, _ sql: String, _ arguments: StatementArguments) throws -> Int {
    try db.cachedStatement(sql: sql).execute(arguments: arguments)
    return db.changesCount
  }
}

/// Removes a thread: its name at once, its rows in steps.
struct ThreadRemoval: Sendable {
  private let thread: Int64

  /// Takes a thread's name away, so that nobody finds it any more; nil if there is no such thread.
  static func begin(_ db: Database, _ name: [UInt8]) throws -> ThreadRemoval? {
    guard let id = try SpaceRows.thread(db, name) else { return nil }
    try begin(db, id: id)
    return ThreadRemoval(thread: id)
  }

  /// Takes a thread's name away; the rows are for `unfinished` to find.
  static func begin(_ db: Database, id: Int64) throws {
    try db.cachedStatement(sql: "UPDATE checkpoint_threads SET name = NULL WHERE id = ?").execute(arguments: [id])
  }

  /// A removal that a process did not finish.
  static func unfinished(_ db: Database) throws -> ThreadRemoval? {
    try Int64.fetchOne(db, sql: "SELECT id FROM checkpoint_threads WHERE name IS NULL LIMIT 1")
      .map(ThreadRemoval.init(thread:))
  }

  /// Removes a bounded number of rows of what is unfinished, of as many threads as have them. Returns whether that was
  /// all.
  static func nextStep(_ db: Database) throws -> Bool {
    var budget = ThreadPruning.rowsMax
    while let removal = try unfinished(db) {
      guard budget > 0 else { return false }
      _ = try removal.step(db, budget: &budget)
    }
    return true
  }

  /// Removes a bounded number of rows. Returns whether that was all.
  func step(_ db: Database) throws -> Bool {
    var budget = ThreadPruning.rowsMax
    return try step(db, budget: &budget)
  }

  private func step(_ db: Database, budget: inout Int) throws -> Bool {
    for space in try SpaceRows.spaces(db, thread: thread) {
      while budget > 0, try SpaceRows.exists(db, space: space.id) {
        _ = try SpaceRemoval.step(db, space: space.id, budget: &budget)
      }
      if budget <= 0 { return false }
    }
    try db.cachedStatement(sql: "DELETE FROM checkpoint_threads WHERE id = ?").execute(arguments: [thread])
    budget -= 1
    return true
  }
}
