import AgentGraph
public import AgentRuntime
public import FoundationEssentials
import GRDB

/// Finds the threads of agents that nobody has written to for long, and takes their names away.
///
/// A thread is as old as its last checkpoint, of which the key alone is read: a few steps down an index for each
/// namespace, and nothing that may be damaged. Threads are looked at in the order of their numbers by readers, so that
/// the writer is asked only where there is something to remove.
struct UnusedThreads: Sendable {
  /// So many threads lose their names in a transaction.
  static let threadsMax = 64

  /// Whether a thread's last checkpoint was made before a time, or there is none.
  private static let isUnused = """
    name IS NOT NULL AND coalesce(
      (SELECT max((SELECT time FROM checkpoints WHERE space = checkpoint_spaces.id ORDER BY time DESC LIMIT 1))
        FROM checkpoint_spaces WHERE thread = checkpoint_threads.id) < ?, TRUE)
    """

  /// Threads behind a place, and whether they are unused.
  static let search = "SELECT id, \(isUnused) FROM checkpoint_threads WHERE id > ? ORDER BY id LIMIT ?"

  /// The name of a thread that is unused, also by runs.
  static let recheck = """
    SELECT name FROM checkpoint_threads WHERE \(isUnused) AND id = ? AND NOT EXISTS (
      SELECT 1 FROM runs WHERE runs.thread = checkpoint_threads.name AND status IN ('queued', 'running'))
    """

  /// The time before which the last checkpoint was made, as `checkpoints` has it.
  private let time: Int64

  init(since time: Date) {
    let microseconds = max(0, time.timeIntervalSince1970 * 1_000_000).rounded()
    self.time = CheckpointID(time: UInt64(min(microseconds, 9e18)), origin: 0).sqlTime
  }

  /// The numbers of unused threads behind a place, of so many that are looked at, and the place of the last of these if
  /// there may be more.
  func find(_ db: Database, after place: Int64, limit: Int) throws -> (threads: [Int64], next: Int64?) {
    let cursor = try Row.fetchCursor(
      try db.cachedStatement(sql: Self.search), arguments: [time, place, limit])
    var (threads, last, count): ([Int64], Int64?, Int) = ([], nil, 0)
    while let row = try cursor.next() {
      let id: Int64 = try row.decode(atIndex: 0)
      if try row.decode(Bool.self, atIndex: 1) { threads.append(id) }
      (last, count) = (id, count + 1)
    }
    return (threads, count < limit ? nil : last)
  }

  /// Takes the names of these threads away, but for those that are in use after all. Returns the names.
  func remove(_ db: Database, _ threads: ArraySlice<Int64>, _ knowledge: inout WriterKnowledge) throws -> [String] {
    var removed: [String] = []
    for id in threads {
      guard let name = try unusedName(db, id) else { continue }
      try ThreadRemoval.begin(db, id: id)
      knowledge.forget(thread: name)
      removed.append(String(decoding: name, as: UTF8.self))
    }
    return removed
  }

  private func unusedName(_ db: Database, _ id: Int64) throws -> [UInt8]? {
    let row = try Row.fetchOne(
      try db.cachedStatement(sql: Self.recheck), arguments: [time, id])
    guard let name = try row?.bytes(atIndex: 0) else { return nil }
    let text = String(decoding: name, as: UTF8.self)
    if let run = StoredRun.runID(inThread: text), try RunRow.exists(db, run) { return nil }
    return try AgentThreads.isOfStoredAgent(db, text) ? name : nil
  }
}

extension SQLiteStore {
  /// Removes threads that were not written since that time. Throws `StoreError`.
  public func pruneThreads(unusedSince time: Date, after place: Int64?, limit: Int) async throws -> PrunedThreads {
    let unused = UnusedThreads(since: time)
    let limit = RunStoreLimits.nearest(limit, in: PrunedThreads.lookedAt)
    let (found, next) = try await readers.readOne { db in try unused.find(db, after: place ?? .min, limit: limit) }
    guard !found.isEmpty else { return PrunedThreads(next: next) }
    let step = found.prefix(UnusedThreads.threadsMax)
    let removed = try await writer.write { [checkpoints] db in
      try checkpoints.changing(db) { knowledge in try unused.remove(db, step, &knowledge) }
    }
    await removeNamelessThreads()
    return PrunedThreads(removed: removed, next: step.count < found.count ? step.last : next)
  }
}
