import AgentGraph
import AgentJSON

/// Makes checkpoints of one thread for tests, and remembers what they hold.
final class CheckpointSamples {
  /// A checkpoint that was made.
  struct Sample {
    var record: CheckpointRecord
    var state: SampleState
  }

  let thread: String
  let namespace: GraphNamespace
  let time: ManualTime
  let ids: GraphIDs
  private(set) var all: [Sample] = []

  init(_ time: ManualTime, thread: String = "thread", namespace: GraphNamespace = .root) {
    self.thread = thread
    self.namespace = namespace
    self.time = time
    ids = GraphIDs(now: { time.now }, origin: 1)
  }

  var last: Sample { all[all.count - 1] }

  /// A state to begin with.
  static var first: SampleState {
    SampleState([("title", .text("")), ("messages", .list([])), ("notes", .text(long("note"))), ("log", .list([]))])
  }

  /// A text of some 200 characters.
  static func long(_ text: String) -> String { String(repeating: text + " ", count: 200 / (text.count + 1) + 1) }

  /// A checkpoint after `parent` (the last one made, if nothing is said), whose state it changes.
  func make(
    after parent: Sample?? = nil, source: CheckpointSource = .loop, run: String = "run-1",
    plan: CheckpointPlan = CheckpointPlan(), parents: [String: CheckpointID] = [:],
    own: [String: CheckpointID]? = nil,
    _ change: (inout SampleState) -> Void = { _ in }
  ) -> CheckpointWrite {
    let parent = parent ?? all.last
    var state = parent?.state ?? Self.first
    change(&state)
    let step = (parent?.record.metadata.step ?? -2) + 1
    let metadata = CheckpointMetadata(
      source: source, step: step, run: run, graph: "sample", createdAt: time.now, ran: ["node"], parents: parents,
      versions: state.contents.map { _ in step },
      rewritten: step.isMultiple(of: 2) ? [0] : nil, own: own)
    let record = CheckpointRecord(
      thread: thread, namespace: namespace, id: ids.nextCheckpoint(), parent: parent?.record.id, metadata: metadata,
      plan: plan, state: state, changes: state.changes(since: parent?.state))
    all.append(Sample(record: record, state: state))
    return .checkpoint(record)
  }

  /// What a task of a checkpoint came to.
  func pending(_ task: String, of sample: Sample? = nil, _ outcome: PendingOutcome) -> CheckpointWrite {
    .pending(
      PendingRecord(
        thread: thread, namespace: namespace, checkpoint: (sample ?? last).record.id, task: TaskID(rawValue: task),
        node: "node of \(task)", outcome: outcome))
  }

  /// An effect of a task of a checkpoint.
  func effect(_ task: String, _ index: Int, of sample: Sample? = nil, _ result: String) -> CheckpointWrite {
    .effect(
      EffectRecord(
        thread: thread, namespace: namespace, checkpoint: (sample ?? last).record.id, task: TaskID(rawValue: task),
        index: index, name: "effect \(index)", result: .encoded(Array(result.utf8))))
  }

  /// A task that waits for an answer.
  static func interrupted(_ id: String, in namespace: GraphNamespace = .root) -> PendingOutcome {
    .interrupted(
      [
        Interrupt(
          id: InterruptID(rawValue: id), value: .string("Go on?"), node: "node", namespace: namespace, kind: .question)
      ], answers: [])
  }

  /// Saves checkpoints that change one thing each: a message appended and the title set.
  func saveTurns(_ count: Int, to checkpointer: any Checkpointer, microseconds: UInt64 = 1_000) async throws {
    for number in 0..<count {
      time.pass(microseconds: microseconds)
      try await checkpointer.save([
        make {
          $0.append("message \(number)")
          $0["title"] = .text("turn \(number)")
        }
      ])
    }
  }

  /// Expects the checkpoints made here that `isKept` says to be as they were made, and the others to be gone.
  func expectStored(
    in checkpointer: any Checkpointer, where isKept: (CheckpointID) -> Bool = { _ in true }, _ what: String
  ) async throws {
    for sample in all {
      let id = sample.record.id
      let found = try await checkpointer.load(thread: thread, namespace: namespace, id: id)
      if isKept(id) {
        try expectCheckpoint(try expectSome(found, "\(what): checkpoint \(id)"), sample, what)
      } else {
        try expect(found == nil, "\(what): checkpoint \(id) is still there")
      }
    }
    let kept = all.filter { isKept($0.record.id) }.sorted { $0.record.id > $1.record.id }
    let query = HistoryQuery(limit: all.count + 1)
    let history = try await checkpointer.history(thread: thread, namespace: namespace, query: query)
    try expectEqual(history.map(\.id), kept.map(\.record.id), "\(what): history")
    for (found, sample) in zip(history, kept) { try expectCheckpoint(found, sample, "\(what), history") }
    let latest = try await checkpointer.load(thread: thread, namespace: namespace, id: nil)
    try expectEqual(latest?.id, kept.first?.record.id, "\(what): the latest")
  }
}

extension SampleState {
  mutating func append(_ texts: String..., to channel: String = "messages") {
    guard case .list(let elements) = self[channel] else { return }
    self[channel] = .list(elements + texts)
  }
}

func expectCheckpoint(_ got: StoredCheckpoint, _ wanted: CheckpointSamples.Sample, _ what: String) throws {
  let record = wanted.record
  try expectEqual(got.id, record.id, "\(what): id")
  try expectEqual(got.namespace, record.namespace, "\(what): namespace of \(record.id)")
  try expectEqual(got.parent, record.parent, "\(what): parent of \(record.id)")
  try expectEqual(got.metadata, record.metadata, "\(what): metadata of \(record.id)")
  try expectEqual(try got.plan.encoded(), try record.plan.encoded(), "\(what): plan of \(record.id)")
  let state = try SampleState(got.state)
  try expect(state == wanted.state, "\(what): state of \(record.id): got \(state), wanted \(wanted.state)")
}
