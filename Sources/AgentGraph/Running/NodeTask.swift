/// A task of a superstep, by numbers.
struct NodeTask: Sendable {
  /// The node's place in the plan; `NodeTask.start` for the input.
  var node: Int
  /// What makes it more than a triggered task.
  var sent: SentTask?
  /// Whether a list edge made it due.
  var isJoined = false

  static let start = -1

  var path: TaskPath { sent.map { .sent($0.index) } ?? .triggered }
}

/// What was sent to a node: an input of its own, or a failure to handle.
final class SentTask: Sendable {
  /// Its place among those of its superstep.
  let index: Int
  let input: StoredValue?
  /// The failure that the node is to handle (G17).
  let failure: NodeFailure?

  init(index: Int, input: StoredValue?, failure: NodeFailure?) {
    self.index = index
    self.input = input
    self.failure = failure
  }
}

/// What a task came to.
enum TaskOutcome<State: GraphState>: Sendable {
  case done(TaskResult<State>)
  case failed(any Error)
  case interrupted([Interrupt])
  case parent(ParentCommand)
}

/// What a task that is done leaves.
struct TaskResult<State: GraphState>: Sendable {
  /// Its writes, and its destinations besides the node's fixed edges.
  var command: Command<State>
  /// Set where the node failed for good, and its handler goes on in its place (G17).
  var failure: NodeFailure?
  /// Whether an earlier result was used (G18).
  var isCached = false
}

/// The results of a superstep's tasks, in the order of tasks. Most supersteps have one task, and need no array.
struct TaskResults<State: GraphState>: Sendable {
  let first: TaskResult<State>
  private(set) var count = 1
  private var others = Array<TaskResult<State>>()

  init(first: TaskResult<State>) { self.first = first }

  mutating func append(_ result: TaskResult<State>) {
    others.append(result)
    count += 1
  }

  subscript(index: Int) -> TaskResult<State> { index == 0 ? first : others[index - 1] }
}

/// Stops a node that asks something; caught by the engine.
struct InterruptSignal: Error {
  let interrupts: [Interrupt]
}

/// Carries a command out of a nested graph.
struct ParentSignal: Error {
  let command: ParentCommand
}
