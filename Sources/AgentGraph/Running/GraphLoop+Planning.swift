/// The tasks of the next superstep, while they are found.
struct NextTasks {
  var triggered: [NodeTask] = []
  var sent: [NodeTask] = []
  /// What tells this superstep's marks from earlier ones.
  let mark: Int

  init(marking mark: Int) { self.mark = mark }

  mutating func send(_ node: Int, _ input: StoredValue?, _ failure: NodeFailure?) {
    sent.append(NodeTask(node: node, sent: SentTask(index: sent.count, input: input, failure: failure)))
  }

  /// Triggered tasks by their nodes' names, then sent ones by their index (G3, G9).
  func ordered() -> [NodeTask] {
    if sent.isEmpty, triggered.count < 2 { return triggered }
    return triggered.sorted { $0.node < $1.node } + sent
  }
}

extension GraphLoop {
  /// Finds what is due after a superstep: where edges, conditions and commands lead. What is in `kept` stays due.
  mutating func planNext(_ results: TaskResults<State>, keeping kept: [NodeTask] = []) throws {
    var next = NextTasks(marking: log.version)
    for task in kept { dueMarks[task.node] = next.mark }
    next.triggered = kept
    for index in 0..<results.count {
      let (node, result) = (tasks[index].node, results[index])
      if let failure = result.failure {
        if let handler = plan.nodes[node].handler { next.send(handler, nil, failure) }
        continue
      }
      let edges = plan.edges[node]
      add(edges.targets, to: &next)
      for edge in edges.barriers { arrived[edge.barrier].insert(edge.place) }
      if !result.command.destinations.isEmpty {
        try follow(result.command.destinations, from: plan.nodeName(node), &next)
      }
    }
    if !plan.barriers.isEmpty { fireBarriers(&next) }
    if level.isSaved || !rules.isEmpty { place.ran = tasks.map(\.node) }
    tasks = next.ordered()
  }

  /// Makes nodes due, each once.
  mutating func add(_ targets: [Int], to next: inout NextTasks) {
    for target in targets where dueMarks[target] != next.mark {
      dueMarks[target] = next.mark
      if plan.isDeferred[target] {
        deferred.insert(target)
      } else {
        next.triggered.append(NodeTask(node: target))
      }
    }
  }

  /// Follows destinations by name.
  mutating func follow(_ route: Route, from source: String, _ next: inout NextTasks) throws {
    for destination in route {
      switch destination {
      case .end: continue
      case .node(let name):
        if let index = plan.index(of: name) { add([index], to: &next) }
      case .send(let send):
        if let index = plan.index(of: send.node) { next.send(index, send.input, nil) }
      }
    }
  }

  /// List edges of which all sources have run make their targets due, and wait anew (G8). This comes after all of the
  /// superstep's tasks: a source that ran twice in it does not count for the next time.
  private mutating func fireBarriers(_ next: inout NextTasks) {
    for (number, barrier) in plan.barriers.enumerated() where arrived[number].count == barrier.sources.count {
      arrived[number].removeAll()
      add([barrier.target], to: &next)
      // It may have been due before, by an edge of another kind.
      if let place = next.triggered.lastIndex(where: { $0.node == barrier.target }) {
        next.triggered[place].isJoined = true
      }
    }
  }

  /// Lets deferred nodes run when nothing else would (G11).
  mutating func wakeDeferred() {
    guard !deferred.isEmpty else { return }
    tasks = deferred.sorted().map { NodeTask(node: $0) }
    deferred = []
  }
}
