extension GraphLoop {
  /// Makes a checkpoint of what was reached, and tells of it. With `exit` it is made when the run ends (G22).
  mutating func advance(_ source: CheckpointSource) async throws {
    if tasks.isEmpty { wakeDeferred() }
    let sink = level.sink
    // Where the input leads is found next, and makes a checkpoint of its own, unless the input itself says it.
    let isFollowed = source == .input && tasks.first?.node == NodeTask.start
    if let sink, sink.wants(.values), source == .loop || (source == .input && !isFollowed) {
      try await sink.send(GraphEvent(namespace: level.namespace, step: step, content: .values(state)))
    }
    guard let saver = level.saver else { return }
    let previous = place.current
    place.current = level.scope.options.ids.nextCheckpoint()
    place.source = source
    let record = saver.waitsForEnd ? nil : makeRecord()
    if let record {
      // What follows at once is waited for in its place.
      if isFollowed { saver.saveSoon([.checkpoint(record)]) } else { try await saver.save([.checkpoint(record)]) }
    }
    if let sink, sink.wants(.checkpoints), let id = place.current {
      let event = CheckpointEvent(
        id: id, parent: record?.parent ?? previous, metadata: record?.metadata ?? metadata,
        next: tasks.map { plan.nodeName($0.node) })
      try await sink.send(GraphEvent(namespace: level.namespace, step: step, content: .checkpoint(event)))
    }
  }

  /// With `exit`: hands the current checkpoint in, unless it was already, and the effects of its superstep.
  mutating func flush() async throws {
    guard let saver = level.saver else { return }
    var writes: [CheckpointWrite] = []
    if place.current != place.saved, let record = makeRecord() { writes.append(.checkpoint(record)) }
    writes += level.journal.takeUnsaved()
    if !writes.isEmpty { try await saver.save(writes) }
  }

  /// The current checkpoint, for the saver.
  private mutating func makeRecord() -> CheckpointRecord? {
    guard let thread = level.scope.thread, let id = place.current else { return nil }
    let record = CheckpointRecord(
      thread: thread, namespace: level.namespace, id: id, parent: place.saved, metadata: metadata, plan: checkpointPlan,
      state: plan.layout.image(of: state), changes: log.takeChanges(plan.layout.imagePlaces))
    place.saved = id
    return record
  }

  private var metadata: CheckpointMetadata {
    CheckpointMetadata(
      source: place.source, step: step, run: level.scope.runID, graph: plan.name,
      createdAt: level.scope.options.ids.microseconds(), ran: place.ran.map(plan.nodeName), parents: level.parents,
      versions: log.versions, rewritten: log.rewritten.isEmpty ? nil : log.rewritten.sorted(), own: storedOwn)
  }

  private var checkpointPlan: CheckpointPlan {
    var stored = CheckpointPlan()
    stored.tasks = tasks.map { task in
      PlannedTask(
        node: plan.nodeName(task.node), input: task.sent?.input, failure: task.sent?.failure, isJoined: task.isJoined)
    }
    for (number, places) in arrived.enumerated() where !places.isEmpty {
      let barrier = plan.barriers[number]
      stored.barriers[barrier.key] = places.sorted().map { barrier.sources[$0] }
    }
    stored.deferred = deferred.sorted().map(plan.nodeName)
    return stored
  }

  /// Takes up a stored checkpoint. Throws `GraphError.unreadableCheckpoint` if it is another graph's or names nodes
  /// that this one does not have.
  mutating func load(_ stored: StoredCheckpoint) throws {
    guard stored.metadata.graph == plan.name else {
      throw unreadable(stored, "it is one of graph \"\(stored.metadata.graph)\", not of \"\(plan.name)\"")
    }
    do {
      state = try plan.layout.state(from: stored.state)
    } catch {
      throw unreadable(stored, (error as? GraphError)?.message ?? "\(error)")
    }
    step = stored.metadata.step
    log = ChannelLog(
      channels: plan.layout.channels.count, versions: stored.metadata.versions,
      rewritten: Set(stored.metadata.rewritten ?? []))
    place = CheckpointPlace(current: stored.id, saved: stored.id, source: stored.metadata.source)
    place.ran = stored.metadata.ran.compactMap(plan.index)
    takeUpOwn(stored.metadata)
    for (number, barrier) in plan.barriers.enumerated() {
      let seen = Set(stored.plan.barriers[barrier.key] ?? [])
      arrived[number] = Set(barrier.sources.indices.filter { seen.contains(barrier.sources[$0]) })
    }
  }

  /// Takes up what was due at a stored checkpoint, and what tasks came to.
  mutating func resume(_ stored: StoredCheckpoint) throws {
    var sends = 0
    tasks = try stored.plan.tasks.map { task in
      if task.node == NodeNames.start { return NodeTask(node: NodeTask.start) }
      guard let node = plan.index(of: task.node) else {
        throw unreadable(stored, "node \"\(task.node)\" is due, which graph \"\(plan.name)\" does not have")
      }
      guard task.input != nil || task.failure != nil else { return NodeTask(node: node, isJoined: task.isJoined) }
      defer { sends += 1 }
      return NodeTask(node: node, sent: SentTask(index: sends, input: task.input, failure: task.failure))
    }
    deferred = Set(stored.plan.deferred.compactMap(plan.index))
    for record in stored.pending { pending[record.task] = record.outcome }
    if case .done(let given)? = pending[taskID(NodeTask(node: NodeTask.start))] {
      // What came with answers that the superstep did not end with.
      log.begin()
      try apply(try TaskResult(given, plan.layout).command.writes, task: 0, of: NodeTask.start)
    }
    isResumed = true
  }

  private func unreadable(_ stored: StoredCheckpoint, _ problem: String) -> GraphError {
    level.unreadable(stored.id, problem)
  }
}
