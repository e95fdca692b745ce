public import AgentJSON
import Synchronization

/// What a node may use of the run that it is in.
public final class NodeContext<State: GraphState>: Sendable {
  private struct Record {
    var asked = 0
    var effects = 0
    var open: [Interrupt] = []
  }

  /// The state that every task of the superstep reads (G2).
  public let state: State
  /// The node.
  public let node: String
  /// The superstep.
  public let step: Int
  /// Which attempt this is, from 1 on (G15).
  public let attempt: Int
  /// For an error handler: what failed (G17).
  public let failure: NodeFailure?

  let level: GraphLevel
  let seat: TaskSeat
  private let record = Mutex(Record())
  /// The attempt's, or that of the attempt which holds this graph.
  let life: SignOfLife?

  init(
    state: State, node: String, step: Int, attempt: Int, failure: NodeFailure?, level: GraphLevel, seat: TaskSeat,
    life: SignOfLife?
  ) {
    self.state = state
    self.node = node
    self.step = step
    self.attempt = attempt
    self.failure = failure
    self.level = level
    self.seat = seat
    self.life = life
  }

  /// The run.
  public var runID: String { level.scope.runID }
  /// The thread; nil where the run has none.
  public var thread: String? { level.scope.thread }
  /// The graph that the node is in.
  public var namespace: GraphNamespace { level.namespace }
  /// The task: the same when it is run again after a crash (G23).
  public var taskID: TaskID { seat.id(node: node, step: step, level) }
  /// Long-term memory, if the run was given one (G39).
  public var memory: (any MemoryStore)? { level.scope.options.memory }

  /// Says that the node is alive, for the idle timeout (G16). Events and effects say so, too.
  public func heartbeat() { life?.renew() }

  /// Asks the world outside, and stops the node until there is an answer; then the node starts again at its top, and
  /// this call returns the answer. The k-th call of a task gets the k-th answer (G31).
  ///
  /// An answer that does not fit `schema`, a JSON Schema, is refused when it is given (G32). Do not catch what this
  /// throws. What stands before it in the node happens again, unless it is an `effect`.
  public func interrupt(_ value: JSONValue, schema: JSONValue? = nil) throws -> JSONValue {
    let index = record.withLock { record in
      defer { record.asked += 1 }
      return record.asked
    }
    if index < seat.answers.count { return seat.answers[index] }
    try level.requireInterrupts(node)
    // A schema that no answer can be held against would leave a question that cannot be answered.
    if let schema { _ = try JSONSchema(schema) }
    let interrupt = Interrupt(
      id: InterruptID(rawValue: taskID.effectKey(index)), value: value, schema: schema, node: node,
      namespace: level.namespace, kind: .question)
    record.withLock { $0.open.append(interrupt) }
    throw InterruptSignal(interrupts: [interrupt])
  }

  /// Does something to the world outside at most once for each success: its result is recorded, and when the task is
  /// run again, the record is returned instead (G30). Calls of a task are told apart by their order.
  ///
  /// `work` gets a key that is the same each time this effect is tried; give it to whoever can tell repetitions by it.
  public func effect<Value: Codable & Sendable>(
    _ name: String, _ work: (_ idempotencyKey: String) async throws -> Value
  ) async throws -> Value {
    if isGivenUp { throw CancellationError() }
    let index = record.withLock { record in
      defer { record.effects += 1 }
      return record.effects
    }
    heartbeat()
    let (task, journal) = (taskID, level.journal)
    if let value = try journal.result(of: task, index, name, Value.self, level) { return value }
    // The key comes from the checkpoint: it is another one in a run that finds that checkpoint lost.
    try await level.saver?.settleBeforeEffect()
    let value = try await work(task.effectKey(index))
    if isGivenUp { throw CancellationError() }
    heartbeat()
    try await journal.record(value, of: task, index, name, level, seat.checkpoint)
    return value
  }

  /// Returns when what came before this node is durable, as before an effect: for work that is not to be done again once
  /// it has begun, and whose result the node's own writes keep. With durability `exit` it returns at once.
  public func saved() async throws {
    if isGivenUp { throw CancellationError() }
    try await level.saver?.settleBeforeEffect()
  }

  /// Sends something of the node's own to whoever streams the run with mode `custom`. Waits while they are slow.
  public func emit(_ value: JSONValue) async throws { try await send(.custom(value), mode: .custom) }

  /// Sends a piece of a message to whoever streams the run with mode `messages`. Waits while they are slow.
  public func emitMessage(_ piece: JSONValue) async throws { try await send(.message(piece), mode: .messages) }

  private func send(_ content: GraphEvent.Content, mode: StreamModes) async throws {
    heartbeat()
    if isGivenUp { throw CancellationError() }
    guard let sink = level.scope.sink, sink.wants(mode) else { return }
    try await sink.send(GraphEvent(namespace: level.namespace, step: step, node: node, content: content))
  }

  /// What was asked; set even if the node caught the signal.
  var openInterrupts: [Interrupt] { record.withLock { $0.open } }

  /// Whether the attempt was given up: it changes nothing any more (G16).
  private var isGivenUp: Bool { life?.isGivenUp ?? false }
}

/// A task's place, for what is derived from it.
struct TaskSeat: Sendable {
  let path: TaskPath
  /// The checkpoint whose superstep the task belongs to.
  let checkpoint: CheckpointID?
  /// Answers to its interrupts, in the order of its calls.
  var answers: [JSONValue] = []
  /// Whether the task may have been begun before, so that there may be something to go on from.
  var isResumed = false
  /// Where the node's nested graph stands, if it has a state of its own.
  var own: CheckpointReference?

  func id(node: String, step: Int, _ level: GraphLevel) -> TaskID {
    TaskID(checkpoint: checkpoint, namespace: level.namespace, step: step, node: node, path: path)
  }
}
