import GRDB
import Synchronization

/// Counts what was committed, and makes the writer forget what was not. One for a file: all its checkpointers share it.
final class CheckpointerWatch: TransactionObserver, Sendable {
  let cache = CheckpointWriterCache()
  private let state = Mutex(State())

  private struct State {
    var counts = SQLiteCheckpointerCounts()
    /// Of the transaction under way.
    var (saves, bytes) = (0, 0)
    var isAttached = false
  }

  /// Watches the writer's connection from now on.
  func attach(to db: Database) {
    let isNew = state.withLock { state in
      defer { state.isAttached = true }
      return !state.isAttached
    }
    if isNew { db.add(transactionObserver: self, extent: .databaseLifetime) }
  }

  var counts: SQLiteCheckpointerCounts { state.withLock { $0.counts } }

  func countRead() { state.withLock { $0.counts.reads += 1 } }

  func count(pruned: Int) { state.withLock { $0.counts.pruned += pruned } }

  /// A save was done; it counts once it is committed.
  func noteSave(bytes: Int) {
    state.withLock {
      $0.saves += 1
      $0.bytes += bytes
    }
  }

  /// Does something on the writer's connection, after which nothing is known of a thread.
  func forgetting<T>(_ thread: [UInt8], _ db: Database, _ body: (Database) throws -> T) throws -> T {
    try changing(db) { knowledge in
      let value = try body(db)
      knowledge.forget(thread: thread)
      return value
    }
  }

  /// Does something on the writer's connection that makes the writer forget what it changes.
  func changing<T>(_ db: Database, _ body: (inout WriterKnowledge) throws -> T) throws -> T {
    attach(to: db)
    var knowledge = cache.take()
    let value = try body(&knowledge)
    cache.putBack(knowledge)
    return value
  }

  /// Does something on the writer's connection, after which nothing is known of any thread.
  func forgettingAll(_ db: Database, _ body: (Database) throws -> Void) throws {
    attach(to: db)
    _ = cache.take()
    try body(db)
  }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
  func databaseDidChange(with event: DatabaseEvent) {}

  func databaseDidCommit(_ db: Database) {
    state.withLock { state in
      guard state.saves > 0 else { return }
      state.counts.saves += state.saves
      state.counts.bytes += state.bytes
      state.counts.transactions += 1
      (state.saves, state.bytes) = (0, 0)
    }
  }

  func databaseDidRollback(_ db: Database) {
    cache.clear()
    state.withLock { state in (state.saves, state.bytes) = (0, 0) }
  }
}
