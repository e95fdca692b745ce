/// One graph's execution: superstep by superstep, each planned from what the one before wrote.
struct GraphLoop<State: GraphState> {
  let plan: GraphPlan<State>
  let level: GraphLevel
  let rules: InterruptRules
  var state: State
  /// The last superstep that was finished; an input counts as one, and the first has -1.
  var step = -1
  /// What is due, in the order of writes (G3).
  var tasks: [NodeTask] = []
  /// Which superstep made each node due last, so that none is due twice.
  var dueMarks: [Int]
  /// Sources of list edges that have run.
  var arrived: [Set<Int>]
  /// Deferred nodes that wait (G11).
  var deferred: Set<Int> = []
  var log: ChannelLog
  var place: CheckpointPlace
  /// Where nested graphs with a state of their own stand, by node.
  var own: [String: CheckpointReference] = [:]
  /// What tasks of the loaded checkpoint came to already.
  var pending: [TaskID: PendingOutcome] = [:]
  /// Whether the next superstep may have been begun by an earlier run.
  var isResumed = false
  /// Supersteps of this run.
  var taken = 0

  init(_ plan: GraphPlan<State>, _ level: GraphLevel, _ rules: InterruptRules, state: State) {
    self.plan = plan
    self.level = level
    self.rules = rules
    self.state = state
    dueMarks = Array(repeating: 0, count: plan.nodes.count)
    arrived = Array(repeating: [], count: plan.barriers.count)
    log = ChannelLog(channels: plan.layout.channels.count)
    place = CheckpointPlace()
  }

  /// Runs until nothing is due, or something stops it.
  mutating func run() async throws -> LoopEnd {
    while true {
      if tasks.isEmpty { return .finished }
      if level.scope.isDraining { return .drained }
      try Task.checkCancellation()
      if tasks[0].node == NodeTask.start {
        try await enter()
      } else {
        guard taken < level.scope.options.superstepsMax else { throw limitReached }
        if let end = try await superstep() { return end }
      }
    }
  }

  /// One superstep. Returns how the run ends, if it ends here.
  private mutating func superstep() async throws -> LoopEnd? {
    if !rules.isEmpty, let stops = try await stopBefore() { return stops }
    if plan.hasOwn { try refuseSharedState() }
    let results: TaskResults<State>
    switch try await outcomes() {
    case .done(let all): results = all
    case .stopped(let end): return end
    }
    let reached = plan.hasOwn ? try await ownStates() : [:]
    if level.saver?.waitsForEnd == true { try takeOrRestore(results) } else { try take(results) }
    if plan.hasOwn { own = reached }
    taken += 1
    step += 1
    isResumed = false
    if !pending.isEmpty { pending = [:] }
    level.journal.clear()
    try await advance(.loop)
    return rules.isEmpty ? nil : try await stopAfter()
  }

  private mutating func take(_ results: TaskResults<State>) throws {
    log.begin()
    try apply(results)
    try planNext(results)
  }

  /// With `exit` durability the state as it was may still have to be saved.
  private mutating func takeOrRestore(_ results: TaskResults<State>) throws {
    let before = self
    do {
      try take(results)
    } catch {
      self = before
      throw error
    }
  }

  /// What the input leads to.
  private mutating func enter() async throws {
    var route: Route = []
    if !plan.startConditions.isEmpty { route = try await plan.choose(plan.startConditions, state) }
    log.begin()
    var next = NextTasks(marking: log.version)
    add(plan.start.targets, to: &next)
    try follow(route, from: NodeNames.start, &next)
    place.ran = []
    tasks = next.ordered()
    step += 1
    isResumed = false
    try await advance(.loop)
  }

  private var limitReached: GraphError {
    let due = tasks.map { plan.nodeName($0.node) }.joined(separator: ", ")
    return GraphError(
      .superstepLimit,
      "Graph \"\(plan.name)\" took \(level.scope.options.superstepsMax) supersteps, and is not done: due are \(due). "
        + "Raise superstepsMax if that is as it should be.")
  }
}

/// Where a loop is among its checkpoints.
struct CheckpointPlace {
  /// The checkpoint whose superstep is next; nil without a checkpointer.
  var current: CheckpointID?
  /// The last one that was handed to the saver.
  var saved: CheckpointID?
  /// Where the current one comes from.
  var source = CheckpointSource.input
  /// The nodes that ran before it.
  var ran: [Int] = []
}

/// Why a loop ended.
enum LoopEnd: Sendable {
  case finished
  case interrupted([Interrupt])
  case drained
  case parent(ParentCommand)
}

/// What a superstep's tasks came to together.
enum SuperstepOutcome<State: GraphState>: Sendable {
  /// All are done; in the order of tasks.
  case done(TaskResults<State>)
  case stopped(LoopEnd)
}
