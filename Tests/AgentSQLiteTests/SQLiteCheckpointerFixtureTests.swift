import AgentGraph
import AgentTesting
import Foundation
import GRDB
import Testing

@testable import AgentSQLite

/// The database of an earlier version loads, whatever has become of the schema since.
///
/// `APUS_WRITE_FIXTURES=1` writes the file where it is missing. One that was released is never written again.
@Suite(.timeLimit(.minutes(5))) struct SQLiteCheckpointerFixtureTests {
  private static let name = "checkpoints-v1.sqlite"
  private static var file: URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").appending(path: name)
  }

  @Test func anOldDatabaseLoadsAndGoesOn() async throws {
    try await withFolder { folder in
      try folder.write(try Data(contentsOf: Self.file), to: "a.db")
      let checkpointer = try await SQLiteCheckpointer.open(path: folder.path("a.db"))
      let wanted = try Conversations()
      for conversation in wanted.all { try await conversation.expectLatest(in: checkpointer) }
      try await expectFork(wanted, in: checkpointer)
      let open = try #require(
        try await checkpointer.load(thread: "thread", namespace: wanted.nested.namespace, id: nil))
      #expect(open.pending.map(\.outcome.kind) == ["interrupted", "done", "failed"])
      #expect(try open.effects.map { try $0.result.bytes() } == [[0x34, 0x32]])
      #expect(open.metadata.parents == ["": try #require(wanted.main.last)])
      for conversation in wanted.all {
        try await checkpointer.save(conversation.turn())
        try await conversation.expectLatest(in: checkpointer)
      }
      await checkpointer.close()
    }
  }

  private func expectFork(_ wanted: Conversations, in checkpointer: SQLiteCheckpointer) async throws {
    let history = try await checkpointer.history(thread: "thread", namespace: .root, query: HistoryQuery())
    #expect(history.map(\.metadata.step) == (0..<12).reversed().map { $0 - 1 })
    #expect(history.map(\.plan.tasks.count).reduce(0, +) == 5)
    let counts = try history.map { stored -> Int in
      guard case .list(let messages) = try SampleState(stored.state)["messages"] else { return -1 }
      return messages.count
    }
    #expect(counts == [16, 15, 15, 13, 12, 10, 9, 7, 6, 4, 3, 1])
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["APUS_WRITE_FIXTURES"] == "1"))
  func writesTheFile() async throws {
    try #require(!FileManager.default.fileExists(atPath: Self.file.path), "the file is there: it is never changed")
    try await withFolder { folder in
      let store = try await SQLiteStore.open(path: folder.path("a.db"), version: "fixture")
      for batch in try Conversations().writes { try await SQLiteCheckpointer(store).save(batch) }
      await store.close()
      let queue = try DatabaseQueue(path: folder.path("a.db"))
      try await queue.vacuum()
      try queue.close()
      try FileManager.default.createDirectory(
        at: Self.file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try folder.bytes("a.db").write(to: Self.file)
    }
  }
}

/// What the file holds; the same every time.
private struct Conversations {
  let main: SavedConversation
  let nested: SavedConversation
  let other: SavedConversation
  private(set) var writes: [[CheckpointWrite]] = []

  var all: [SavedConversation] { [main, nested, other] }

  init() throws {
    let ids = GraphIDs(now: { 1_767_225_600_000_000 }, origin: 42)
    main = SavedConversation(ids: ids)
    for _ in 0..<5 { writes.append(main.turn()) }
    // A change within the list, and a text of its own.
    writes.append([
      main.checkpoint(source: .update) { state in
        guard case .list(var messages) = state["messages"] else { return }
        messages[7] = "changed"
        state["messages"] = .list(messages)
        state["title"] = .text("\u{0}é🧵 a title that is longer than what stands in a checkpoint's row")
      },
      main.checkpoint(source: .fork) { state in
        guard case .list(let messages) = state["messages"] else { return }
        state["messages"] = .list(messages + ["one more"])
      },
    ])
    nested = SavedConversation(
      namespace: GraphNamespace(rawValue: "node:0123456789abcdef0123456789abcdef"),
      parents: ["": try #require(main.last)], ids: ids)
    writes.append(nested.turn())
    writes.append([
      try nested.interrupted(), try nested.pending("0123456789abcdef0123456789abcdef", .done(.encoded([0x31]))),
      try nested.pending("u", .failed(NodeFailure(node: "node", message: "it broke", type: "Broken"), answers: [])),
      .effect(
        EffectRecord(
          thread: nested.thread, namespace: nested.namespace, checkpoint: try #require(nested.last),
          task: TaskID(rawValue: "t"), index: 0, name: "call", result: .encoded([0x34, 0x32]))),
    ])
    other = SavedConversation("\u{0}'日本語", ids: ids)
    writes.append(other.turn())
  }
}
