/// A graph's checkpoints say where its nested graphs with a state of their own stand (G35): what a nested graph goes on
/// with is a matter of the branch that the enclosing graph is on, not of what was stored last.
extension GraphLoop {
  /// Two calls at once would each go on with the same state, and one of them would be lost.
  func refuseSharedState() throws {
    var called: Set<Int> = []
    for task in tasks where plan.nodes[task.node].isOwn && !called.insert(task.node).inserted {
      let name = plan.nodes[task.node].name
      throw GraphError(
        .invalidUse,
        "Node \"\(name)\" was to run more than once in a superstep, and its nested graph has one state of its own: call "
          + "it once, or take .inherited as its checkpointing.", node: name)
    }
  }

  /// Where the nested graphs stand once this superstep is over.
  func ownStates() async throws -> [String: CheckpointReference] {
    var (own, reached) = (own, level.takeReached())
    for task in tasks where plan.nodes[task.node].isOwn {
      let node = plan.nodes[task.node].name
      // What was done before this run was not called in it.
      if reached[node] == nil, isResumed { reached[node] = try await unfinished(node) }
      if let checkpoint = reached[node] { own[node] = checkpoint }
    }
    return own
  }

  /// A new input, or an update, drops the tasks that were due at the thread's latest checkpoint (G27), but not what
  /// they wrote to states of nested graphs.
  mutating func keepUnfinished(_ stored: StoredCheckpoint) async throws {
    guard plan.hasOwn else { return }
    let due = stored.plan.tasks.filter { plan.index(of: $0.node).map { plan.nodes[$0].isOwn } ?? false }
    guard !due.isEmpty, let saver = level.saver, let thread = level.scope.thread,
      try await saver.find(level.namespace, of: thread)?.id == stored.id
    else { return }
    for task in due {
      if let checkpoint = try await unfinished(task.node) { own[task.node] = checkpoint }
    }
  }

  /// Where a call that belongs to the superstep after the current checkpoint left a nested graph.
  private func unfinished(_ node: String) async throws -> CheckpointReference? {
    guard let saver = level.saver, let thread = level.scope.thread, let current = place.current else { return nil }
    let namespace = level.namespace.child(node: node, task: nil)
    guard let latest = try await saver.find(namespace, of: thread),
      latest.metadata.parents[level.namespace.rawValue] == current
    else { return nil }
    return CheckpointReference(latest.id, in: namespace)
  }

  /// Takes up what a checkpoint says of the nested graphs.
  mutating func takeUpOwn(_ metadata: CheckpointMetadata) {
    own = [:]
    for (namespace, id) in metadata.own ?? [:] {
      let namespace = GraphNamespace(rawValue: namespace)
      own[namespace.node] = CheckpointReference(id, in: namespace)
    }
  }

  /// What the next checkpoint says of the nested graphs.
  var storedOwn: [String: CheckpointID]? {
    if own.isEmpty { return nil }
    return Dictionary(uniqueKeysWithValues: own.values.map { ($0.namespace.rawValue, $0.id) })
  }
}
