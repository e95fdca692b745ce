import AgentJSON
import AgentRuntime
import AgentTesting
import Foundation
import GRDB
import Testing

@testable import AgentSQLite

/// Databases of earlier versions get runs, and the runs of this version load whatever becomes of the schema.
///
/// `APUS_WRITE_FIXTURES=1` writes the file where it is missing. One that was released is never written again.
@Suite(.timeLimit(.minutes(5))) struct SQLiteRunUpgradeTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
  private static let file = fixtures.appending(path: "store-5.db")

  @Test(arguments: ["store-1.db", "checkpoints-v1.sqlite", "store-5.db"])
  func aDatabaseOfEachVersionTakesRuns(name: String) async throws {
    try await withFolder { folder in
      try folder.write(try Data(contentsOf: Self.fixtures.appending(path: name)), to: "a.db")
      try await expectRuns(inUpgraded: folder.path("a.db"))
    }
  }

  @Test(arguments: 1..<StoreSchema.version) func everySchemaBeforeIsBroughtUpToDate(version: Int) async throws {
    try await withFolder { folder in
      let queue = try DatabaseQueue(path: folder.path("a.db"))
      try StoreSchema.migrator.migrate(queue, upTo: "\(version)")
      try queue.close()
      try await expectRuns(inUpgraded: folder.path("a.db"))
    }
  }

  private func expectRuns(inUpgraded path: String) async throws {
    let store = try await SQLiteStore.open(path: path, synchronous: .normal)
    #expect(try await store.info().schemaVersion == StoreSchema.version)
    try await store.insertAgent(sampleAgent("new"), changes: [])
    let run = StoredRun(id: "new", agentID: "new", request: ["a": 1], createdAt: Date(timeIntervalSince1970: 1))
    try await store.runs.insert(run)
    await store.close()
    let again = try await SQLiteStore.open(path: path, synchronous: .normal)
    #expect(try await again.runs.run("new") == run)
    await again.close()
  }

  @Test func theRunsOfTheFileLoadAndGoOn() async throws {
    try await withFolder { folder in
      try folder.write(try Data(contentsOf: Self.file), to: "a.db")
      let store = try await SQLiteStore.open(path: folder.path("a.db"), synchronous: .normal)
      for run in Self.runs {
        let stored = try #require(try await store.runs.run(run.id))
        #expect(stored.originJSON.description == run.originJSON.description)
        #expect(stored.progressJSON.description == run.progressJSON.description)
        #expect((stored.revision, stored.claim) == (run.revision, run.claim))
      }
      #expect(try await store.runs.list(RunQuery(agentID: "support")).runs.map(\.id) == ["late", "held", "done"])
      let due = try await store.runs.claimable(at: Self.time(100), limit: 10)
      #expect(due == [ClaimableRun(id: "held", agentID: "support", revision: 1)])
      try await store.runs.claim("held", by: "next", until: Self.time(200), expecting: 1)
      #expect(try await store.runs.prune(endedBefore: Self.time(100), limit: 10).count == 1)
      #expect(try await store.deleteAgent("support"))
      #expect(try await store.runs.list(RunQuery()).runs.isEmpty)
      await store.close()
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["APUS_WRITE_FIXTURES"] == "1"))
  func writesTheFile() async throws {
    try #require(!FileManager.default.fileExists(atPath: Self.file.path), "the file is there: it is never changed")
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"), version: "fixture")
      try await store.insertAgent(sampleAgent("support"), changes: ["id"])
      for run in Self.runs { try await store.runs.insert(run) }
      await store.close()
      var configuration = Configuration()
      configuration.journalMode = .default
      let queue = try DatabaseQueue(path: folder.path("a.db"), configuration: configuration)
      // Most pages are nearly empty: small ones make a small file. Those of a log cannot be changed.
      try await queue.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM; PRAGMA journal_mode = WAL")
      }
      try queue.close()
      try folder.bytes("a.db").write(to: Self.file)
    }
  }

  private static func time(_ seconds: Double) -> Date { Date(timeIntervalSince1970: 1_767_225_600 + seconds) }

  /// What the file holds.
  private static var runs: [StoredRun] {
    var done = StoredRun(
      id: "done", agentID: "support", sessionID: "first", userID: "user-1",
      request: ["messages": [["role": "user", "content": "é\u{0}"]], "stream": true], isBackground: true,
      createdAt: time(0))
    done.status = .completed
    done.steps = [["step": "validate_task", "status": "completed", "duration_ms": 0.5]]
    done.output = ["id": "chatcmpl-1", "choices": []]
    done.usage = ["total_tokens": 12]
    (done.startedAt, done.endedAt, done.updatedAt) = (time(0.125), time(2), time(2))
    var held = StoredRun(id: "held", agentID: "support", request: [:], createdAt: time(1))
    held.status = .running
    held.claim = RunClaim(holder: "process-1", until: time(60))
    var late = StoredRun(id: "late", agentID: "support", request: [:], createdAt: time(2))
    (late.status, late.endedAt) = (.failed, time(200))
    late.error = ["code": "TIMEOUT_ERROR"]
    return [done, held, late]
  }
}
