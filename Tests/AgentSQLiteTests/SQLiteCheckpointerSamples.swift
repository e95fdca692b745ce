import AgentGraph
import AgentJSON
import AgentTesting
import GRDB
import Testing

@testable import AgentSQLite

/// A conversation that is saved as a run saves it: the user's message, then what the node made of it.
final class SavedConversation {
  static let textPerMessage = 400

  let thread: String
  let namespace: GraphNamespace
  private let ids: GraphIDs
  private let parents: [String: CheckpointID]
  private(set) var state = SampleState([
    ("messages", .list([])), ("title", .text("")), ("notes", .text(String(repeating: "n", count: 300))),
  ])
  private(set) var last: CheckpointID?
  private var step = -2
  private(set) var turns = 0

  init(
    _ thread: String = "thread", namespace: GraphNamespace = .root, parents: [String: CheckpointID] = [:],
    ids: GraphIDs = .shared
  ) {
    self.thread = thread
    self.namespace = namespace
    self.parents = parents
    self.ids = ids
  }

  /// A checkpoint with this state.
  func checkpoint(source: CheckpointSource = .loop, _ change: (inout SampleState) -> Void) -> CheckpointWrite {
    let before = last == nil ? nil : state
    change(&state)
    step += 1
    var plan = CheckpointPlan()
    if source == .input { plan.tasks = [PlannedTask(node: "generate_response")] }
    let id = ids.nextCheckpoint()
    let record = CheckpointRecord(
      thread: thread, namespace: namespace, id: id, parent: last,
      metadata: CheckpointMetadata(
        source: source, step: step, run: "run-\(thread)-\(turns)", graph: "conversation", createdAt: id.time,
        ran: source == .loop ? ["generate_response"] : [], parents: parents, versions: [step, 0, 0]),
      plan: plan, state: state, changes: state.changes(since: before))
    last = record.id
    return .checkpoint(record)
  }

  /// The writes of a turn: three messages of 400 characters, in two checkpoints.
  func turn() -> [CheckpointWrite] {
    turns += 1
    let input = checkpoint(source: .input) { append(1, to: &$0) }
    return [input, checkpoint { append(2, to: &$0) }]
  }

  private func append(_ count: Int, to state: inout SampleState) {
    guard case .list(let messages) = state["messages"] else { return }
    let text = String(repeating: "\(turns % 10)", count: Self.textPerMessage)
    state["messages"] = .list(messages + Array(repeating: text, count: count))
  }

  /// What a task of the latest checkpoint came to.
  func pending(_ task: String, _ outcome: PendingOutcome) throws -> CheckpointWrite {
    .pending(
      PendingRecord(
        thread: thread, namespace: namespace, checkpoint: try #require(last), task: TaskID(rawValue: task),
        node: "node", outcome: outcome))
  }

  /// A task of the latest checkpoint that waits for an answer.
  func interrupted(_ task: String = "t") throws -> CheckpointWrite {
    let interrupt = Interrupt(
      id: InterruptID(rawValue: "i"), value: .string("Go on?"), node: "node", namespace: namespace, kind: .question)
    return try pending(task, .interrupted([interrupt], answers: []))
  }

  /// Expects the latest checkpoint to be as it was saved.
  func expectLatest(in checkpointer: SQLiteCheckpointer) async throws {
    let found = try await checkpointer.load(thread: thread, namespace: namespace, id: nil)
    #expect(found?.id == last)
    let stored = try #require(found)
    #expect(try SampleState(stored.state) == state, "the state of \(thread)")
  }
}

extension SQLiteStore {
  /// How many rows a table has.
  func rows(_ table: String) async throws -> Int {
    try await run { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0 }
  }

  /// Does something on the writer's connection.
  func run<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
    try await pool.writeWithoutTransaction(body)
  }
}

/// Runs a test with checkpoints in a store in a folder of its own.
func withCheckpointer(
  retention: RetentionPolicy = RetentionPolicy(), _ body: (SQLiteCheckpointer, SQLiteStore) async throws -> Void
) async throws {
  try await withStore { store in try await body(SQLiteCheckpointer(store, retention: retention), store) }
}
