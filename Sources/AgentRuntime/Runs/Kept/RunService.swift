import AgentJSON
public import FoundationEssentials
public import Logging

/// Runs that are kept: begins and joins them, and lets others follow them. Those that a crash or a restart has cut go on
/// by themselves (`keepGoing`).
public final class RunService: Sendable {
  let executor: AgentExecutor
  let catalog: AgentCatalog
  let store: any RunStore
  let limits: RuntimeLimits
  let holder: RunHolder
  let clock: any Clock<Duration>
  let logger: Logger
  let kept = KeptRuns()
  /// Lets one request at a time see whether the run that it names is there.
  private let joining = Turnstile()
  let pickingUp = Turnstile()

  /// Over an executor and the store that it works with. A claim on a run is over after `lease`, unless it was renewed;
  /// `now` gives the time for rows, `clock` measures pauses.
  public init(
    executor: AgentExecutor, catalog: AgentCatalog, store: any RuntimeStore, limits: RuntimeLimits,
    lease: Duration = .seconds(30), now: @escaping @Sendable () -> Date = { Date() },
    clock: any Clock<Duration> = ContinuousClock(), logger: Logger
  ) {
    self.executor = executor
    self.catalog = catalog
    self.store = store.runs
    self.limits = limits
    holder = RunHolder(name: IDSequence("apus-").next(), lease: lease, now: now)
    self.clock = clock
    self.logger = logger
  }

  /// Whether what is asked is kept: a task in a session, and whatever has a name or runs in the background.
  public func keeps(_ call: ChatCall, by agent: LoadedAgent) -> Bool {
    call.runID != nil || call.isBackground || (call.sessionID != nil && agent.definition.type == "task")
  }

  /// Runs an agent, or joins or goes on with the run that the call names, and returns the answer. `sink` gets its pieces
  /// as they are made. The last caller who leaves ends a run that is not in the background.
  ///
  /// Throws `RuntimeError`: as `AgentExecutor.execute`, and 409 and 403 for a name that is another's.
  public func answer(
    _ call: ChatCall, agent: LoadedAgent, handle: RunHandle, sink: DeltaSink? = nil
  ) async throws -> RunResult {
    try await handle.run {
      let run = try await self.open(call, agent, inBackground: false)
      defer { run.leave() }
      return try await Self.follow(run, after: 0) { deltas, _ in try await sink?(deltas) }
    }
  }

  /// Begins a run in the background, or finds the one that the call names, and returns it as it is. Throws as `answer`.
  public func submit(_ call: ChatCall, agent: LoadedAgent) async throws -> StoredRun {
    try await open(call, agent, inBackground: true).view
  }

  /// Tells what a run said after the event of that number, until it has ended, and how it ended.
  static func follow(
    _ run: KeptRun, after number: Int, _ tell: (_ deltas: [ChatDelta], _ last: Int) async throws -> Void
  ) async throws -> RunResult {
    var seen = number
    while true {
      let batch = try await run.log.next(after: seen)
      if !batch.deltas.isEmpty { try await tell(batch.deltas, batch.last) }
      seen = batch.last
      if let outcome = batch.outcome { return try outcome.get() }
    }
  }
}

extension RunService {
  /// The run of a call, under way or ended, to which the caller is attached. Throws why there is none.
  private func open(_ call: ChatCall, _ agent: LoadedAgent, inBackground: Bool) async throws -> KeptRun {
    while true {
      let run = try await joined(call, agent, isDetached: inBackground)
      let isEnding = run.handle.reason != nil && run.log.outcome == nil
      // At once, so that a run has somebody whom it is for while it is stored.
      guard !isEnding, run.attach(inBackground: inBackground) else {
        // It can be gone on with when it has ended.
        _ = try await run.log.end()
        continue
      }
      do {
        try await run.log.opened()
      } catch {
        if !inBackground { run.leave() }
        throw error
      }
      return run
    }
  }

  private func joined(_ call: ChatCall, _ agent: LoadedAgent, isDetached: Bool) async throws -> KeptRun {
    guard let id = call.runID else {
      return try start(row(executor.nextRunID(), call, agent), .new, call, agent, isDetached: isDetached)
    }
    return try await joining.pass { try await find(id, call, agent, isDetached: isDetached) }
  }

