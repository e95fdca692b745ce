/// How a nested graph's state is kept (G34).
public enum SubgraphCheckpointing: Sendable, Hashable {
  /// With the run: each call begins anew, and a call that was cut goes on.
  case inherited
  /// For the thread: a call goes on with the state that the last one left.
  case own
  /// Not at all: a call that was cut begins anew, and nodes cannot interrupt.
  case none
}

/// A graph within a node.
struct SubgraphBody<State: GraphState>: Sendable {
  let drawing: GraphDrawing
  let checkpointing: SubgraphCheckpointing
  /// Whether it takes what is sent to it, and nothing else.
  var needsInput = false
  let run: @Sendable (StoredValue?, NodeContext<State>) async throws -> Command<State>
}

/// One call of a nested graph.
struct SubgraphCall<Parent: GraphState, Child: GraphState> {
  let graph: CompiledGraph<Child>
  let context: NodeContext<Parent>
  let checkpointing: SubgraphCheckpointing

  /// Runs the nested graph, or goes on with it: then `renew` gives it the untracked values again, which no checkpoint
  /// holds (G5). Returns its loop; throws what stops the enclosing node.
  func run(
    renew: (inout GraphLoop<Child>) throws -> Void, _ start: (inout GraphLoop<Child>) async throws -> Void
  ) async throws -> GraphLoop<Child> {
    let (outer, seat) = (context.level, context.seat)
    let namespace = outer.namespace.child(node: context.node, task: checkpointing == .own ? nil : context.taskID)
    let isSaved = checkpointing != .none && outer.isSaved
    let seed = isSaved ? origin(outer, seat).flatMap { outer.scope.seeds[$0] } : nil
    let stored = isSaved && seed == nil ? try await earlier(namespace, outer, seat) : nil
    var parents = outer.parents
    if let checkpoint = seat.checkpoint { parents[outer.namespace.rawValue] = checkpoint }
    let level = GraphLevel(
      scope: outer.scope, namespace: namespace, isSaved: isSaved, parents: parents,
      journal: EffectJournal(stored?.effects ?? []), origin: seed.map { ForkOrigin($0) }, life: context.life)
    var loop = GraphLoop(graph.plan, level, graph.interrupts, state: Child())
    defer { note(loop.place.current, in: namespace) }
    if let seed {
      try await loop.fork(seed)
    } else {
      if let stored { try loop.takeUp(stored) }
      if let stored, isContinued(stored, outer, seat) {
        try loop.resume(stored)
        try renew(&loop)
      } else {
        if let stored { try await loop.keepUnfinished(stored) }
        try await start(&loop)
      }
    }
    return try await finish(&loop)
  }

  private func finish(_ loop: inout GraphLoop<Child>) async throws -> GraphLoop<Child> {
    let end: LoopEnd
    do {
      end = try await loop.run()
    } catch {
      try await flush(&loop)
      throw error
    }
    switch end {
    case .finished:
      if checkpointing == .own { try await flush(&loop) }
      return loop
    case .interrupted(let interrupts):
      try await flush(&loop)
      throw InterruptSignal(interrupts: interrupts)
    case .drained:
      try await flush(&loop)
      throw InterruptSignal(interrupts: [])
    case .parent(let command):
      if checkpointing == .own { try await flush(&loop) }
      throw ParentSignal(command: command)
    }
  }

  /// With `exit`: what the nested graph came to is saved with the rest of the run.
  private func flush(_ loop: inout GraphLoop<Child>) async throws {
    if loop.level.saver?.waitsForEnd == true { try await loop.flush() }
  }

  /// What an earlier run or call left: of a call that was cut, what it came to; else a state of the graph's own, as it
  /// was at the enclosing graph's checkpoint (G35).
  private func earlier(_ namespace: GraphNamespace, _ outer: GraphLevel, _ seat: TaskSeat) async throws
    -> StoredCheckpoint?
  {
    guard checkpointing == .own || seat.isResumed, let saver = outer.saver, let thread = outer.scope.thread else {
      return nil
    }
    if seat.isResumed, let latest = try await saver.find(namespace, of: thread) {
      if checkpointing == .inherited || isContinued(latest, outer, seat) { return latest }
    }
    guard let own = seat.own else { return nil }
    if let stored = try await saver.find(own.namespace, own.id, of: thread) { return stored }
    throw GraphError(
      .unknownCheckpoint,
      "Node \"\(context.node)\" goes on with a state of its own, and its checkpoint \(own.id) of thread \"\(thread)\" "
        + "is not kept any more.", node: context.node)
  }

  /// Tells the enclosing graph where its nested graph stands.
  private func note(_ checkpoint: CheckpointID?, in namespace: GraphNamespace) {
    guard checkpointing == .own, let checkpoint, checkpoint != context.seat.own?.id, !(context.life?.isGivenUp ?? false)
    else { return }
    context.level.note(CheckpointReference(checkpoint, in: namespace), of: context.node)
  }

  private func isContinued(_ stored: StoredCheckpoint, _ outer: GraphLevel, _ seat: TaskSeat) -> Bool {
    guard seat.isResumed else { return false }
    return checkpointing == .inherited || stored.metadata.parents[outer.namespace.rawValue] == seat.checkpoint
  }

  /// The namespace that this call has in the branch that the run was forked from.
  private func origin(_ outer: GraphLevel, _ seat: TaskSeat) -> GraphNamespace? {
    guard seat.isResumed, let origin = outer.origin else { return nil }
    let task = TaskID(
      checkpoint: origin.checkpoint, namespace: origin.namespace, step: origin.step + 1, node: context.node,
      path: seat.path)
    return origin.namespace.child(node: context.node, task: checkpointing == .own ? nil : task)
  }
}

extension StoredCheckpoint {
  /// A record as it would come back.
  init(_ record: CheckpointRecord) {
    self.init(
      namespace: record.namespace, id: record.id, parent: record.parent, metadata: record.metadata, plan: record.plan,
      state: .live(record.state))
  }
}

/// The checkpoint that a graph of this run was forked from.
struct ForkOrigin: Sendable {
  let namespace: GraphNamespace
  let checkpoint: CheckpointID
  let step: Int

  init(_ stored: StoredCheckpoint) {
    namespace = stored.namespace
    checkpoint = stored.id
    step = stored.metadata.step
  }
}
