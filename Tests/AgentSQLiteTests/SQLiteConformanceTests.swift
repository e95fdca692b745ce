import AgentRuntime
import AgentSQLite
import AgentTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct SQLiteConformanceTests {
  @Test(arguments: RuntimeStoreConformance.checks)
  func conforms(check: RuntimeStoreConformance.Check) async throws {
    try await withFolder { folder in
      try await check.run { try await SQLiteStore.open(path: folder.path("a.db"), synchronous: .normal) }
    }
  }

  @Test(arguments: RuntimeStoreConformance.checks)
  func conformsBehindTheCache(check: RuntimeStoreConformance.Check) async throws {
    try await withFolder { folder in
      try await check.run {
        ThreadCache(try await SQLiteStore.open(path: folder.path("a.db"), synchronous: .normal))
      }
    }
  }

  @Test(arguments: RuntimeStoreConformance.durabilityChecks)
  func outlivesItsEnd(check: RuntimeStoreConformance.DurabilityCheck) async throws {
    try await withFolder { folder in
      try await check.run {
        try await SQLiteStore.open(path: folder.path("a.db"))
      } reopen: { store in
        await store.close()
        return try await SQLiteStore.open(path: folder.path("a.db"))
      }
    }
  }

  /// The files of a store that was not closed are what kill -9 leaves.
  @Test(arguments: RuntimeStoreConformance.durabilityChecks)
  func outlivesACrash(check: RuntimeStoreConformance.DurabilityCheck) async throws {
    try await withFolder { folder in
      try await check.run {
        try await SQLiteStore.open(path: folder.path("a.db"))
      } reopen: { store in
        for end in ["", "-wal"] { try folder.copy("a.db" + end, to: "b.db" + end) }
        await store.close()
        return try await SQLiteStore.open(path: folder.path("b.db"))
      }
    }
  }
}
