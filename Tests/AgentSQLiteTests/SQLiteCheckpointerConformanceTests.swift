import AgentGraph
import AgentSQLite
import AgentTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct SQLiteCheckpointerConformanceTests {
  @Test("G21 G24 G28 G29 G30", arguments: CheckpointerConformance.checks)
  func conforms(check: CheckpointerConformance.Check) async throws {
    try await withFolder { folder in
      try await check.run { now in
        try await SQLiteCheckpointer.open(path: folder.path("a.db"), synchronous: .normal, now: now)
      }
    }
  }

  @Test("G22 after a clean end", arguments: CheckpointerConformance.durabilityChecks)
  func outlivesItsEnd(check: CheckpointerConformance.DurabilityCheck) async throws {
    try await withFolder { folder in
      try await check.run { now in
        try await SQLiteCheckpointer.open(path: folder.path("a.db"), now: now)
      } reopen: { checkpointer in
        await (checkpointer as? SQLiteCheckpointer)?.close()
        return try await SQLiteCheckpointer.open(path: folder.path("a.db"))
      }
    }
  }

  /// The files of a checkpointer that was not closed are what kill -9 leaves.
  @Test("G22 after a crash", arguments: CheckpointerConformance.durabilityChecks)
  func outlivesACrash(check: CheckpointerConformance.DurabilityCheck) async throws {
    try await withFolder { folder in
      try await check.run { now in
        try await SQLiteCheckpointer.open(path: folder.path("1.db"), now: now)
      } reopen: { checkpointer in
        let names = ["1", "2", "3"].filter { folder.exists("\($0).db") }
        let (last, next) = (names[names.count - 1], "\(names.count + 1)")
        for end in ["", "-wal"] { try folder.copy("\(last).db" + end, to: "\(next).db" + end) }
        await (checkpointer as? SQLiteCheckpointer)?.close()
        return try await SQLiteCheckpointer.open(path: folder.path("\(next).db"))
      }
    }
  }
}
