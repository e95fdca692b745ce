extension GraphLoop {
  /// Begins with an input: what was unfinished is discarded (G27), and the graph's first nodes are due. List edges keep
  /// the sources that have run, since nothing but firing resets them (G8).
  mutating func begin(_ input: Command<State>, clearing: Bool = true) async throws {
    pending = [:]
    deferred = []
    step = place.current == nil ? -1 : step + 1
    try write(input, clearing: clearing)
    if input.destinations.isEmpty {
      tasks = [NodeTask(node: NodeTask.start)]
    } else {
      try plan.check(input.destinations, from: NodeNames.start)
      var next = NextTasks(marking: log.version)
      try follow(input.destinations, from: NodeNames.start, &next)
      tasks = next.ordered()
    }
    place.ran = []
    try await advance(.input)
  }

  /// Writes what a run brings, before anything runs. A resume clears nothing: what is due has yet to see it. Returns
  /// the writes with ids given to what has none.
  @discardableResult
  mutating func write(_ input: Command<State>, clearing: Bool) throws -> [AnyChannelWrite<State>] {
    log.begin()
    if clearing { clearTransient() }
    var writes = input.writes
    if plan.layout.hasMessages { writes = writes.map { $0.identified(level.scope.options.ids) } }
    try apply(writes, task: 0, of: NodeTask.start)
    return writes
  }

  /// Writes what comes with answers. It is kept beside the tasks' results, since the superstep may stop again.
  mutating func writeBesideAnswers(_ input: Command<State>) async throws {
    let task = taskID(NodeTask(node: NodeTask.start))
    var given = Command<State>.nothing
    if case .done(let stored)? = pending[task] { given = try TaskResult(stored, plan.layout).command }
    let writes = try write(input, clearing: false).filter(\.channel.isTracked)
    guard !writes.isEmpty else { return }
    given.writes += writes
    let outcome = PendingOutcome.done(TaskResult(command: given).stored)
    pending[task] = outcome
    guard let saver = level.saver, let thread = level.scope.thread, let checkpoint = place.current else { return }
    let record = PendingRecord(
      thread: thread, namespace: level.namespace, checkpoint: checkpoint, task: task, node: NodeNames.start,
      outcome: outcome)
    try await saver.save([.pending(record)])
  }

  /// Writes what no checkpoint holds, and nothing else.
  mutating func renewUntracked(_ input: Command<State>) throws {
    var given = Command<State>.nothing
    given.writes = input.writes.filter { !$0.channel.isTracked }
    if !given.writes.isEmpty { try write(given, clearing: false) }
  }

  /// Goes on from a stored checkpoint as a new branch (G26).
  mutating func fork(_ stored: StoredCheckpoint) async throws {
    var stored = stored
    stored.pending = []
    try takeUp(stored)
    try resume(stored)
    step += 1
    try await advance(.fork)
  }

  /// Takes up a checkpoint, also one of another place: a nested graph's new branch may have one of its own, and its
  /// first checkpoint follows none there.
  mutating func takeUp(_ stored: StoredCheckpoint) throws {
    try load(stored)
    if stored.namespace != level.namespace {
      place.saved = nil
      log.noteAll()
    }
  }
}
