public import AgentJSON

/// What a task came to before its superstep was over (G13, G14).
public struct PendingRecord: Sendable {
  /// The thread.
  public var thread: String
  /// The graph within the thread.
  public var namespace: GraphNamespace
  /// The checkpoint whose superstep the task belongs to.
  public var checkpoint: CheckpointID
  /// The task.
  public var task: TaskID
  /// Its node.
  public var node: String
  /// What it came to.
  public var outcome: PendingOutcome

  /// Makes one.
  public init(
    thread: String, namespace: GraphNamespace, checkpoint: CheckpointID, task: TaskID, node: String,
    outcome: PendingOutcome
  ) {
    self.thread = thread
    self.namespace = namespace
    self.checkpoint = checkpoint
    self.task = task
    self.node = node
    self.outcome = outcome
  }
}

/// What a task came to.
public enum PendingOutcome: Sendable {
  /// It is done; this is its command. It does not run again.
  case done(StoredValue)
  /// It waits for answers: the interrupts that are open, and the answers so far, in the order of its calls (G31).
  case interrupted([Interrupt], answers: [JSONValue])
  /// It threw; it runs again on resume, with the answers that it had.
  case failed(NodeFailure, answers: [JSONValue])
}

extension PendingOutcome {
  /// Tells the cases apart in storage.
  public var kind: String {
    switch self {
    case .done: "done"
    case .interrupted: "interrupted"
    case .failed: "failed"
    }
  }

  private struct Waiting: Codable {
    var interrupts: [Interrupt]
    var answers: [JSONValue]
  }

  private struct Failed: Codable {
    var failure: NodeFailure
    var answers: [JSONValue]?
  }

  /// The contents as bytes.
  public func encoded() throws -> [UInt8] {
    switch self {
    case .done(let command): try command.bytes()
    case .interrupted(let interrupts, let answers):
      try GraphCoder.encode(Waiting(interrupts: interrupts, answers: answers))
    case .failed(let failure, let answers):
      try GraphCoder.encode(Failed(failure: failure, answers: answers.isEmpty ? nil : answers))
    }
  }

  /// Reads what `kind` and `encoded` made. Throws for an unknown kind, too.
  public init(kind: String, encoded bytes: [UInt8]) throws {
    switch kind {
    case "done": self = .done(.encoded(bytes))
    case "interrupted":
      let waiting = try GraphCoder.decode(Waiting.self, bytes)
      self = .interrupted(waiting.interrupts, answers: waiting.answers)
    case "failed":
      let failed = try GraphCoder.decode(Failed.self, bytes)
      self = .failed(failed.failure, answers: failed.answers ?? [])
    default: throw GraphError(.unreadableCheckpoint, "A task's outcome is of the unknown kind \"\(kind)\".")
    }
  }
}

/// An effect's result (G30).
public struct EffectRecord: Sendable {
  /// The thread.
  public var thread: String
  /// The graph within the thread.
  public var namespace: GraphNamespace
  /// The checkpoint whose superstep the task belongs to.
  public var checkpoint: CheckpointID
  /// The task.
  public var task: TaskID
  /// Which of the task's effects, from 0 on.
  public var index: Int
  /// The name that the node gave it; a replay under another name is an error.
  public var name: String
  /// What it gave.
  public var result: StoredValue

  /// Makes one.
  public init(
    thread: String, namespace: GraphNamespace, checkpoint: CheckpointID, task: TaskID, index: Int, name: String,
    result: StoredValue
  ) {
    self.thread = thread
    self.namespace = namespace
    self.checkpoint = checkpoint
    self.task = task
    self.index = index
    self.name = name
    self.result = result
  }
}
