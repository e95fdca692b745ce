import AgentGraph
import AgentRuntime
import AgentTesting
import Foundation
import GRDB
import Testing

@testable import AgentSQLite

@Suite(.timeLimit(.minutes(5))) struct SQLiteFaultTests {
  private let key = ThreadKey(agentID: "a", sessionID: "s")

  /// SQLite's own bound of pages fails like a full disk.
  @Test func aFileThatCannotGrow() async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      try await store.appendTurn(sampleTurn("a", "s"))
      try await bound(store, pages: 1)
      try await fails(.readOnly, saying: "the disk is full") {
        try await store.appendTurn(sampleTurn("a", "s", bytes: 1_000_000))
      }
      #expect(try await store.thread(key, last: nil)?.messageCount == 2)
      try await bound(store, pages: 1_000_000)
      try await store.appendTurn(sampleTurn("a", "s", bytes: 1_000_000))
      #expect(try await store.thread(key, last: nil)?.messageCount == 4)
    }
  }

  /// Of writes that come together, the ones that fit are kept.
  @Test func aWriteTooLargeForTheDiskDoesNotTakeOthersWithIt() async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      try await bound(store, pages: 200)
      let kept = try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<20 {
          group.addTask {
            let bytes = number % 5 == 0 ? 1_000_000 : 100
            return (try? await store.appendTurn(sampleTurn("a", "s\(number)", bytes: bytes))) != nil
          }
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(kept == 16)
      #expect(try await store.info().threads == 16)
    }
  }

  @Test(.enabled(if: getuid() == 0, "mounting a small file system takes root"))
  func aFullDisk() async throws {
    try await withFolder { folder in
      try await withMount(folder.path("disk"), size: "4m") {
        let store = try await SQLiteStore.open(path: folder.path("disk/a.db"))
        try await store.insertAgent(sampleAgent("a"), changes: [])
        try await store.appendTurn(sampleTurn("a", "s"))
        let acknowledged = try await fill(store)
        let health = try await store.probe()
        #expect(health.reads && !health.writes)
        #expect(health.problem?.contains("full") ?? false, "\(health.problem ?? "")")
        #expect(try await store.thread(key, last: nil)?.messageCount == acknowledged)
        #expect(try await store.agents(AgentQuery()).total == 1)
        try FileManager.default.removeItem(atPath: folder.path("disk/filler"))
        try await store.appendTurn(sampleTurn("a", "s"))
        #expect(try await store.probe() == StoreHealth(reads: true, writes: true, problem: nil))
        await store.close()
        let again = try await SQLiteStore.open(path: folder.path("disk/a.db"))
        #expect(try await again.thread(key, last: nil)?.messageCount == acknowledged + 2)
        await again.close()
      }
    }
  }

  /// Fills the disk and then appends until nothing fits; returns how many messages were acknowledged.
  private func fill(_ store: SQLiteStore) async throws -> Int {
    let filler = URL(filePath: store.path).deletingLastPathComponent().appending(path: "filler")
    try Data(count: 2 << 20).write(to: filler)
    var acknowledged = 2
    for _ in 0..<2_000 {
      do {
        try await store.appendTurn(sampleTurn("a", "s"))
        acknowledged += 2
      } catch let error as StoreError {
        #expect(error.kind == .readOnly, "\(error.message)")
        return acknowledged
      }
    }
    Issue.record("the disk never got full")
    return acknowledged
  }

  @Test func damageIsTold() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"))
      try await store.insertAgent(sampleAgent("a"), changes: [])
      for _ in 0..<50 { try await store.appendTurn(sampleTurn("a", "s", bytes: 5_000)) }
      await store.close()
      var bytes = try folder.bytes("a.db")
      for page in try pages(of: "checkpoint_payloads", in: folder.path("a.db")) {
        bytes.replaceSubrange(((page - 1) * 4096)..<((page - 1) * 4096 + 64), with: Data(repeating: 0xA5, count: 64))
      }
      try folder.write(bytes, to: "a.db")
      let damaged = try await SQLiteStore.open(path: folder.path("a.db"))
      let error = await #expect(throws: GraphError.self) { _ = try await damaged.thread(key, last: nil) }
      #expect(error?.code == .unreadableCheckpoint)
      #expect(error?.message.contains("a/s") == true)
      #expect(try await damaged.agent("a") != nil)
      await damaged.close()
    }
  }

  /// The pages that hold the rows of a table, without its root.
  private func pages(of table: String, in path: String) throws -> [Int] {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }
    return try queue.read { db in
      try Int.fetchAll(
        db, sql: "SELECT pageno FROM dbstat WHERE name = ? AND pagetype <> 'internal' AND path <> '/'",
        arguments: [table])
    }
  }

  @Test(arguments: [
    "not json", #"{"role":"user""#, #"{"role":"wizard"}"#, "[]", #"{"role":"user","role":"tool"}"#,
  ])
  func damagedRowsAreTold(body: String) async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      try await store.writer.write { db in try db.execute(sql: "UPDATE agents SET body = ?", arguments: [body]) }
      try await fails(.corrupt, saying: "stored") { _ = try await store.agent("a") }
    }
  }

  @Test func rowsOfANewerFormatAreNotRead() async throws {
    try await withStore { store in
      try await store.insertAgent(sampleAgent("a"), changes: [])
      for table in ["agents", "agent_revisions"] {
        try await store.writer.write { db in try db.execute(sql: "UPDATE \(table) SET format = 2") }
      }
      try await fails(.corrupt, saying: "format 2") { _ = try await store.agent("a") }
      try await fails(.corrupt, saying: "format 2") { _ = try await store.revisions(of: "a") }
    }
  }

  private func bound(_ store: SQLiteStore, pages: Int) async throws {
    try await store.pool.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
  }

  private func fails(
    _ kind: StoreError.Kind, saying text: String, _ body: () async throws -> Void
  ) async throws {
    let error = await #expect(throws: StoreError.self) { try await body() }
    #expect(error?.kind == kind, "\(error?.message ?? "")")
    #expect(error?.message.contains(text) ?? false, "\(error?.message ?? "")")
  }
}

/// Runs `body` with a file system in memory of this size mounted at the path.
private func withMount(_ path: String, size: String, _ body: () async throws -> Void) async throws {
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  try #require(try runProgram("/bin/mount", ["-t", "tmpfs", "-o", "size=\(size)", "tmpfs", path]) == 0)
  do {
    try await body()
  } catch {
    _ = try runProgram("/bin/umount", ["--lazy", path])
    throw error
  }
  #expect(try runProgram("/bin/umount", ["--lazy", path]) == 0)
}
