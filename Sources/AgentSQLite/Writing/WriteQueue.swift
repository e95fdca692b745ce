import AgentRuntime
import Dispatch
import GRDB
import Synchronization

/// The one writer of a database: merges the writes that wait into one transaction, and acknowledges after its commit.
///
/// It works on a thread of its own, since `fsync` blocks, and outside of the callers' tasks, since a write that has
/// begun is not undone by cancellation. A lone write is never held back for company.
final class WriteQueue: Sendable {
  /// A write that waits.
  private struct Write: Sendable {
    /// Does the work and returns what acknowledges it.
    let perform: @Sendable (Database) throws -> @Sendable () -> Void
    /// Tells that it failed.
    let fail: @Sendable (StoreError) -> Void
  }

  private struct State {
    var waiting: [Write] = []
    var unfinished = 0
    var isDraining = false
    var isClosed = false
    var counts = WriteCounts()
  }

  /// So many writes share a transaction at most: the first of them waits for the last.
  private static let batchMax = 256

  private let pool: DatabasePool
  private let waitingMax: Int
  private let afterCommit: @Sendable () -> Void
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "apus.sqlite.writer")

  /// `afterCommit` runs on the writer's thread once a transaction's writes were acknowledged.
  init(pool: DatabasePool, waitingMax: Int, afterCommit: @escaping @Sendable () -> Void) {
    self.pool = pool
    self.waitingMax = waitingMax
    self.afterCommit = afterCommit
  }

  /// Writes and transactions since the start.
  var counts: WriteCounts { state.withLock { $0.counts } }

  /// Does one write, all of it or nothing, and returns when it is durable. `body` may run more than once.
  func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      submit(
        Write(
          perform: { db in
            let value = try body(db)
            return { continuation.resume(returning: value) }
          },
          fail: { continuation.resume(throwing: $0) }))
    }
  }

  /// Takes one write, all of it or nothing, and acknowledges it from the writer's thread once it is durable, or with
  /// what went wrong (a refusal at once, on the caller's thread). Writes are done in the order in which they were
  /// taken. `body` may run more than once.
  func submit(
    _ body: @escaping @Sendable (Database) throws -> Void,
    acknowledge: @escaping @Sendable (StoreError?) -> Void
  ) {
    submit(
      Write(
        perform: { db in
          try body(db)
          return { acknowledge(nil) }
        }, fail: acknowledge))
  }

  /// How many writes were taken and not answered yet.
  var unfinished: Int { state.withLock { $0.unfinished } }

  /// Whether `close` was called.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Takes no more writes, finishes those that wait, and runs `body` after the last. Another call of `close` waits
  /// for the first and does not run its own.
  func close(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
      // Under the lock, so that the first to close is the first in the queue, too.
      state.withLock { state in
        let isFirst = !state.isClosed
        state.isClosed = true
        queue.async {
          // What was submitted before may be in the queue behind this.
          self.drain()
          if isFirst { body() }
          continuation.resume()
        }
      }
    }
  }

  private func submit(_ write: Write) {
    let (refusal, starts): (StoreError?, Bool) = state.withLock { state in
      if state.isClosed { return (.closed, false) }
      if state.waiting.count >= waitingMax { return (overload, false) }
      state.waiting.append(write)
      state.unfinished += 1
      let starts = !state.isDraining
      state.isDraining = true
      return (nil, starts)
    }
    if let refusal { write.fail(refusal) }
    if starts { queue.async { self.drain() } }
  }

  private var overload: StoreError {
    StoreError(.unavailable, "\(waitingMax) writes wait for the disk already; no more are taken.")
  }

  private func drain() {
    while let batch = nextBatch() {
      commit(batch)
      state.withLock { $0.unfinished -= batch.count }
      afterCommit()
    }
  }

  private func nextBatch() -> ArraySlice<Write>? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isDraining = false
        return nil
      }
      let batch = state.waiting.prefix(Self.batchMax)
      state.waiting.removeFirst(batch.count)
      return batch
    }
  }

  private func commit(_ batch: ArraySlice<Write>) {
    var outcomes: [Result<@Sendable () -> Void, StoreError>] = []
    do {
      try pool.writeWithoutTransaction { db in
        try db.inTransaction(.immediate) {
          for write in batch { outcomes.append(try attempt(write, alone: batch.count == 1, db)) }
          return .commit
        }
      }
    } catch {
      return recover(batch, from: error)
    }
    count(batch)
    for (write, outcome) in zip(batch, outcomes) {
      switch outcome {
      case .success(let acknowledge): acknowledge()
      case .failure(let error): write.fail(error)
      }
    }
  }

  /// Each write of several has a savepoint, so that its failure is its own.
  private func attempt(
    _ write: Write, alone: Bool, _ db: Database
  ) throws -> Result<@Sendable () -> Void, StoreError> {
    if alone { return .success(try write.perform(db)) }
    do {
      var acknowledge: @Sendable () -> Void = {}
      try db.inSavepoint {
        acknowledge = try write.perform(db)
        return .commit
      }
      return .success(acknowledge)
    } catch  where db.isInsideTransaction {
      return .failure(StoreError(error, writing: true))
    }
  }

  /// Some faults, such as a full disk, end the whole transaction. What came together is then tried one by one: the
  /// small write that still fits is not refused for the large one that does not.
  private func recover(_ batch: ArraySlice<Write>, from error: any Error) {
    if batch.count > 1, Self.concernsOneWrite(error) {
      for write in batch { commit([write]) }
    } else {
      for write in batch { write.fail(StoreError(error, writing: true)) }
    }
  }

  /// Whether other writes of the transaction may succeed alone. One that waited for a lock in vain would make every
  /// other one wait as long.
  private static func concernsOneWrite(_ error: any Error) -> Bool {
    guard let code = (error as? DatabaseError)?.resultCode else { return true }
    return [.SQLITE_FULL, .SQLITE_TOOBIG, .SQLITE_NOMEM, .SQLITE_CONSTRAINT, .SQLITE_IOERR].contains(code)
  }

  private func count(_ batch: ArraySlice<Write>) {
    state.withLock {
      $0.counts.transactions += 1
      $0.counts.writes += batch.count
    }
  }
}

/// How much a writer has done.
struct WriteCounts: Sendable {
  /// Writes that were answered, by success or by a refusal of their own.
  var writes = 0
  /// Transactions that did them.
  var transactions = 0
}
