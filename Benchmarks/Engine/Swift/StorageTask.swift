import AgentGraph
import AgentJSON
import AgentSQLite
import Foundation
import GRDB

/// Turns of three messages on one thread, on SQLite.
struct StorageTask {
  static let name = "storage_200_turns"
  static let turns = 200

  let durability: Durability
  let folder: URL

  /// What a turn took, and what there was after it.
  private struct Turn {
    var milliseconds = 0.0
    var fileBytes: Int
    var counts: SQLiteCheckpointerCounts
  }

  /// The figures, by the keys of the README: of a thread whose latest checkpoint is remembered, as Apus does it, and
  /// the times of one that is read from the file at each turn.
  func figures() async throws -> JSONObject {
    var figures = try await figures(remembers: true)
    let cold = try await self.figures(remembers: false)
    guard cold["check"] == figures["check"] else { throw BenchFailure("The same turns came to two ends.") }
    figures["ms_read_1_10"] = cold["ms_turns_1_10"]
    figures["ms_read_191_200"] = cold["ms_turns_191_200"]
    return figures
  }

  private func figures(remembers: Bool) async throws -> JSONObject {
    let file = folder.appending(path: remembers ? "storage.db" : "storage-cold.db").path
    let store = try await SQLiteCheckpointer.open(path: file)
    let cache = CheckpointCache(store, bytesMax: 64 << 20) { image in
      (image.value as? ChatState).map { 1000 * $0.messages.count }
    }
    do {
      let graph = try Self.graph(remembers ? cache : store)
      var turns = [Turn(fileBytes: try Self.bytesStored(file), counts: store.counts)]
      var check = ""
      for number in 0..<Self.turns {
        let message = ChatMessage(id: "\(number)-0", kind: .human, text: Inputs.turnText(number, 0))
        let start = ContinuousClock.now
        let result = try await graph.run(
          .write(\.messages, [.put(message)]), on: "1", options: RunOptions(durability: durability))
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        turns.append(
          Turn(milliseconds: milliseconds, fileBytes: try Self.bytesStored(file), counts: store.counts))
        if number == Self.turns - 1 { check = Inputs.check(result.state.messages.map(\.text)) }
      }
      await store.close()
      return Self.figures(turns, check)
    } catch {
      await store.close()
      throw error
    }
  }

  private static func graph(_ checkpointer: any Checkpointer) throws -> CompiledGraph<ChatState> {
    var graph = Graph<ChatState>("chat")
    graph.node("answer") { state in
      let turn = state.messages.count / 3
      return .write(
        \.messages,
        (1...2).map { part in
          .put(ChatMessage(id: "\(turn)-\(part)", kind: .ai, text: Inputs.turnText(turn, part)))
        })
    }
    graph.start(at: "answer")
    return try graph.compile(checkpointer: checkpointer)
  }

  /// Pages of the database that hold something, those that still are in the write-ahead log included.
  private static func bytesStored(_ file: String) throws -> Int {
    try DatabaseQueue(path: file).read { db in
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
      return try (pages - free) * (Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
    }
  }

  private static func figures(_ turns: [Turn], _ check: String) -> JSONObject {
    let last = rounded(median(turns.suffix(10).map(\.milliseconds)))
    let (first, tenth, before, end) = (turns[0], turns[10], turns[Self.turns - 10], turns[Self.turns])
    return [
      "ms": last, "ms_turns_1_10": rounded(median(turns[1...10].map(\.milliseconds))), "ms_turns_191_200": last,
      "bytes_per_turn_1_10": .integer((tenth.fileBytes - first.fileBytes) / 10),
      "bytes_per_turn_191_200": .integer((end.fileBytes - before.fileBytes) / 10),
      "row_bytes_per_turn_1_10": .integer((tenth.counts.bytes - first.counts.bytes) / 10),
      "row_bytes_per_turn_191_200": .integer((end.counts.bytes - before.counts.bytes) / 10),
      "reads_per_turn": rounded(Double(end.counts.reads) / Double(Self.turns)),
      "transactions_per_turn": rounded(Double(end.counts.transactions) / Double(Self.turns)),
      "bytes": .integer(end.fileBytes), "runs": 1, "supersteps": .integer(Self.turns), "check": .string(check),
    ]
  }
}
