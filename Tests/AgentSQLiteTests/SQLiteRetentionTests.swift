import AgentGraph
import AgentJSON
import AgentRuntime
import AgentTesting
import Foundation
import GRDB
import Testing

@testable import AgentSQLite

/// What is of SQLite alone: what is left behind, how much is done at a time, plans, damage, crashes.
@Suite(.timeLimit(.minutes(5))) struct SQLiteRetentionTests {
  private static let tables = [
    "checkpoint_threads", "checkpoint_spaces", "checkpoint_streams", "checkpoint_payloads", "checkpoints",
    "checkpoint_records",
  ]

  @Test func nothingIsLeftBehind() async throws {
    try await withThreads(100) { store in
      let removed = try await prune(store)
      #expect(removed.count == 100)
      #expect(try await rowsLeft(store) == [])
    }
  }

  @Test func aPrunedRunLeavesNothingBehind() async throws {
    try await withThreads(0) { store in
      try await fillRuns(store, 40)
      #expect(try await store.runs.prune(endedBefore: time.addingTimeInterval(1), limit: 100).count == 40)
      #expect(try await rowsLeft(store, and: ["runs", "run_origins"]) == [])
    }
  }

  @Test func stepsAreSmallTransactions() async throws {
    try await withThreads(0) { store in
      let conversation = SavedConversation("a/s")
      for _ in 0..<600 { try await store.threads.save(conversation.turn()) }
      let rows = try await store.rows("checkpoint_payloads")
      let before = store.writer.counts
      #expect(try await prune(store) == ["a/s"])
      #expect(store.writer.counts.transactions - before.transactions >= rows / ThreadPruning.rowsMax)
      #expect(try await rowsLeft(store) == [])
    }
    try await withThreads(200) { store in
      let step = try await store.pruneThreads(unusedSince: .distantFuture, after: nil, limit: 1000)
      #expect(step.removed.count == UnusedThreads.threadsMax && step.next != nil)
    }
  }

  @Test func lookingAtThreadsInUseWritesNothing() async throws {
    try await withThreads(50) { store in
      let before = store.writer.counts
      var (place, steps): (Int64?, Int) = (nil, 0)
      repeat {
        place = try await store.pruneThreads(unusedSince: time, after: place, limit: 10).next
        steps += 1
      } while place != nil
      #expect(steps == 6 || steps == 5)
      #expect(store.writer.counts.writes == before.writes)
    }
  }

  @Test func searchesGoByIndexes() async throws {
    try await withThreads(1) { store in
      let statements: [(String, StatementArguments, [String])] = [
        (
          UnusedThreads.search, [0, 0, 1],
          [
            "SEARCH checkpoint_threads USING INTEGER PRIMARY KEY (rowid>?)",
            "checkpoint_spaces USING COVERING INDEX sqlite_autoindex_checkpoint_spaces_1 (thread=?)",
            "SEARCH checkpoints USING PRIMARY KEY (space=?)",
          ]
        ),
        (
          UnusedThreads.recheck, [0, 0],
          ["checkpoint_threads USING INTEGER PRIMARY KEY (rowid=?)", "INDEX runs_due_by_thread (thread=?)"]
        ),
      ]
      for (sql, arguments, wanted) in statements {
        let plan = try await store.readers.read { db in
          try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(sql)", arguments: arguments)
            .map { $0["detail"] as String }.joined(separator: "; ")
        }
        for step in wanted { #expect(plan.contains(step), "\(plan)") }
        #expect(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN") && !plan.contains("AUTOMATIC"), "\(plan)")
      }
    }
  }

  @Test(
    "what is damaged stops nothing, and goes",
    arguments: [
      "UPDATE checkpoints SET body = x'00', sum = 1", "UPDATE checkpoints SET format = 99",
      "UPDATE checkpoint_payloads SET body = x'', sum = 7", "DELETE FROM checkpoint_payloads",
      "DELETE FROM checkpoint_streams", "DELETE FROM checkpoint_layouts", "DELETE FROM checkpoints",
      "DELETE FROM checkpoint_spaces",
    ])
  func damage(sql: String) async throws {
    try await withThreads(20) { store in
      try await store.run { db in try db.execute(sql: sql) }
      #expect(try await prune(store).count == 20)
      #expect(try await store.rows("checkpoint_threads") == 0)
    }
  }

  @Test func anOpenInterruptKeepsNothing() async throws {
    try await withThreads(0) { store in
      let conversation = SavedConversation("a/s")
      try await store.threads.save(conversation.turn())
      try await store.threads.save([try conversation.interrupted()])
      #expect(try await store.rows("checkpoint_records") > 0)
      #expect(try await prune(store) == ["a/s"])
      #expect(try await rowsLeft(store) == [])
    }
  }

  @Test func threadsOfNoAgentAreNobodysBusiness() async throws {
    try await withThreads(1) { store in
      let own = SQLiteCheckpointer(store)
      let conversation = SavedConversation("order-17")
      try await own.save(conversation.turn())
      #expect(try await prune(store) == ["a/s0"])
      #expect(try await own.namespaces(thread: "order-17") == [.root])
    }
  }

  /// The names are gone in one transaction with the runs; what is left of the threads is for the next process.
  @Test func aCrashLeavesNoOrphan() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"), synchronous: .normal)
      try await store.insertAgent(sampleAgent("a"), changes: [])
      try await fillRuns(store, 10)
      try await store.appendTurn(sampleTurn("a", "s"))
      _ = try await store.writer.write { db in
        try store.checkpoints.changing(db) { knowledge in
          try RunPruning.step(db, before: Int.max, limit: 6, &knowledge)
        }
      }
      for end in ["", "-wal"] { try folder.copy("a.db" + end, to: "b.db" + end) }
      await store.close()
      let next = try await SQLiteStore.open(path: folder.path("b.db"), synchronous: .normal)
      #expect(try await next.runs.list(RunQuery()).runs.count == 4)
      for number in 0..<10 {
        let name = StoredRun.threadName(agentID: "a", runID: "run-\(number)")
        let isGone = try await next.threads.namespaces(thread: name).isEmpty
        #expect(isGone == (number < 6))
      }
      await next.removeNamelessThreads()
      #expect(try await next.rows("checkpoint_threads") == 5)
      #expect(try await next.rows("checkpoint_spaces") == 5)
      await next.close()
    }
  }

  @Test func theNextSaveOfARemovedThreadMakesItAnew() async throws {
    try await withThreads(2) { store in
      #expect(try await prune(store).count == 2)
      try await store.appendTurn(sampleTurn("a", "s0"))
      #expect(try await store.thread(ThreadKey(agentID: "a", sessionID: "s0"), last: nil)?.messageCount == 2)
      #expect(try await store.rows("checkpoint_threads") == 1)
    }
  }

  /// Removes every thread; returns the names.
  private func prune(_ store: SQLiteStore) async throws -> [String] {
    var (removed, place): ([String], Int64?) = ([], nil)
    repeat {
      let step = try await store.pruneThreads(unusedSince: .distantFuture, after: place, limit: 30)
      removed += step.removed
      place = step.next
    } while place != nil
    return removed
  }

  /// The tables that are not empty.
  private func rowsLeft(_ store: SQLiteStore, and more: [String] = []) async throws -> [String] {
    var left: [String] = []
    for table in Self.tables + more where try await store.rows(table) > 0 { left.append(table) }
    return left
  }
}

private let time = Date(timeIntervalSince1970: 1_767_225_600)

/// Runs a test with a store of an agent `a` with so many sessions.
private func withThreads(_ count: Int, _ body: (SQLiteStore) async throws -> Void) async throws {
  try await withStore { store in
    try await store.insertAgent(sampleAgent("a"), changes: [])
    for number in 0..<count { try await store.appendTurn(sampleTurn("a", "s\(number)", bytes: 1000)) }
    try await body(store)
  }
}

/// Stores so many completed runs of the agent `a`, each with a thread of its own.
private func fillRuns(_ store: SQLiteStore, _ count: Int) async throws {
  for number in 0..<count {
    var run = StoredRun(id: "run-\(number)", agentID: "a", request: [:], createdAt: time)
    (run.status, run.endedAt) = (.completed, time.addingTimeInterval(Double(number) / 1000))
    try await store.runs.insert(run)
    try await store.appendTurn(sampleTurn("a", "run/run-\(number)", bytes: 1000))
  }
}