  /// The run that a call names.
  private func find(
    _ id: String, _ call: ChatCall, _ agent: LoadedAgent, isDetached: Bool
  ) async throws -> KeptRun {
    if let run = kept.underway(id) {
      try check(run.ledger.row, call, agent)
      return run
    }
    guard let row = try await store.run(id) else {
      return try start(self.row(id, call, agent), .new, call, agent, isDetached: isDetached)
    }
    try check(row, call, agent)
    if row.status == .completed { return try KeptRun(ended: row, in: store, holder: holder) }
    try checkFree(row)
    return try start(row, .stored, try self.call(of: row), agent, isDetached: isDetached || row.isBackground)
  }

  private func row(_ id: String, _ call: ChatCall, _ agent: LoadedAgent) -> StoredRun {
    StoredRun(
      id: id, agentID: agent.id, sessionID: call.sessionID, userID: call.userID, request: call.body,
      isBackground: call.isBackground, createdAt: holder.now())
  }

  /// Whether a name means the same run to this caller.
  private func check(_ row: StoredRun, _ call: ChatCall, _ agent: LoadedAgent) throws {
    if let owner = row.userID, let user = call.userID, !owner.isSame(as: user) { throw RuntimeError.othersRun }
    guard row.agentID.isSame(as: agent.id) else {
      throw RuntimeError(.conflict, "The run '\(row.id)' is one of agent '\(row.agentID)'.", shouldRetry: false)
    }
    guard row.request["messages"] == call.body["messages"] else {
      throw RuntimeError(
        .conflict, "The run '\(row.id)' was made with other messages: give a new one another run_id.",
        shouldRetry: false)
    }
  }

  /// Throws `RuntimeError` 409 where another process has the run.
  func checkFree(_ row: StoredRun) throws {
    guard row.status.isDue, let claim = row.claim, claim.holder != holder.name, !claim.isOver(at: holder.now()) else {
      return
    }
    throw RuntimeError(
      .conflict, "The run '\(row.id)' is executed by another process of the runtime.", retryAfter: .seconds(1))
  }

  /// What a stored run was asked. Throws `RuntimeError` 422 where this runtime would not take it any more.
  func call(of row: StoredRun) throws -> ChatCall {
    try ChatCall(body: row.request, requestID: row.id, limits: limits)
  }

  /// Whether a run has a row.
  enum Origin { case new, stored }

  /// Begins to execute a run. Throws `RuntimeError` 409 where its session is busy and must not be, or it runs already.
  func start(
    _ row: StoredRun, _ origin: Origin, _ call: ChatCall, _ agent: LoadedAgent, isDetached: Bool
  ) throws -> KeptRun {
    let session = row.sessionID.map { ThreadKey(agentID: row.agentID, sessionID: $0) }
    let waits = session.map(executor.isBusy) ?? false || (isDetached && executor.isFull)
    if let session, origin == .new {
      let policy = call.conversationConfig?.onBusy ?? agent.definition.conversationConfig?.onBusy
      try executor.checkTurn(session, policy: policy ?? .enqueue)
    }
    let ledger = RunLedger(row, isStored: origin == .stored, in: store, holder: holder)
    let run = KeptRun(
      ledger: ledger, isDetached: isDetached, isResumed: origin == .stored && row.starts > 0, waits: waits)
    guard kept.add(run) else {
      throw RuntimeError(.conflict, "The run '\(row.id)' is under way.", retryAfter: .seconds(1))
    }
    // Unstructured: the run outlives the request that began it, and `keepGoing` waits for it.
    Task { await carryOut(run, call, agent) }
    return run
  }

  private func carryOut(_ run: KeptRun, _ call: ChatCall, _ agent: LoadedAgent) async {
    let outcome: Result<RunResult, any Error>
    do {
      let sink: DeltaSink? = call.stream ? { @Sendable deltas in run.log.append(deltas) } : nil
      let result = try await executor.execute(call, agent: agent, handle: run.handle, sink: sink, kept: run)
      outcome = .success(result)
    } catch {
      outcome = .failure(error)
    }
    let settled = await run.settle(outcome, logger)
    // Not streamed, or made before this process went on with the run.
    if case .success(let result) = settled, !run.log.hasContent { run.log.append([result.content]) }
    // First, so that who learns of the end finds it ended.
    kept.end(run)
    run.log.finish(settled)
  }
}

extension RuntimeError {
  /// The caller may not see this run.
  static var othersRun: RuntimeError { RuntimeError(.accessDenied, "This run belongs to another user.") }

  /// How a run is shown whose caller went away; the caller hears nothing any more.
  static var callerLeft: RuntimeError { RuntimeError(.conflict, "The run's caller left.", shouldRetry: false) }
}
