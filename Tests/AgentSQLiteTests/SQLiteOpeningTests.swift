import AgentRuntime
import AgentTesting
import Foundation
import GRDB
import Testing

@testable import AgentSQLite

@Suite(.timeLimit(.minutes(5))) struct SQLiteOpeningTests {
  @Test(arguments: [(SQLiteStore.Synchronous.full, 2), (.normal, 1)])
  func settingsOfTheWriter(synchronous: SQLiteStore.Synchronous, number: Int) async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"), synchronous: synchronous)
      for (pragma, value) in [
        ("synchronous", number), ("foreign_keys", 1), ("busy_timeout", 5000), ("journal_size_limit", 16 << 20),
        ("wal_autocheckpoint", 1000), ("application_id", StoreSchema.applicationID),
      ] {
        let found = try await store.writer.write { db in try Int.fetchOne(db, sql: "PRAGMA \(pragma)") }
        #expect(found == value, "\(pragma)")
      }
      let mode = try await store.writer.write { db in try String.fetchOne(db, sql: "PRAGMA journal_mode") }
      #expect(mode == "wal")
      #expect(try await store.info().synchronous == synchronous)
      await store.close()
    }
  }

  @Test func makesFoldersAndFilesForItsOwnerAlone() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("x/y/a.db"))
      for (name, mode) in [("x", 0o700), ("x/y", 0o700), ("x/y/a.db", 0o600), ("x/y/a.db-wal", 0o600)] {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path(name))
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == mode, "\(name)")
      }
      await store.close()
    }
  }

  @Test func anEmptyFileIsANewDatabase() async throws {
    try await withFolder { folder in
      try folder.write(Data(), to: "a.db")
      let store = try await SQLiteStore.open(path: folder.path("a.db"))
      #expect(try await store.info().schemaVersion == StoreSchema.version)
      await store.close()
    }
  }

  /// A read that was about to take a connection while the pool was closed ended the process.
  @Test func closingWaitsForReads() async throws {
    for _ in 0..<100 {
      try await withFolder { folder in
        let store = try await SQLiteStore.open(path: folder.path("a.db"), synchronous: .normal)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<20 {
            group.addTask {
              if number == 10 { return await store.close() }
              do {
                for _ in 0..<100 { _ = try await store.info() }
              } catch let error as StoreError where error.kind == .unavailable {}
            }
          }
          try await group.waitForAll()
        }
      }
    }
  }

  @Test func closingMergesTheLog() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"))
      try await store.insertAgent(sampleAgent("a"), changes: [])
      await store.close()
      #expect(!folder.exists("a.db-wal"))
      try folder.copy("a.db", to: "b.db")
      let copy = try await SQLiteStore.open(path: folder.path("b.db"))
      #expect(try await copy.agent("a") != nil)
      await copy.close()
    }
  }

  @Test func tellsWhatItIs() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"), version: "9.8.7")
      try await store.insertAgent(sampleAgent("a"), changes: [])
      try await store.appendTurn(sampleTurn("a", "s"))
      let info = try await store.info()
      #expect(info.path == folder.path("a.db"))
      #expect((info.agents, info.threads) == (1, 1))
      // The pruning of the thread in the background may have come already.
      #expect(info.writes >= 2 && info.transactions >= 2)
      #expect(info.bytes > 0 && info.logBytes > 0)
      let writer = try await store.readers.read { db in
        try String.fetchOne(db, sql: "SELECT writer_version FROM store")
      }
      #expect(writer == "9.8.7")
      await store.close()
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct SQLiteLockTests {
  @Test func aFileHasOneStore() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"))
      try FileManager.default.createSymbolicLink(
        atPath: folder.path("link.db"), withDestinationPath: folder.path("a.db"))
      for name in ["a.db", "./a.db", "link.db"] {
        await refuses(.unavailable, path: folder.path(name), saying: "process \(getpid())")
      }
      #expect(try await store.probe().writes)
      await store.close()
      let next = try await SQLiteStore.open(path: folder.path("link.db"))
      await next.close()
    }
  }

  @Test func theLockHoldsAgainstOtherProcesses() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"))
      #expect(try lockFromOutside(folder.path("a.db.lock")) == 1)
      await store.close()
      #expect(try lockFromOutside(folder.path("a.db.lock")) == 0)
    }
  }

  @Test func aRefusedOpeningFreesTheLock() async throws {
    try await withFolder { folder in
      try folder.write(Data("no database, but long enough to look at".utf8), to: "a.db")
      await refuses(.corrupt, path: folder.path("a.db"), saying: "no SQLite database")
      #expect(try lockFromOutside(folder.path("a.db.lock")) == 0)
    }
  }

  /// The exit status of taking the lock in another process: 1 where it is held.
  private func lockFromOutside(_ path: String) throws -> Int32 {
    try runProgram("/usr/bin/flock", ["-n", path, "true"])
  }
}
