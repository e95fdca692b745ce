import AgentRuntime
import AgentTesting
import Dispatch
import Foundation
import GRDB
import Synchronization
import Testing

@testable import AgentSQLite

@Suite(.timeLimit(.minutes(5))) struct SQLiteWritingTests {
  /// Counts what SQLite really does on the writer's connection.
  private final class Watch: TransactionObserver, Sendable {
    let commits = Mutex(0)
    let statements = Mutex<[String]>([])
    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: Database) { commits.withLock { $0 += 1 } }
    func databaseDidRollback(_ db: Database) {}
  }

  private func watch(_ store: SQLiteStore) async throws -> Watch {
    let watch = Watch()
    try await store.writer.write { db in
      db.add(transactionObserver: watch, extent: .databaseLifetime)
    }
    try await store.pool.writeWithoutTransaction { db in
      db.trace { event in
        if case .statement(let statement) = event {
          let verb = String(statement.sql.prefix { $0 != " " })
          watch.statements.withLock { $0.append(verb) }
        }
      }
    }
    watch.commits.withLock { $0 = 0 }
    return watch
  }

  @Test func aTurnIsOneTransactionOfFewStatements() async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      try await store.appendTurn(sampleTurn("a", "s"))
      let watch = try await watch(store)
      var turns: [[String]] = []
      for _ in 0..<6 {
        watch.statements.withLock { $0 = [] }
        try await store.appendTurn(sampleTurn("a", "s"))
        turns.append(watch.statements.withLock { $0 })
      }
      // One of them may meet the pruning of the thread, which comes in the background after so many saves.
      let least = ["BEGIN", "SELECT", "INSERT", "INSERT", "COMMIT"]
      #expect(turns.count { $0 == least } >= 3, "\(turns)")
    }
  }

  @Test func writesThatComeTogetherShareATransaction() async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      let before = store.checkpoints.counts
      let gate = Gate(store)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<100 { group.addTask { try await store.appendTurn(sampleTurn("a", "s\(number)")) } }
        try await gate.open(whenWaiting: 100)
        try await group.waitForAll()
      }
      // Saves alone are counted: threads whose turn it is are pruned in the background.
      #expect(store.checkpoints.counts.saves - before.saves == 100)
      #expect(store.checkpoints.counts.transactions - before.transactions <= 2)
    }
  }

  @Test func aWriteThatFailsAmongOthersFailsAlone() async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      let gate = Gate(store)
      let results = try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<30 {
          group.addTask {
            do {
              // Every third writes something before it fails.
              if number % 3 == 0 { try await store.writer.write { db in try spoil(db) } }
              try await store.appendTurn(sampleTurn("a", "s\(number)"))
              return true
            } catch { return false }
          }
        }
        try await gate.open(whenWaiting: 30)
        return try await group.reduce(into: [Bool]()) { $0.append($1) }
      }
      #expect(results.count { $0 } == 20)
      #expect(try await store.info().threads == 20)
      #expect(try await store.agent("a") != nil)
    }
  }

  @Test func waitingWritesAreBounded() async throws {
    var limits = SQLiteStore.Limits()
    limits.writesWaitingMax = 5
    try await withStore(limits: limits) { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      let gate = Gate(store)
      // Up to five are with the blocked writer and five wait.
      try await withThrowingTaskGroup(of: StoreError.Kind?.self) { group in
        for number in 0..<20 {
          group.addTask {
            do {
              try await store.appendTurn(sampleTurn("a", "s\(number)"))
              return nil
            } catch let error as StoreError { return error.kind }
          }
        }
        for _ in 0..<10 { #expect(try await group.next() == .unavailable) }
        gate.open()
        while let kind = try await group.next() { #expect(kind == nil || kind == .unavailable) }
      }
      let stored = try await store.info().threads
      #expect((5...10).contains(stored))
    }
  }

  @Test func aWriteThatHasBegunOutlivesItsTask() async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      let gate = Gate(store)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await store.appendTurn(sampleTurn("a", "s")) }
        try await gate.wait(untilWaiting: 1)
        group.cancelAll()
        gate.open()
        try await group.waitForAll()
      }
      #expect(try await store.thread(ThreadKey(agentID: "a", sessionID: "s"), last: nil)?.messageCount == 2)
    }
  }

  @Test func probesDoNotGrowTheFile() async throws {
    try await withStore { store in
      for _ in 0..<10 { _ = try await store.probe() }
      _ = try await store.pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
      let before = try await store.info().bytes
      for _ in 0..<60 { #expect(try await store.probe().writes) }
      _ = try await store.pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
      #expect(try await store.info().bytes == before)
    }
  }

  @Test func theLogStaysBoundedUnderConstantReads() async throws {
    var limits = SQLiteStore.Limits()
    limits.logBytesMax = 1 << 18
    try await withStore(limits: limits) { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      let largest = try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<2 {
          group.addTask {
            while !Task.isCancelled {
              _ = try await store.thread(ThreadKey(agentID: "a", sessionID: "s"), last: 5)
            }
          }
        }
        var largest = 0
        for _ in 0..<400 {
          try await store.appendTurn(sampleTurn("a", "s", bytes: 4_000))
          largest = max(largest, DatabaseFile.size(store.path + "-wal"))
        }
        group.cancelAll()
        return largest
      }
      #expect(largest > 0 && largest < 1 << 20, "\(largest) bytes")
    }
  }
}

/// Writes something and then fails.
private func spoil(_ db: Database) throws {
  try db.execute(sql: "DELETE FROM agents")
  throw StoreError(.notFound, "spoilt")
}

/// Holds the writer's connection, so that writes wait, until it is opened.
final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  private let store: SQLiteStore

  init(_ store: SQLiteStore) {
    self.store = store
    let held = DispatchSemaphore(value: 0)
    store.pool.asyncWriteWithoutTransaction { [semaphore] _ in
      held.signal()
      semaphore.wait()
    }
    held.wait()
  }

  func open() { semaphore.signal() }

  /// Waits until so many writes were submitted; the first may be with the blocked writer already.
  func wait(untilWaiting count: Int) async throws {
    for _ in 0..<5_000 where store.writer.unfinished < count { try await Task.sleep(for: .milliseconds(1)) }
    #expect(store.writer.unfinished == count)
  }

  func open(whenWaiting count: Int) async throws {
    try await wait(untilWaiting: count)
    open()
  }
}

/// Runs a test with a store in a folder of its own.
func withStore(
  limits: SQLiteStore.Limits = SQLiteStore.Limits(), _ body: (SQLiteStore) async throws -> Void
) async throws {
  try await withFolder { folder in
    let store = try await SQLiteStore.open(path: folder.path("a.db"), synchronous: .normal, limits: limits)
    try await body(store)
    await store.close()
  }
}
