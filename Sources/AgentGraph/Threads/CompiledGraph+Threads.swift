extension CompiledGraph {
  /// A thread's state, at its latest checkpoint or at a given one; nil if there is none (G24). Throws
  /// `GraphError.noCheckpointer` and `GraphError.unreadableCheckpoint`.
  ///
  /// For a nested graph's state ask the nested graph, with its namespace in the reference or in `namespace`.
  public func snapshot(
    of thread: String, at id: CheckpointID? = nil, in namespace: GraphNamespace = .root
  ) async throws -> StateSnapshot<State>? {
    let stored = try await requireCheckpointer().load(thread: thread, namespace: namespace, id: id)
    return try stored.map { try StateSnapshot($0, thread: thread, self) }
  }

  /// A thread's values at its latest checkpoint, with what tasks of the superstep that is due have written since; nil if
  /// there is no checkpoint. The nodes need not be those of the graph that saved it: for who keeps in the state itself
  /// how the graph was built. Throws as `snapshot(of:at:in:)` does.
  public func values(of thread: String) async throws -> State? {
    guard let stored = try await requireCheckpointer().load(thread: thread, namespace: .root, id: nil) else {
      return nil
    }
    let scope = RunScope(options: RunOptions(), thread: thread, saver: nil, sink: nil)
    let level = GraphLevel(scope: scope, namespace: .root, isSaved: false, parents: [:])
    var loop = GraphLoop(plan, level, InterruptRules(), state: State())
    try loop.load(stored)
    for case .done(let result) in stored.pending.map(\.outcome) {
      for write in try TaskResult(result, plan.layout).command.writes { _ = try write.apply(to: &loop.state) }
    }
    return loop.state
  }

  /// A thread's checkpoints, newest first (G24).
  public func history(
    of thread: String, in namespace: GraphNamespace = .root, _ query: HistoryQuery = HistoryQuery()
  ) async throws -> [StateSnapshot<State>] {
    let history = try await requireCheckpointer().history(thread: thread, namespace: namespace, query: query)
    return try history.map { try StateSnapshot($0, thread: thread, self) }
  }

  /// Makes a checkpoint as if a node had returned this command: its successors are due then (G25), besides what list
  /// edges made due, and deferred nodes. Without a node it is the one that ran last; on a thread without a checkpoint,
  /// the input. Returns the new checkpoint.
  ///
  /// Throws `GraphError.ambiguousNode` where several nodes ran last.
  @discardableResult
  public func updateState(
    of thread: String, _ command: Command<State>, asNode node: String? = nil, at reference: CheckpointReference? = nil,
    options: RunOptions = RunOptions()
  ) async throws -> CheckpointID {
    let checkpointer = try requireCheckpointer()
    let namespace = reference?.namespace ?? .root
    let stored = try await checkpointer.load(thread: thread, namespace: namespace, id: reference?.id)
    if let reference, stored == nil {
      throw GraphError(.unknownCheckpoint, "Thread \"\(thread)\" has no checkpoint \(reference.id).")
    }
    let saver = RunSaver(checkpointer, .sync)
    let scope = RunScope(options: options, thread: thread, saver: saver, sink: nil)
    let level = GraphLevel(
      scope: scope, namespace: namespace, isSaved: true, parents: stored?.metadata.parents ?? [:])
    var loop = GraphLoop(plan, level, InterruptRules(), state: State())
    if let stored {
      try loop.load(stored)
      try loop.resume(stored)
      try await loop.keepUnfinished(stored)
    }
    try await loop.update(command, as: try writer(node, stored, thread))
    try await saver.finish()
    return try loop.currentCheckpoint()
  }

  /// Removes a thread with everything that is stored of it. Returns whether there was one.
  @discardableResult
  public func deleteThread(_ thread: String) async throws -> Bool {
    try await requireCheckpointer().deleteThread(thread)
  }

  /// The node that an update is made as; `NodeTask.start` for the input.
  private func writer(_ node: String?, _ stored: StoredCheckpoint?, _ thread: String) throws -> Int {
    if let node {
      if node == NodeNames.start { return NodeTask.start }
      if let index = plan.index(of: node) { return index }
      let names = plan.nodes.map(\.name).joined(separator: ", ")
      throw GraphError(.unknownDestination, "\"\(node)\" is not a node. There are: \(names).", node: node)
    }
    let ran = Set(stored?.metadata.ran ?? [])
    if ran.isEmpty { return NodeTask.start }
    if ran.count == 1, let only = ran.first, let index = plan.index(of: only) { return index }
    throw GraphError(
      .ambiguousNode,
      "Several nodes ran last on thread \"\(thread)\" (\(ran.sorted().joined(separator: ", "))): say as which one to "
        + "update.")
  }

  private func requireCheckpointer() throws -> any Checkpointer {
    if let checkpointer { return checkpointer }
    throw GraphError(.noCheckpointer, "Graph \"\(name)\" was compiled without a checkpointer.")
  }
}

extension GraphLoop {
  /// Writes as if a node had returned the command, and makes its successors due.
  mutating func update(_ command: Command<State>, as node: Int) async throws {
    let stopped = Set(tasks.filter(isStopped).map(\.node))
    // What waited for several nodes, or for the end, is due still; what one node led to is not. What is written as a
    // node that was due counts as its run.
    let kept = tasks.filter {
      $0.node != node && $0.sent == nil && ($0.isJoined || $0.node >= 0 && plan.isDeferred[$0.node])
    }
    pending = [:]
    if node == NodeTask.start {
      try await begin(command)
      return
    }
    let runner = TaskRunner(
      plan: plan, level: level, snapshot: state, step: step + 1, checkpoint: place.current, isResumed: false,
      own: own)
    let results = TaskResults(first: TaskResult(command: try await runner.completed(command, plan.nodes[node])))
    tasks = [NodeTask(node: node)]
    log.begin()
    try apply(results)
    try planNext(results, keeping: kept)
    step += 1
    try await advance(.update)
    // Whoever changes the state at a stop passes it with one resume all the same (G33).
    let stops = tasks.filter { stopped.contains($0.node) }
    if !stops.isEmpty { _ = try await keepStops(stops) }
  }

  func currentCheckpoint() throws -> CheckpointID {
    guard let id = place.current else { throw GraphError(.noCheckpointer, "No checkpoint was made.") }
    return id
  }
}
