/// A thread's state at a checkpoint (G24).
public struct StateSnapshot<State: GraphState>: Sendable {
  /// The values.
  public let state: State
  /// The nodes that are due and not done, in the order of their tasks; all that were due, once all of them are done.
  public let next: [String]
  /// The tasks of the superstep that is due.
  public let tasks: [TaskSnapshot]
  /// Interrupts that wait for an answer.
  public let interrupts: [Interrupt]
  /// The checkpoint.
  public let reference: CheckpointReference
  /// The checkpoint before.
  public let parent: CheckpointID?
  /// What it came from.
  public let metadata: CheckpointMetadata
}

/// A task that is due.
public struct TaskSnapshot: Sendable, Hashable {
  /// Its id; a nested graph's namespace has it.
  public let id: TaskID
  /// Its node.
  public let node: String
  /// What it came to so far.
  public let status: Status

  /// What a task came to.
  public enum Status: Sendable, Hashable {
    /// It has not ended.
    case due
    /// It is done, and will not run again.
    case done
    /// It waits for answers.
    case interrupted([Interrupt])
    /// It threw, and runs again on resume.
    case failed(NodeFailure)
  }
}

extension StateSnapshot {
  init(_ stored: StoredCheckpoint, thread: String, _ graph: CompiledGraph<State>) throws {
    let scope = RunScope(options: RunOptions(), thread: thread, saver: nil, sink: nil)
    let level = GraphLevel(scope: scope, namespace: stored.namespace, isSaved: false, parents: [:])
    var loop = GraphLoop(graph.plan, level, InterruptRules(), state: State())
    try loop.load(stored)
    try loop.resume(stored)
    state = loop.state
    tasks = loop.tasks.map { task in
      let id = loop.taskID(task)
      return TaskSnapshot(id: id, node: graph.plan.nodeName(task.node), status: .init(loop.pending[id]))
    }
    let unfinished = tasks.filter { $0.status != .done }
    // Where all are done, what follows was still to be saved, or is saved: they are what led there.
    next = (unfinished.isEmpty ? tasks : unfinished).map(\.node)
    interrupts = stored.openInterrupts
    reference = CheckpointReference(stored.id, in: stored.namespace)
    parent = stored.parent
    metadata = stored.metadata
  }
}

extension TaskSnapshot.Status {
  fileprivate init(_ outcome: PendingOutcome?) {
    switch outcome {
    case nil: self = .due
    case .done: self = .done
    case .interrupted(let open, _): self = open.isEmpty ? .due : .interrupted(open)
    case .failed(let failure, _): self = .failed(failure)
    }
  }
}
