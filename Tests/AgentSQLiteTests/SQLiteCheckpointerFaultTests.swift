import AgentGraph
import AgentRuntime
import AgentTesting
import Foundation
import GRDB
import Testing

@testable import AgentSQLite

@Suite(.timeLimit(.minutes(5))) struct SQLiteCheckpointerFaultTests {
  private static let damages: [(String, String)] = [
    (
      "a flipped bit of a checkpoint",
      "UPDATE checkpoints SET body = CAST(x'FF' || substr(body, 2) AS BLOB) WHERE space = 1"
    ),
    ("a checkpoint cut short", "UPDATE checkpoints SET body = substr(body, 1, length(body) - 1) WHERE space = 1"),
    ("an empty checkpoint", "UPDATE checkpoints SET body = x'' WHERE space = 1"),
    ("another run", "UPDATE checkpoints SET run = x'41' WHERE space = 1"),
    ("another parent", "UPDATE checkpoints SET parent_time = 1, parent_origin = 1 WHERE space = 1"),
    ("another source", "UPDATE checkpoints SET source = 9 WHERE space = 1"),
    ("a newer format of a checkpoint", "UPDATE checkpoints SET format = 2 WHERE space = 1"),
    ("a flipped bit of a segment", "UPDATE checkpoint_payloads SET body = CAST(body || x'00' AS BLOB) WHERE \(owned)"),
    ("another count of a segment", "UPDATE checkpoint_payloads SET count = count + 1 WHERE \(owned)"),
    ("segments that are exchanged", exchange),
    ("a newer format of a segment", "UPDATE checkpoint_payloads SET format = 7 WHERE \(owned)"),
    (
      "a segment that is missing",
      "DELETE FROM checkpoint_payloads WHERE id = (SELECT min(id) FROM checkpoint_payloads)"
    ),
    (
      "a flipped bit of a pending write",
      "UPDATE checkpoint_records SET body = CAST(x'01' || body AS BLOB) WHERE space = 1"
    ),
    ("a pending write of another task", "UPDATE checkpoint_records SET task = x'0041' WHERE space = 1"),
    ("a newer format of a pending write", "UPDATE checkpoint_records SET format = 2 WHERE space = 1"),
  ]

  private static let owned = "id >> 24 IN (SELECT id FROM checkpoint_streams WHERE space = 1)"
  private static let exchange = """
    UPDATE checkpoint_payloads SET body = (
      SELECT body FROM checkpoint_payloads b WHERE b.id > checkpoint_payloads.id ORDER BY b.id LIMIT 1)
    WHERE id = (SELECT min(id) FROM checkpoint_payloads)
    """

  @Test(arguments: damages)
  func damageIsNamedAndStaysWithItsThread(name: String, sql: String) async throws {
    try await withCheckpointer { checkpointer, store in
      let (damaged, sound) = (SavedConversation("damaged"), SavedConversation("sound"))
      for conversation in [damaged, sound] {
        for _ in 0..<3 { try await checkpointer.save(conversation.turn()) }
        try await checkpointer.save([try conversation.pending("t", .done(.encoded([49])))])
      }
      try await store.run { db in
        try db.execute(sql: sql)
        #expect(db.changesCount > 0)
      }
      let last = try #require(damaged.last)
      try await unreadable(name) {
        _ = try await checkpointer.load(thread: "damaged", namespace: .root, id: nil)
      } saying: {
        ["damaged", "namespace \"\"", "\(last)"].allSatisfy($0.contains)
      }
      try await unreadable(name) {
        _ = try await checkpointer.history(thread: "damaged", namespace: .root, query: HistoryQuery())
      } saying: {
        $0.contains("damaged") && $0.contains("Checkpoint ")
      }
      try await sound.expectLatest(in: checkpointer)
      #expect(try await checkpointer.history(thread: "sound", namespace: .root, query: HistoryQuery()).count == 6)
      // The thread can be written on: the state in memory is whole.
      try await checkpointer.save(damaged.turn())
      #expect(try await checkpointer.deleteThread("damaged"))
      try await checkpointer.save(sound.turn())
      try await sound.expectLatest(in: checkpointer)
    }
  }

  @Test func aDamagedLayoutIsNamed() async throws {
    try await withCheckpointer { checkpointer, store in
      try await checkpointer.save(SavedConversation().turn())
      try await store.run { db in
        try db.execute(
          sql: "UPDATE checkpoint_layouts SET body = CAST(replace(CAST(body AS TEXT), 'title', 'titel') AS BLOB)")
      }
      try await unreadable("a layout") {
        _ = try await checkpointer.load(thread: "thread", namespace: .root, id: nil)
      } saying: {
        $0.contains("thread \"thread\"")
      }
    }
  }

  /// A save after a parent that cannot be read takes nothing from it.
  @Test func aSaveAfterADamagedParentIsWhole() async throws {
    try await withFolder { folder in
      let conversation = SavedConversation()
      let first = try await SQLiteStore.open(path: folder.path("a.db"))
      let saving = SQLiteCheckpointer(first)
      for _ in 0..<5 { try await saving.save(conversation.turn()) }
      try await first.run { db in try db.execute(sql: "UPDATE checkpoints SET body = x'00'") }
      await first.close()
      let second = try await SQLiteCheckpointer.open(path: folder.path("a.db"))
      try await second.save(conversation.turn())
      try await conversation.expectLatest(in: second)
      await second.close()
    }
  }

  @Test func aFullDiskRefusesAndRecovers() async throws {
    try await withCheckpointer { checkpointer, store in
      let conversation = SavedConversation()
      try await checkpointer.save(conversation.turn())
      let last = conversation.last
      try await bound(store, pages: 1)
      let large = conversation.checkpoint { $0["notes"] = .text(String(repeating: "x", count: 1_000_000)) }
      let error = await #expect(throws: StoreError.self) { try await checkpointer.save([large]) }
      #expect(error?.kind == .readOnly)
      #expect(error?.message.contains("disk is full") ?? false)
      #expect(try await checkpointer.load(thread: "thread", namespace: .root, id: nil)?.id == last)
      try await bound(store, pages: 1_000_000)
      // Its parent was never stored: it is whole all the same.
      try await checkpointer.save([conversation.checkpoint { $0["title"] = .text("after") }])
      try await conversation.expectLatest(in: checkpointer)
    }
  }

  /// Of saves that come together the ones that fit are kept, and nothing is known that was not committed.
  @Test func aSaveTooLargeForTheDiskDoesNotTakeOthersWithIt() async throws {
    try await withCheckpointer { checkpointer, store in
      let conversations = (0..<20).map { SavedConversation("thread \($0)") }
      try await bound(store, pages: 200)
      for round in 0..<3 {
        let writes = conversations.enumerated().map { number, conversation in
          let size = round == 1 && number % 5 == 0 ? 1_000_000 : 50
          return conversation.checkpoint { $0["notes"] = .text(String(repeating: "\(round)", count: size)) }
        }
        let gate = Gate(store)
        let kept = try await withThrowingTaskGroup(of: Bool.self) { group in
          for write in writes { group.addTask { (try? await checkpointer.save([write])) != nil } }
          try await gate.open(whenWaiting: 20)
          return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(kept == (round == 1 ? 16 : 20), "round \(round)")
      }
      for conversation in conversations { try await conversation.expectLatest(in: checkpointer) }
    }
  }

  /// Another write ends the transaction in which a new thread was saved; the save is then done once more, alone.
  @Test func nothingIsKnownOfATransactionThatWasUndone() async throws {
    try await withCheckpointer { checkpointer, store in
      let conversation = SavedConversation()
      let writes = conversation.turn()
      let gate = Gate(store)
      try await withThrowingTaskGroup(of: Void.self) { group in
        // The first is with the blocked writer already; the others share a transaction.
        group.addTask { try await store.writer.write { _ in } }
        try await gate.wait(untilWaiting: 1)
        group.addTask { try await checkpointer.save(writes) }
        try await gate.wait(untilWaiting: 2)
        group.addTask {
          _ = try? await store.writer.write { db in
            // As SQLite does by itself for some faults of the disk.
            try db.execute(sql: "ROLLBACK")
            throw DatabaseError(resultCode: .SQLITE_FULL)
          }
        }
        try await gate.open(whenWaiting: 3)
        try await group.waitForAll()
      }
      try await conversation.expectLatest(in: checkpointer)
      #expect(checkpointer.counts.saves == 1)
    }
  }

  @Test func whatCannotBeEncodedIsNamed() async throws {
    try await withCheckpointer { checkpointer, _ in
      let conversation = SavedConversation()
      try await checkpointer.save(conversation.turn())
      let error = await #expect(throws: GraphError.self) {
        try await checkpointer.save([conversation.checkpoint { $0["title"] = .unstorable }])
      }
      #expect(error?.code == .notStored)
      #expect(error?.message.contains("\"title\"") ?? false)
    }
  }

  @Test func aClosedFileIsUnavailable() async throws {
    try await withFolder { folder in
      let checkpointer = try await SQLiteCheckpointer.open(path: folder.path("a.db"))
      let conversation = SavedConversation()
      try await checkpointer.save(conversation.turn())
      await checkpointer.close()
      let writing = await #expect(throws: StoreError.self) { try await checkpointer.save(conversation.turn()) }
      let reading = await #expect(throws: StoreError.self) {
        _ = try await checkpointer.load(thread: "thread", namespace: .root, id: nil)
      }
      #expect([writing?.kind, reading?.kind] == [.unavailable, .unavailable])
    }
  }

  private func bound(_ store: SQLiteStore, pages: Int) async throws {
    try await store.run { db in try db.execute(sql: "PRAGMA max_page_count = \(pages)") }
  }

  private func unreadable(
    _ name: String, _ body: () async throws -> Void, saying isSaid: (String) -> Bool
  ) async throws {
    let error = await #expect(throws: GraphError.self, "\(name)") { try await body() }
    #expect(error?.code == .unreadableCheckpoint, "\(name)")
    #expect(isSaid(error?.message ?? ""), "\(name): \(error?.message ?? "")")
  }
}
