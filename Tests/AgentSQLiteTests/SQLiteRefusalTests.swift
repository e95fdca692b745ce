import AgentRuntime
import Foundation
import GRDB
import Testing

@testable import AgentSQLite

/// Files that are not served: each is refused with a reason and left as it was.
@Suite(.timeLimit(.minutes(5))) struct SQLiteRefusalTests {
  @Test func pathsWhereNoDatabaseCanBe() async throws {
    try await withFolder { folder in
      try folder.write(Data("x".utf8), to: "file")
      await refuses(.unavailable, path: folder.root.path, saying: "directory")
      await refuses(.unavailable, path: folder.path("file/a.db"), saying: "folder")
      await refuses(.unavailable, path: "", saying: "empty")
      await refuses(.unavailable, path: folder.root.path + "/a\u{0}.db", saying: "NUL")
      await refuses(.unavailable, path: "/dev/null", saying: "")
      await refuses(.unavailable, path: folder.path(String(repeating: "x", count: 300)), saying: "opened")
    }
  }

  @Test func filesThatAreNoDatabase() async throws {
    try await withFolder { folder in
      let texts = [Data("hello".utf8), Data(repeating: 0, count: 10_000), Data(repeating: 0xA5, count: 100_000)]
      for text in texts {
        try folder.write(text, to: "a.db")
        await refuses(.corrupt, path: folder.path("a.db"), saying: "no SQLite database")
        #expect(try folder.bytes("a.db") == text)
      }
    }
  }

  @Test func aCutDatabase() async throws {
    try await withFolder { folder in
      try await SQLiteStore.open(path: folder.path("a.db")).close()
      let half = try folder.bytes("a.db").prefix(8192)
      try folder.write(half, to: "a.db")
      await refuses(.corrupt, path: folder.path("a.db"), saying: "damaged")
      #expect(try folder.bytes("a.db") == half)
    }
  }

  @Test func aDatabaseOfAnotherProgram() async throws {
    try await withFolder { folder in
      let other = try DatabaseQueue(path: folder.path("a.db"))
      try await other.write { db in try db.execute(sql: "CREATE TABLE agents (id)") }
      try other.close()
      let bytes = try folder.bytes("a.db")
      await refuses(.unavailable, path: folder.path("a.db"), saying: "another program")
      #expect(try folder.bytes("a.db") == bytes)
    }
  }

  @Test func aDatabaseOfANewerVersion() async throws {
    try await withFolder { folder in
      try await SQLiteStore.open(path: folder.path("a.db"), version: "99.1.0").close()
      try await migrate(folder.path("a.db"), to: "77")
      let bytes = try folder.bytes("a.db")
      await refuses(.corrupt, path: folder.path("a.db"), saying: "newer Apus (99.1.0) with schema 77")
      #expect(try folder.bytes("a.db") == bytes)
      // A read-only connection leaves an empty log behind.
      #expect(try folder.bytes("a.db-wal").isEmpty)
    }
  }

  @Test func aDatabaseOfANewerVersionThatCrashed() async throws {
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"), version: "99.1.0")
      let newer = StoreSchema.version + 1
      try await store.writer.write { db in
        try db.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: ["\(newer)"])
      }
      for end in ["", "-wal"] { try folder.copy("a.db" + end, to: "b.db" + end) }
      await store.close()
      let bytes = [try folder.bytes("b.db"), try folder.bytes("b.db-wal")]
      await refuses(.corrupt, path: folder.path("b.db"), saying: "schema \(newer);")
      #expect([try folder.bytes("b.db"), try folder.bytes("b.db-wal")] == bytes)
    }
  }

  private func migrate(_ path: String, to identifier: String) async throws {
    let queue = try DatabaseQueue(path: path)
    try await queue.write { db in
      try db.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [identifier])
    }
    try queue.close()
  }
}

/// Expects that no store opens at the path, for this reason.
func refuses(_ kind: StoreError.Kind, path: String, saying text: String) async {
  let error = await #expect(throws: StoreError.self) { try await SQLiteStore.open(path: path) }
  #expect(error?.kind == kind, "\(error?.message ?? "")")
  #expect(error?.message.contains(text) ?? false || text.isEmpty, "\(error?.message ?? "")")
}
