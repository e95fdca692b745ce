import AgentJSON
import AgentRuntime
import AgentTesting
import Foundation
import GRDB
import Synchronization
import Testing

@testable import AgentSQLite

/// What is of SQLite alone: damage, plans, how much is written, how much is removed at a time.
@Suite(.timeLimit(.minutes(5))) struct SQLiteRunTests {
  @Test(
    "a damaged run is an error that names it, and others stay readable",
    arguments: [
      ("runs", "not json", "damaged JSON"), ("runs", "[]", "no JSON object"), ("runs", "{}", "no status"),
      ("runs", #"{"status":"wizard","steps":[],"updated_at":0}"#, "status that this version"),
      ("runs", #"{"status":"queued","steps":7,"updated_at":0}"#, "its steps is not an array"),
      ("runs", #"{"status":"queued","steps":[],"updated_at":0,"ended_at":"x"}"#, "its ended_at is not an integer"),
      ("runs", #"{"status":"queued","status":"queued","steps":[],"updated_at":0}"#, "damaged JSON"),
      ("run_origins", "{", "damaged JSON"), ("run_origins", "{}", "no agent_id"),
      ("run_origins", #"{"agent_id":"a","background":false,"created_at":0}"#, "no request"),
    ])
  func damage(table: String, body: String, told: String) async throws {
    try await withRuns(3) { store in
      try await store.writer.write { db in
        let key = table == "runs" ? "sequence" : "run"
        try db.execute(
          sql: "UPDATE \(table) SET body = ? WHERE \(key) = (SELECT sequence FROM runs WHERE id = 'run-1')",
          arguments: [body])
      }
      try await expectDamage(store, told: told)
    }
  }

  @Test func aRunWithoutItsRequestIsDamaged() async throws {
    try await withRuns(3) { store in
      try await store.writer.write { db in
        try db.execute(sql: "DELETE FROM run_origins WHERE run = (SELECT sequence FROM runs WHERE id = 'run-1')")
      }
      try await expectDamage(store, told: "without its request")
    }
  }

  @Test(arguments: ["runs", "run_origins"]) func runsOfANewerFormatAreNotRead(table: String) async throws {
    try await withRuns(1) { store in
      try await store.writer.write { db in try db.execute(sql: "UPDATE \(table) SET format = 2") }
      let error = await #expect(throws: StoreError.self) { _ = try await store.runs.run("run-0") }
      #expect(error?.kind == .corrupt)
      #expect(error?.message.contains("run-0 is stored in format 2") == true, "\(error?.message ?? "")")
    }
  }

  /// The run `run-1` of three is damaged: it is named wherever it is read, and its finder can put an end to it.
  private func expectDamage(_ store: SQLiteStore, told: String) async throws {
    let error = await #expect(throws: StoreError.self) { _ = try await store.runs.run("run-1") }
    #expect(error?.kind == .corrupt)
    let message = error?.message ?? ""
    #expect(message.contains("run-1") && message.contains(told), "\(message)")
    #expect(try await store.runs.run("run-0") != nil)
    let page = try await store.runs.list(RunQuery())
    #expect(page.runs.map(\.id) == ["run-2", "run-0"])
    #expect(page.unreadable.map(\.message) == [message])
    let alone = try await store.runs.list(RunQuery(after: page.runs[0].cursor, limit: 1))
    #expect(alone.runs.isEmpty && alone.unreadable.count == 1 && alone.next?.id == "run-1")
    #expect(try await store.runs.list(RunQuery(after: alone.next)).runs.map(\.id) == ["run-0"])

    let due = try await store.runs.claimable(at: time, limit: 10)
    #expect(due.map(\.id) == ["run-0", "run-1", "run-2"])
    let revision = try await store.runs.claim("run-1", by: "p", until: time.addingTimeInterval(9), expecting: 1)
    var failed = StoredRun(id: "run-1", agentID: due[1].agentID, request: [:], createdAt: time)
    failed.status = .failed
    try await store.runs.replace(failed, expecting: revision)
    #expect(try await store.runs.claimable(at: time.addingTimeInterval(60), limit: 10).map(\.id) == ["run-0", "run-2"])
    #expect(try await store.runs.prune(endedBefore: time.addingTimeInterval(1), limit: 10).count == 1)
    #expect(try await store.runs.list(RunQuery()).unreadable.isEmpty)
  }

  @Test func listsAndSearchesGoByIndexesAndSortNothing() async throws {
    try await withRuns(1) { store in
      let place = RunCursor(createdAt: time, id: "r")
      let queries: [(RunQuery, String)] = [
        (RunQuery(), "runs_by_time"), (RunQuery(after: place), "runs_by_time (created_at<?"),
        (RunQuery(status: .failed), "runs_by_status (status=?"),
        (RunQuery(status: .failed, after: place), "runs_by_status (status=? AND created_at<?"),
        (RunQuery(agentID: "a"), "runs_by_owner (owner=?"),
        (RunQuery(agentID: "a", after: place), "runs_by_owner (owner=? AND created_at<?"),
        (RunQuery(agentID: "a", status: .failed), "runs_by_owner_and_status (owner=? AND status=?"),
        (
          RunQuery(agentID: "a", status: .failed, after: place),
          "runs_by_owner_and_status (owner=? AND status=? AND created_at<?"
        ),
      ]
      var statements = queries.map { query, index in
        let filter = RunFilter(query)
        return (filter.sql, filter.arguments, index)
      }
      statements.append((RunStatements.claimable, [0, 1], "runs_due"))
      statements.append((RunStatements.ended, [0, 1], "runs_by_end (ended_at<?"))
      for (sql, arguments, index) in statements {
        let plan = try await store.readers.read { db in
          try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(sql)", arguments: arguments)
            .map { $0["detail"] as String }.joined(separator: "; ")
        }
        #expect(plan.contains("INDEX \(index)"), "\(plan)")
        #expect(!plan.contains("TEMP B-TREE") && !plan.contains("AUTOMATIC"), "\(plan)")
      }
    }
  }

  @Test func aStepIsOneStatementAndDoesNotWriteTheRequestAgain() async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      var run = StoredRun(
        id: "r", agentID: "a", request: ["text": .string(String(repeating: "x", count: 1_000_000))], createdAt: time)
      try await store.runs.insert(run)
      _ = try await store.pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
      let statements = Mutex<[String]>([])
      try await store.pool.writeWithoutTransaction { db in
        db.trace { event in
          if case .statement(let statement) = event {
            statements.withLock { $0.append(String(statement.sql.prefix { $0 != " " })) }
          }
        }
      }
      for step in 0..<5 {
        run.steps.append(.integer(step))
        run.revision = try await store.runs.replace(run, expecting: run.revision)
      }
      #expect(statements.withLock { $0 } == Array(repeating: ["BEGIN", "UPDATE", "COMMIT"], count: 5).flatMap { $0 })
      #expect(try await store.info().logBytes < 200_000)
      #expect(try await store.runs.run("r") == run)
    }
  }

  @Test func aPageOfLargeRunsEndsEarly() async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      for number in 0..<7 {
        var run = StoredRun(
          id: "run-\(number)", agentID: "a", request: ["text": .string(String(repeating: "x", count: 2 << 20))],
          createdAt: time)
        // The last one by the list fills more than a page alone.
        run.output = .string(String(repeating: "y", count: number == 0 ? RunStoreLimits.pageBytesMax : 1 << 20))
        try await store.runs.insert(run)
      }
      var (query, pages) = (RunQuery(), [[String]]())
      while true {
        let page = try await store.runs.list(query)
        pages.append(page.runs.map(\.id))
        guard let next = page.next else { break }
        query.after = next
      }
      #expect(pages == [["run-6", "run-5", "run-4"], ["run-3", "run-2", "run-1"], ["run-0"]])
    }
  }

  @Test func aDeletedAgentsRunsGoInSmallSteps() async throws {
    try await withRuns(300) { store in
      let before = store.writer.counts
      #expect(try await store.deleteAgent("a"))
      try await waitUntilRemoved(store)
      let steps = store.writer.counts.writes - before.writes
      #expect(steps >= 300 / RunOwners.runsMax + 2, "\(steps)")
    }
  }

  @Test func aRemovalThatAProcessDidNotFinishIsFinishedByTheNext() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"), synchronous: .normal)
      try await fill(store, 100)
      try await store.writer.write { db in try db.execute(sql: "DELETE FROM agents") }
      await store.close()
      let next = try await SQLiteStore.open(path: folder.path("a.db"), synchronous: .normal)
      #expect(try await next.runs.list(RunQuery()).runs.isEmpty)
      try await waitUntilRemoved(next)
      await next.close()
    }
  }

  /// Waits for what goes on in the background.
  private func waitUntilRemoved(_ store: SQLiteStore) async throws {
    func left() async throws -> Int {
      try await store.readers.read { db in
        try ["runs", "run_origins", "run_owners"].reduce(0) { sum, table in
          sum + (try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0)
        }
      }
    }
    for _ in 0..<5_000 where try await left() > 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(try await left() == 0)
  }
}

private let time = Date(timeIntervalSince1970: 1_767_225_600)

/// Stores an agent `a` with so many queued runs.
private func fill(_ store: SQLiteStore, _ count: Int) async throws {
  try await store.insertAgent(sampleAgent("a"), changes: [])
  for number in 0..<count {
    let created = time.addingTimeInterval(Double(number) / 1000)
    try await store.runs.insert(StoredRun(id: "run-\(number)", agentID: "a", request: [:], createdAt: created))
  }
}

private func withRuns(_ count: Int, _ body: (SQLiteStore) async throws -> Void) async throws {
  try await withStore { store in
    try await fill(store, count)
    try await body(store)
  }
}
