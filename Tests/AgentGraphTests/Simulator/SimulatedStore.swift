import AgentGraph
import Synchronization

/// What survives the processes: stored checkpoints, and what simulated nodes are checked against.
final class SimulatedStore: Sendable {
  /// A checkpoint as it was stored.
  struct Link: Sendable {
    var id: CheckpointID
    var parent: CheckpointID?
    var metadata: CheckpointMetadata
    var due: [String]
  }
  private struct State {
    var lines: [GraphNamespace: [Link]] = [:]
    var done: Set<TaskID> = []
    var effects: Set<String> = []
    var answered: Set<InterruptID> = []
    var lists = DeltaStates()
    /// The latest states of graphs that have one place for the whole thread.
    var latest: [GraphNamespace: SimulatedState] = [:]
    var time: UInt64 = 0
  }

  let base = InMemoryCheckpointer()
  /// How states come back.
  let form: StoredForm
  private let state = Mutex(State())

  init(form: StoredForm) { self.form = form }

  /// A clock that never goes back.
  var time: UInt64 {
    state.withLock { state in
      state.time += 1
      return state.time
    }
  }

  /// Keeps a batch; all of it is there from now on. Throws what cannot be stored.
  func keep(_ writes: [CheckpointWrite]) throws {
    base.submit(writes) { _ in }
    try state.withLock { state in
      for write in writes {
        switch write {
        case .checkpoint(let record):
          let link = Link(
            id: record.id, parent: record.parent, metadata: record.metadata, due: record.plan.tasks.map(\.node))
          state.lines[record.namespace, default: []].append(link)
          if !record.namespace.rawValue.contains(":"), let value = record.state.value as? SimulatedState {
            state.latest[record.namespace] = value
          }
          if form == .delta { try state.lists.keep(record) }
        case .pending(let record):
          if case .done = record.outcome { state.done.insert(record.task) }
          if case .interrupted(_, let answers) = record.outcome {
            for index in answers.indices {
              state.answered.insert(InterruptID(rawValue: "\(record.task)-\(index)"))
            }
          }
        case .effect(let record): state.effects.insert("\(record.task)-\(record.index)")
        }
      }
    }
  }

  func isDone(_ task: TaskID) -> Bool { state.withLock { $0.done.contains(task) } }
  func hasEffect(_ key: String) -> Bool { state.withLock { $0.effects.contains(key) } }
  func isAnswered(_ interrupt: InterruptID) -> Bool { state.withLock { $0.answered.contains(interrupt) } }
  func latestStep(of namespace: GraphNamespace) -> Int? { state.withLock { $0.lines[namespace]?.last?.metadata.step } }
  var lines: [GraphNamespace: [Link]] { state.withLock { $0.lines } }
  var latest: [GraphNamespace: SimulatedState] { state.withLock { $0.latest } }

  func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    guard let stored = try await base.load(thread: thread, namespace: namespace, id: id) else { return nil }
    switch form {
    case .live: return stored
    case .whole: return try stored.encoded(state: .encoded(try stored.wholeChannels()))
    case .delta:
      let channels = try state.withLock { try $0.lists.channels(namespace, stored.id) }
      return try stored.encoded(state: .encoded(channels))
    }
  }
}

/// A process' way to the store: saves take a while, and end with the process.
final class SimulatedDisk: Checkpointer {
  private struct Batch {
    var writes: [CheckpointWrite]
    var acknowledge: @Sendable ((any Error)?) -> Void
    var error: (any Error)?
  }
  private struct State {
    var waiting: [Batch] = []
    var kept: [Batch] = []
    var isDead = false
    var refuses = false
    var toldRefusal = false
    var late = 0
  }

  let store: SimulatedStore
  private let state = Mutex(State())

  init(_ store: SimulatedStore) { self.store = store }

  func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    let isTaken = state.withLock { state in
      if state.isDead { return false }
      if state.toldRefusal { state.late += 1 }
      state.waiting.append(Batch(writes: writes, acknowledge: acknowledge))
      return true
    }
    if !isTaken { acknowledge(SimulatedDeath()) }
  }

  var isIdle: Bool { state.withLock { $0.waiting.isEmpty && $0.kept.isEmpty } }
  var isDead: Bool { state.withLock { $0.isDead } }
  /// Saves that were handed in after one was known to have failed.
  var late: Int { state.withLock { $0.late } }

  func refuse() { state.withLock { $0.refuses = true } }

  /// Keeps the oldest batch that waits, or acknowledges the oldest that is kept. Returns false if there is neither.
  func step(_ dice: inout SimulatorDice) throws -> Bool {
    let first = dice.once(in: 2)
    return try first ? keepOne() || acknowledgeOne() : acknowledgeOne() || keepOne()
  }

  private func keepOne() throws -> Bool {
    let (batch, refuses) = state.withLock { state in
      (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.refuses)
    }
    guard var batch else { return false }
    if refuses { batch.error = SimulatedRefusal() } else { try store.keep(batch.writes) }
    state.withLock { $0.kept.append(batch) }
    return true
  }

  private func acknowledgeOne() -> Bool {
    let batch = state.withLock { state in
      if state.kept.first?.error != nil { state.toldRefusal = true }
      return state.kept.isEmpty ? nil : state.kept.removeFirst()
    }
    guard let batch else { return false }
    batch.acknowledge(batch.error)
    return true
  }

  /// The process ends. Some of what waits is still kept, in its order; nobody hears of it.
  func die(_ dice: inout SimulatorDice) throws {
    let batches = state.withLock { state in
      defer { (state.waiting, state.kept, state.isDead) = ([], [], true) }
      return (waiting: state.waiting, all: state.kept + state.waiting, refuses: state.refuses)
    }
    if !batches.refuses {
      for batch in batches.waiting.prefix(dice.roll(batches.waiting.count + 1)) { try store.keep(batch.writes) }
    }
    for batch in batches.all { batch.acknowledge(SimulatedDeath()) }
  }

  func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    await Task.yield()
    if isDead { throw SimulatedDeath() }
    return try await store.load(thread: thread, namespace: namespace, id: id)
  }

  func history(
    thread: String, namespace: GraphNamespace, query: HistoryQuery
  ) async throws -> [StoredCheckpoint] {
    try await store.base.history(thread: thread, namespace: namespace, query: query)
  }

  func namespaces(thread: String) async throws -> [GraphNamespace] { try await store.base.namespaces(thread: thread) }

  func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    try await store.base.prune(thread: thread, keeping: policy)
  }

  func deleteThread(_ thread: String) async throws -> Bool { try await store.base.deleteThread(thread) }
}
