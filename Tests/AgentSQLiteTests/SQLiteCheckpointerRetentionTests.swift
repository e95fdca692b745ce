import AgentGraph
import AgentTesting
import GRDB
import Testing

@testable import AgentSQLite

@Suite(.timeLimit(.minutes(5))) struct SQLiteCheckpointerRetentionTests {
  @Test func g29RetentionIsAppliedInTheBackground() async throws {
    try await withCheckpointer(retention: RetentionPolicy(last: 5)) { checkpointer, store in
      let conversation = SavedConversation()
      for _ in 0..<200 {
        for write in conversation.turn() { try await checkpointer.save([write]) }
        // At most as many more as saves make the thread due, and those of a step that is under way.
        #expect(try await store.rows("checkpoints") <= 5 + 32 + 2)
      }
      #expect(checkpointer.counts.pruned > 300)
      try await conversation.expectLatest(in: checkpointer)
    }
  }

  @Test func g29PruningLeavesNothingBehind() async throws {
    try await withCheckpointer { checkpointer, store in
      let conversation = SavedConversation()
      for number in 0..<100 {
        try await checkpointer.save(conversation.turn())
        try await checkpointer.save([
          conversation.checkpoint {
            $0["notes"] = .text(String(repeating: "\(number)", count: 100))
            if number % 10 == 9 { $0["messages"] = .list(["a summary of what was before, in some words"]) }
          }
        ])
      }
      try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy(last: 1))
      // The value of the notes, and the summary.
      #expect(try await store.rows("checkpoint_payloads") == 2)
      #expect(try await store.rows("checkpoint_streams") == 2)
      #expect(try await store.rows("checkpoints") == 1)
      try await conversation.expectLatest(in: checkpointer)
    }
  }

  @Test func g29AnInterruptThatWasAnsweredIsNotOpen() async throws {
    try await withCheckpointer { checkpointer, store in
      let conversation = SavedConversation()
      for _ in 0..<10 {
        try await checkpointer.save([conversation.turn()[0]])
        try await checkpointer.save([try conversation.interrupted()])
        try await checkpointer.save([conversation.checkpoint { $0["title"] = .text("answered") }])
      }
      #expect(try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy(last: 2)) > 0)
      #expect(try await store.rows("checkpoints") == 2)
      #expect(try await store.rows("checkpoint_records") == 0)
    }
  }

  @Test func g29WhatADamagedCheckpointRefersToStays() async throws {
    try await withCheckpointer { checkpointer, store in
      let conversation = SavedConversation()
      for _ in 0..<20 { try await checkpointer.save(conversation.turn()) }
      let before = try await store.rows("checkpoint_payloads")
      try await store.run { db in
        try db.execute(sql: "UPDATE checkpoints SET body = x'00' WHERE time = (SELECT max(time) FROM checkpoints)")
      }
      try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy(last: 3))
      #expect(try await store.rows("checkpoints") == 3)
      #expect(try await store.rows("checkpoint_payloads") == before)
    }
  }

  @Test func aDeletedThreadLeavesNothingBehind() async throws {
    try await withCheckpointer { checkpointer, store in
      let (conversation, other) = (SavedConversation("a"), SavedConversation("b"))
      for _ in 0..<150 { try await checkpointer.save(conversation.turn()) }
      try await checkpointer.save([try conversation.interrupted()])
      try await checkpointer.save(other.turn())
      #expect(try await checkpointer.deleteThread("a"))
      for (table, rows) in tables { #expect(try await store.rows(table) == rows, "\(table)") }
      try await other.expectLatest(in: checkpointer)
    }
  }

  @Test func aDeletionThatWasCutShortIsFinishedByTheNextStart() async throws {
    try await withFolder { folder in
      let first = try await SQLiteCheckpointer.open(path: folder.path("a.db"))
      let (conversation, other) = (SavedConversation("a"), SavedConversation("b"))
      for _ in 0..<150 { try await first.save(conversation.turn()) }
      try await first.save(other.turn())
      await first.close()
      let queue = try DatabaseQueue(path: folder.path("a.db"))
      try await queue.write { db in _ = try ThreadRemoval.begin(db, Array("a".utf8)) }
      try queue.close()
      let store = try await SQLiteStore.open(path: folder.path("a.db"))
      let checkpointer = SQLiteCheckpointer(store)
      #expect(try await checkpointer.load(thread: "a", namespace: .root, id: nil) == nil)
      #expect(try await checkpointer.deleteThread("a") == false)
      for _ in 0..<5_000 where try await store.rows("checkpoint_threads") > 1 {
        try await Task.sleep(for: .milliseconds(1))
      }
      for (table, rows) in tables { #expect(try await store.rows(table) == rows, "\(table)") }
      try await other.expectLatest(in: checkpointer)
      await store.close()
    }
  }

  /// What one turn of one thread has.
  private let tables = [
    ("checkpoint_threads", 1), ("checkpoint_spaces", 1), ("checkpoints", 2), ("checkpoint_records", 0),
    ("checkpoint_streams", 2), ("checkpoint_payloads", 3),
  ]
}
