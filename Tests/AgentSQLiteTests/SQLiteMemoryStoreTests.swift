import AgentGraph
import AgentJSON
import AgentRuntime
import AgentTesting
import Foundation
import GRDB
import Synchronization
import Testing

@testable import AgentSQLite

@Suite(.timeLimit(.minutes(5))) struct SQLiteMemoryStoreTests {
  @Test("G39 a memory store in SQLite", arguments: MemoryStoreConformance.checks)
  func conforms(check: MemoryStoreConformance.Check) async throws {
    try await withStore { store in
      try await check.run { now in SQLiteMemoryStore(store, now: now) }
    }
  }

  @Test("G39 seeded: SQLite and memory agree on thousands of operations", arguments: [1, 2, 3, 4] as [UInt64])
  func agrees(seed: UInt64) async throws {
    try await withStore { store in
      let comparison = try await MemoryStoreComparison(seed: seed, batches: 1_000) { now in
        SQLiteMemoryStore(store, now: now)
      }
      #expect(comparison.operations > 1_200, "\(comparison)")
      #expect(comparison.itemsSeen > 1_200, "\(comparison)")
      #expect(comparison.searchesWithFilters > 30, "\(comparison)")
      #expect(comparison.namespacesSeen > 800, "\(comparison)")
      #expect(comparison.refusals > 5, "\(comparison)")
    }
  }

  @Test("G39 memory outlives the process that wrote it")
  func outlivesACrash() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"))
      let namespace = try MemoryNamespace("users", "anna")
      let item = try await SQLiteMemoryStore(store).put(namespace, "k", ["likes": "tea"], timeToLive: .seconds(60))
      for end in ["", "-wal"] { try folder.copy("a.db" + end, to: "b.db" + end) }
      await store.close()
      for name in ["a.db", "b.db"] {
        let again = try await SQLiteStore.open(path: folder.path(name))
        #expect(try await SQLiteMemoryStore(again).get(namespace, "k") == item)
        await again.close()
      }
    }
  }

  @Test("G39 a database from before the memory store is brought up to date")
  func upgrade() async throws {
    try await withFolder { folder in
      let queue = try DatabaseQueue(path: folder.path("a.db"))
      try StoreSchema.migrator.migrate(queue, upTo: "1")
      try queue.close()
      let store = try await SQLiteStore.open(path: folder.path("a.db"))
      try await store.insertAgent(sampleAgent("a"), changes: [])
      let memory = SQLiteMemoryStore(store)
      try await memory.put(try MemoryNamespace("a"), "k", 1)
      #expect(try await memory.search(MemoryQuery()).items.count == 1)
      #expect(try await store.info().schemaVersion == StoreSchema.version)
      await store.close()
    }
  }

  @Test("G39 puts share transactions with other writes, and reads do not wait for them")
  func sharesTheWriter() async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      let (memory, namespace) = (SQLiteMemoryStore(store), try MemoryNamespace("a"))
      try await memory.put(namespace, "k", 0)
      let before = store.writer.counts
      let gate = Gate(store)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<60 {
          group.addTask {
            if number % 2 == 0 { return try await store.appendTurn(sampleTurn("a", "s\(number)")) }
            try await memory.put(namespace, "k\(number)", .integer(number))
          }
        }
        try await gate.wait(untilWaiting: 60)
        #expect(try await memory.search(MemoryQuery(limit: 100)).items.map(\.key) == ["k"])
        gate.open()
        try await group.waitForAll()
      }
      // A thread whose turn it is may be pruned in the background, in a transaction of its own.
      #expect((60...90).contains(store.writer.counts.writes - before.writes))
      #expect(store.writer.counts.transactions - before.transactions <= 6)
      #expect(try await memory.search(MemoryQuery(limit: 100)).items.count == 31)
    }
  }

  @Test("G39 puts remove what has expired, so that the file does not grow")
  func putsSweep() async throws {
    try await withStore { store in
      let time = ManualTime()
      let memory = SQLiteMemoryStore(store) { time.now }
      let namespace = try MemoryNamespace("a")
      for number in 0..<300 { try await memory.put(namespace, "k\(number)", 1, timeToLive: .seconds(1)) }
      time.pass(microseconds: 1_000_000)
      for number in 0..<30 { try await memory.put(namespace, "new\(number)", 1) }
      let rows = try await store.readers.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM memory_items") }
      #expect(rows == 30)
    }
  }

  @Test("G39 searches and sweeps go by indexes, and sort nothing")
  func plans() async throws {
    try await withStore { store in
      let query = MemoryQuery(prefix: try MemoryNamespace("a"), filters: [MemoryFilter("f", .gte, 1)])
      let condition = MemoryCondition(query, at: 0)
      let search = "SELECT \(MemoryRow.columns) FROM memory_items WHERE \(condition.sql) ORDER BY namespace, key"
      let sweep = "SELECT id FROM memory_items WHERE expires_at <= 1 ORDER BY expires_at LIMIT 2"
      let plans = try await store.readers.read { db in
        [
          try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(search)", arguments: condition.arguments),
          try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(sweep)"),
        ].map { $0.map { $0["detail"] as String }.joined(separator: "; ") }
      }
      #expect(plans[0].contains("sqlite_autoindex_memory_items_1 (namespace>? AND namespace<?)"), "\(plans[0])")
      #expect(plans[1].contains("memory_items_by_expiry (expires_at<?)"), "\(plans[1])")
      for plan in plans { #expect(!plan.contains("TEMP B-TREE"), "\(plan)") }
    }
  }

  @Test("G39 SQL does the filtering: it lets nothing pass that plain filters leave out")
  func filtersInSQL() async throws {
    try await withStore { store in
      let memory = SQLiteMemoryStore(store)
      let namespace = try MemoryNamespace("a")
      for number in 0..<90 {
        let value: JSONValue = [
          "n": .integer(number), "d": .double(Double(number) / 4), "t": .string("t\(100 + number)"),
          "b": .bool(number % 2 == 0), "o": ["x": number % 3 == 0 ? .null : .integer(number)],
        ]
        try await memory.put(namespace, "k\(100 + number)", value)
      }
      let filters: [(MemoryFilter, Int)] = [
        (MemoryFilter("n", .eq, 7), 1), (MemoryFilter("n", .gte, 80), 10), (MemoryFilter("d", .lt, 2.4), 10),
        (MemoryFilter("t", .eq, "t150"), 1), (MemoryFilter("t", .lte, "t109"), 10), (MemoryFilter("b", .eq, true), 45),
        (MemoryFilter(["o", "x"], .eq, .null), 30), (MemoryFilter(["o", "x"], .lte, 5), 4),
        (MemoryFilter("n", .eq, "7"), 0), (MemoryFilter("t", .gt, 5), 0), (MemoryFilter("missing", .lt, 5), 0),
      ]
      for (filter, count) in filters {
        let condition = MemoryCondition(MemoryQuery(prefix: namespace, filters: [filter]), at: 0)
        let passed = try await store.readers.read { db in
          try Int.fetchOne(
            db, sql: "SELECT count(*) FROM memory_items WHERE \(condition.sql)", arguments: condition.arguments)
        }
        #expect(passed == count, "\(filter)")
      }
    }
  }

  @Test("G39 namespaces are listed without reading every item")
  func listsWithJumps() async throws {
    try await withStore { store in
      let memory = SQLiteMemoryStore(store)
      for label in ["a", "b", "c"] {
        let namespace = try MemoryNamespace("n", label)
        for start in stride(from: 0, to: 500, by: 100) {
          _ = try await memory.perform((0..<100).map { .put(namespace, key: "k\(start + $0)", value: 1) })
        }
      }
      let statements = MemoryStatements(now: 1, pageBytesMax: 1)
      let rows = try await store.readers.read { db in
        let counter = StatementCounter()
        db.trace { event in if case .statement = event { counter.add() } }
        _ = try statements.perform(try checked(.listNamespaces(NamespaceQuery())), db)
        db.trace(options: [])
        return counter.count
      }
      #expect(rows == 4)
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct SQLiteMemoryFaultTests {
  @Test("G39 damaged items are told", arguments: ["not json", #"{"f":1"#, ""])
  func damage(value: String) async throws {
    try await withStore { store in
      let memory = SQLiteMemoryStore(store)
      let namespace = try MemoryNamespace("a")
      try await memory.put(namespace, "k", ["f": 1])
      try await store.writer.write { db in
        try db.execute(sql: "UPDATE memory_items SET value = ?", arguments: [value])
      }
      try await fails(.corrupt) { _ = try await memory.get(namespace, "k") }
      try await fails(.corrupt) { _ = try await memory.search(MemoryQuery()) }
      try await fails(.corrupt) { _ = try await memory.search(MemoryQuery(filters: [MemoryFilter("f", .eq, 1)])) }
    }
  }

  @Test("G39 items of a newer format and damaged namespaces are not read")
  func newerFormat() async throws {
    try await withStore { store in
      let memory = SQLiteMemoryStore(store)
      try await memory.put(try MemoryNamespace("a"), "k", 1)
      try await store.writer.write { db in try db.execute(sql: "UPDATE memory_items SET format = 2") }
      try await fails(.corrupt) { _ = try await memory.search(MemoryQuery()) }
      try await store.writer.write { db in try db.execute(sql: "UPDATE memory_items SET format = 1, namespace = 'a'") }
      try await fails(.corrupt) { _ = try await memory.search(MemoryQuery()) }
      try await fails(.corrupt) { _ = try await memory.listNamespaces() }
    }
  }

  @Test("G39 a batch that the disk refuses does nothing, and later ones do")
  func fullDisk() async throws {
    try await withStore { store in
      let (memory, namespace) = (SQLiteMemoryStore(store), try MemoryNamespace("a"))
      try await memory.put(namespace, "k", 1)
      try await store.pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA max_page_count = 60") }
      let large = JSONValue.string(String(repeating: "x", count: 500_000))
      try await fails(.readOnly) {
        _ = try await memory.perform([.delete(namespace, key: "k"), .put(namespace, key: "l", value: large)])
      }
      try await memory.put(namespace, "m", 2)
      #expect(try await memory.search(MemoryQuery()).items.map(\.key) == ["k", "m"])
    }
  }

  @Test("G39 a closed store is told")
  func closed() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"))
      await store.close()
      let (memory, namespace) = (SQLiteMemoryStore(store), try MemoryNamespace("a"))
      try await fails(.unavailable) { _ = try await memory.get(namespace, "k") }
      try await fails(.unavailable) { try await memory.put(namespace, "k", 1) }
      try await fails(.unavailable) { _ = try await memory.sweepExpired(max: 1) }
    }
  }

  private func fails(_ code: MemoryStoreError.Code, _ body: () async throws -> Void) async throws {
    let error = await #expect(throws: MemoryStoreError.self) { try await body() }
    #expect(error?.code == code, "\(error?.description ?? "")")
  }
}

private func checked(_ operation: MemoryOperation) throws -> CheckedMemoryOperation {
  try #require(try MemoryLimits().check([operation]).first)
}

/// Counts SQLite's statements.
private final class StatementCounter: Sendable {
  private let statements = Mutex(0)

  var count: Int { statements.withLock { $0 } }

  func add() { statements.withLock { $0 += 1 } }
}
