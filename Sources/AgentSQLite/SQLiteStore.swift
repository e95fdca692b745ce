public import AgentRuntime
import Dispatch
import GRDB
public import Logging

/// Agents, threads and runs in one SQLite file.
///
/// Every write is durable when its call returns; writes that come together share a transaction. One process serves
/// a file, which a lock on `<path>.lock` sees to.
public final class SQLiteStore: RuntimeStore {
  /// When SQLite waits for the disk.
  public enum Synchronous: String, Sendable, Hashable, CaseIterable {
    /// At every commit: what was acknowledged survives a loss of power.
    case full
    /// At checkpoints only: what was acknowledged survives a crash of the process, not always a loss of power.
    case normal
  }

  /// Bounds of what a store takes on.
  public struct Limits: Sendable, Hashable {
    /// So many writes may wait; more are refused with `StoreError.unavailable`.
    public var writesWaitingMax = 10_000
    /// So many reads may wait; more are refused with `StoreError.unavailable`.
    public var readsWaitingMax = 10_000
    /// So many reads run at a time, each on its thread and its connection.
    public var readersMax = 4
    /// Beyond so many bytes the write-ahead log is emptied even if that holds up readers for a moment.
    public var logBytesMax = 64 << 20
    /// For so long a statement waits for another program that has locked the file.
    public var busyTimeout = Duration.seconds(5)

    /// The defaults.
    public init() {}
  }

  let path: String
  let pool: DatabasePool
  let writer: WriteQueue
  let readers: ReadLanes
  /// What the writer knows of checkpoints, and what was done with them.
  let checkpoints = CheckpointerWatch()
  let threadRetention = BackgroundRetention(policy: SQLiteStore.threadRetentionPolicy)
  private let lock: FileLock
  private let synchronous: Synchronous

  /// Opens the database at `path`, making it and its folders if need be, and brings its schema up to date.
  ///
  /// `version` is noted in the file as its last writer's. Throws `StoreError`: `unavailable` where there can be no
  /// database or another process has it, `corrupt` where it is damaged or of a newer version of Apus, which leaves
  /// it untouched.
  public static func open(
    path: String, synchronous: Synchronous = .full, version: String = "unknown", limits: Limits = Limits(),
    logger: Logger = Logger(label: "apus.sqlite")
  ) async throws -> SQLiteStore {
    try await withCheckedThrowingContinuation { continuation in
      // Opening may read and check a whole log: not a thing for the cooperative pool.
      DispatchQueue.global().async {
        do {
          continuation.resume(
            returning: try SQLiteStore(
              path: path, synchronous: synchronous, version: version, limits: limits, logger: logger))
        } catch {
          var failure = StoreError(error, writing: true)
          if !failure.message.contains(path) { failure.message = "\(path): \(failure.message)" }
          continuation.resume(throwing: failure)
        }
      }
    }
  }

  private init(
    path: String, synchronous: Synchronous, version: String, limits: Limits, logger: Logger
  ) throws {
    let path = try DatabaseFile.prepare(path: path)
    let lock = try FileLock(database: path)
    try DatabaseFile.checkCanServe(path)
    let pool = try Self.openPool(path: path, synchronous: synchronous, version: version, limits: limits)
    self.path = path
    self.lock = lock
    self.pool = pool
    self.synchronous = synchronous
    self.readers = ReadLanes(pool: pool, lanesMax: limits.readersMax, waitingMax: limits.readsWaitingMax)
    let log = WriteAheadLog(path: path + "-wal", bytesMax: limits.logBytesMax, pool: pool, logger: logger)
    self.writer = WriteQueue(pool: pool, waitingMax: limits.writesWaitingMax, afterCommit: log.bound)
    // What cannot be read here is damaged, and no reason to refuse all the rest.
    let unfinished = try? pool.writeWithoutTransaction { db in try ThreadRemoval.unfinished(db) }
    if unfinished.flatMap({ $0 }) != nil { finishThreadRemovals() }
    let leftover = try? pool.writeWithoutTransaction { db in try RunOwners.leftover(db) }
    if leftover.flatMap({ $0 }) != nil { finishRunRemovals() }
  }

  /// Ends every use of the store: what waits is done, the write-ahead log is merged into the file, the lock freed.
  public func close() async {
    await readers.close()
    await writer.close { [pool, lock] in
      // A log that cannot be merged now (a full disk) is merged by the next start: nothing is lost.
      _ = try? pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
      try? pool.close()
      lock.release()
    }
  }

  /// Tries a read and a write; for health. Throws only where the store is closed.
  public func probe() async throws -> StoreHealth {
    guard !writer.isClosed else { throw StoreError.closed }
    var health = StoreHealth(reads: true, writes: true, problem: nil)
    do {
      _ = try await readers.readOne { db in try Int.fetchOne(db, sql: "SELECT length(probe) FROM store") }
    } catch let error as StoreError {
      health.reads = false
      health.problem = error.message
    }
    do {
      // As much as a turn, so that a disk that has no room for turns has none for this; always in the same place.
      try await writer.write { db in try db.execute(sql: "UPDATE store SET probe = randomblob(length(probe))") }
    } catch let error as StoreError {
      health.writes = false
      health.problem = error.message
    }
    return health
  }

  /// What the store is, for `apus doctor`. Throws `StoreError`.
  public func info() async throws -> SQLiteStoreInfo {
    let (schema, agents, threads) = try await readers.read { db in
      (
        try StoreSchema.newestApplied(db), try Int.fetchOne(db, sql: "SELECT count(*) FROM agents") ?? 0,
        try Int.fetchOne(db, sql: "SELECT count(*) FROM checkpoint_threads WHERE name IS NOT NULL") ?? 0
      )
    }
    return SQLiteStoreInfo(
      path: path, schemaVersion: schema, synchronous: synchronous, bytes: DatabaseFile.size(path),
      logBytes: DatabaseFile.size(path + "-wal"), agents: agents, threads: threads,
      writesWaiting: writer.unfinished, writes: writer.counts.writes, transactions: writer.counts.transactions)
  }
}
