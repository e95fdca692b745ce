import AgentGraph
import AgentTesting
import GRDB
import Synchronization
import Testing

@testable import AgentSQLite

@Suite(.timeLimit(.minutes(5))) struct SQLiteCheckpointerStorageTests {
  /// 200 turns of 3 messages of 400 characters, as the benchmark has them.
  @Test func g28BytesPerTurnAreConstant() async throws {
    try await withFolder { folder in
      let checkpointer = try await SQLiteCheckpointer.open(path: folder.path("a.db"), synchronous: .normal)
      let conversation = SavedConversation()
      var perTurn: [Int] = []
      for _ in 0..<200 {
        let before = checkpointer.counts.bytes
        for write in conversation.turn() { try await checkpointer.save([write]) }
        perTurn.append(checkpointer.counts.bytes - before)
      }
      let text = 200 * 3 * SavedConversation.textPerMessage
      #expect(perTurn.reduce(0, +) < text * 3 / 2, "\(perTurn.reduce(0, +)) bytes for \(text) of text")
      #expect(perTurn[199] * 10 <= perTurn[9] * 11, "turn 10: \(perTurn[9]), turn 200: \(perTurn[199])")
      try await conversation.expectLatest(in: checkpointer)
      await checkpointer.close()
      let file = DatabaseFile.size(folder.path("a.db"))
      #expect(file < 4 * text, "a file of \(file) bytes for \(text) of text")
    }
  }

  @Test func g28PagesPerTurnAreConstant() async throws {
    try await withFolder { folder in
      var sizes: [Int] = []
      let conversation = SavedConversation()
      for _ in 0..<4 {
        let checkpointer = try await SQLiteCheckpointer.open(path: folder.path("a.db"), synchronous: .normal)
        for _ in 0..<50 { for write in conversation.turn() { try await checkpointer.save([write]) } }
        await checkpointer.close()
        sizes.append(DatabaseFile.size(folder.path("a.db")))
      }
      let growth = zip(sizes.dropFirst(), sizes).map { $0 - $1 }
      #expect(growth[2] * 10 <= growth[0] * 11, "\(growth)")
    }
  }

  /// The last message is written anew at every turn: what is shared is in ever more pieces, which stay few.
  @Test func g28ChangesAtTheEndCostWhatChanged() async throws {
    try await withCheckpointer { checkpointer, store in
      let conversation = SavedConversation()
      for _ in 0..<300 {
        try await checkpointer.save([
          conversation.checkpoint { state in
            guard case .list(var messages) = state["messages"] else { return }
            if !messages.isEmpty { messages[messages.count - 1] = String(repeating: "s", count: 400) }
            state["messages"] = .list(messages + ["draft"])
          }
        ])
      }
      try await conversation.expectLatest(in: checkpointer)
      let bytes = checkpointer.counts.bytes
      // Each message is written once as a draft and once as it stays; whole lists would be 18 MB.
      #expect(bytes < 5 * 300 * 400, "\(bytes) bytes")
      let latest = try await store.run { db in try CheckpointRow.fetchLatest(db, space: 1) }
      guard case .list(let pieces) = latest?.references[0] else { return #expect(Bool(false), "no list") }
      #expect(pieces.count <= ListPiece.countMax)
    }
  }

  @Test func g28UnchangedChannelsCostTheirReferenceAlone() async throws {
    try await withCheckpointer { checkpointer, store in
      let conversation = SavedConversation()
      let large = String(repeating: "x", count: 100_000)
      try await checkpointer.save([conversation.checkpoint { $0["notes"] = .text(large) }])
      let (bytes, rows) = (checkpointer.counts.bytes, try await store.rows("checkpoint_payloads"))
      for number in 0..<20 {
        try await checkpointer.save([conversation.checkpoint { $0["title"] = .text("\(number)") }])
      }
      #expect(checkpointer.counts.bytes - bytes < 20 * 120)
      #expect(try await store.rows("checkpoint_payloads") == rows)
      try await conversation.expectLatest(in: checkpointer)
    }
  }

  @Test func aTurnIsOneReadAndOneWriteTransaction() async throws {
    try await withCheckpointer { checkpointer, _ in
      let conversation = SavedConversation()
      try await checkpointer.save(conversation.turn())
      let before = checkpointer.counts
      _ = try await checkpointer.load(thread: "thread", namespace: .root, id: nil)
      try await checkpointer.save(conversation.turn())
      let after = checkpointer.counts
      #expect((after.reads - before.reads, after.transactions - before.transactions) == (1, 1))
    }
  }

  @Test func aSaveOnALiveThreadReadsNothing() async throws {
    try await withCheckpointer { checkpointer, store in
      let conversation = SavedConversation()
      try await checkpointer.save(conversation.turn())
      let statements = Statements()
      try await store.run { db in db.trace { event in statements.note(event) } }
      try await checkpointer.save([conversation.turn()[0]])
      #expect(statements.verbs == ["BEGIN", "INSERT", "INSERT", "COMMIT"])
    }
  }

  @Test func savesThatComeTogetherShareTransactions() async throws {
    try await withCheckpointer { checkpointer, store in
      let gate = Gate(store)
      let before = checkpointer.counts
      let writes = (0..<100).map { SavedConversation("thread \($0)").turn() }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for batch in writes { group.addTask { try await checkpointer.save(batch) } }
        try await gate.open(whenWaiting: 100)
        try await group.waitForAll()
      }
      #expect(checkpointer.counts.saves - before.saves == 100)
      #expect(checkpointer.counts.transactions - before.transactions <= 2)
    }
  }
}

/// The verbs of the statements that SQLite does.
private final class Statements: Sendable {
  private let found = Mutex<[String]>([])

  var verbs: [String] { found.withLock { $0 } }

  func note(_ event: Database.TraceEvent) {
    guard case .statement(let statement) = event else { return }
    let verb = String(statement.sql.prefix { $0 != " " })
    found.withLock { $0.append(verb) }
  }
}
