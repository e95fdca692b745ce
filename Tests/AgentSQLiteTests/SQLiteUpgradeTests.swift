import AgentGraph
import AgentRuntime
import AgentSQLite
import AgentTesting
import Foundation
import Testing

/// Databases that earlier versions wrote: an agent `support` with a thread `first` of six messages, of `user-1`.
@Suite(.timeLimit(.minutes(5))) struct SQLiteUpgradeTests {
  @Test("a database with threads in tables of their own is upgraded, and they go on as checkpoints")
  func threadsBecomeCheckpoints() async throws {
    try await withFolder { folder in
      let fixture = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/store-1.db")
      try Data(contentsOf: fixture).write(to: URL(filePath: folder.path("a.db")))
      let key = ThreadKey(agentID: "support", sessionID: "first")
      let store = try await SQLiteStore.open(path: folder.path("a.db"), synchronous: .normal)
      let thread = try #require(try await store.thread(key, last: nil))
      #expect(thread.messages.map(\.role) == [.user, .assistant, .user, .assistant, .user, .assistant])
      #expect(thread.messages[2].text == "Question 2 é?")
      #expect((thread.userID, thread.messageCount) == ("user-1", 6))
      #expect(thread.createdAt < thread.updatedAt)
      #expect(try await store.info().threads == 1)
      try await store.appendTurn(
        ThreadTurn(key: key, userID: nil, messages: [Message(.user, "more")], replacesHistory: false, time: Date()))
      await store.close()

      let again = try await SQLiteStore.open(path: folder.path("a.db"), synchronous: .normal)
      #expect(try await again.thread(key, last: 1)?.messages.map(\.text) == ["more"])
      #expect(try await again.thread(key, last: nil)?.messageCount == 7)
      #expect(try await again.deleteAgent("support"))
      #expect(try await again.thread(key, last: nil) == nil)
      await again.close()
    }
  }
}
