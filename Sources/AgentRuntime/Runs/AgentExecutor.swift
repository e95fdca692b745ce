import AgentJSON
public import Logging

/// Runs agents: admits a run, bounds it, and turns what went wrong into what the caller is told.
public struct AgentExecutor: Sendable {
  let model: any ChatModel
  let defaultModelID: String
  private let threads: ThreadKeeper
  private let toolsets: ToolsetCatalog
  private let sandbox: (any Sandbox)?
  private let supply: (any CodeSupply)?
  private let runs: ActiveRuns
  let limits: RuntimeLimits
  private let statistics: RunStatistics
  let logsContent: Bool
  private let timing: RunTiming
  let logger: Logger
  private let ids = IDSequence("run-")
  /// Runs that are not kept.
  let index = RunIndex()
  private let exchanges = ExchangeMemory()
  let limiter = RateLimiter()
  private let tokens = TokenMetrics()

  /// An executor over one model and one store; `runs` is shared with the catalog, which ends a deleted agent's runs.
  /// `toolsets` are those that agents may name, `sandbox` runs their code, which `supply` gets; `logsContent` lets
  /// prompts, answers and what code printed into the log (LOG_CONTENT); `timing` is for pauses and timeouts within runs.
  public init(
    model: any ChatModel, defaultModelID: String, store: any RuntimeStore, toolsets: ToolsetCatalog = ToolsetCatalog(),
    sandbox: (any Sandbox)? = nil, supply: (any CodeSupply)? = nil, runs: ActiveRuns, limits: RuntimeLimits,
    statistics: RunStatistics, logsContent: Bool = false, timing: RunTiming = RunTiming(), logger: Logger
  ) {
    self.model = model
    self.defaultModelID = defaultModelID
    threads = ThreadKeeper(store: store, queue: TurnQueue(waitersMax: limits.turnsWaitingMax))
    self.toolsets = toolsets
    self.sandbox = sandbox
    self.supply = supply
    self.runs = runs
    self.limits = limits
    self.statistics = statistics
    self.logsContent = logsContent
    self.timing = timing
    self.logger = logger
  }

  /// Whether agents can run code on this machine now (contract §3, `codeExecution`).
  public var canRunCode: Bool { sandbox?.status.canRun ?? false }

  /// Whether a turn of this thread is under way.
  func isBusy(_ key: ThreadKey) -> Bool { threads.queue.isBusy(key) }

  /// Whether a run that may wait for a place would have to.
  var isFull: Bool { runs.isFull }

  /// Whether the runtime shuts down, so that no run is begun.
  var isClosed: Bool { runs.isClosed }

  /// Throws `RuntimeError` 409 where a further turn of this thread would be refused now.
  func checkTurn(_ key: ThreadKey, policy: ConversationConfig.BusyPolicy) throws {
    try threads.queue.check(key, policy: policy)
  }

  /// An id for a run that its caller did not name.
  func nextRunID() -> String { ids.next() }

  /// Runs an agent once, in memory. Where `sink` is given, the answer's pieces go there as the model makes them. Throws
  /// `RuntimeError`, and `CancellationError` when the caller went away.
  public func execute(
    _ call: ChatCall, agent: LoadedAgent, handle: RunHandle, sink: DeltaSink? = nil
  ) async throws -> RunResult {
    try await execute(call, agent: agent, handle: handle, sink: sink, kept: nil)
  }

  /// The same for a run that may be kept.
  func execute(
    _ call: ChatCall, agent: LoadedAgent, handle: RunHandle, sink: DeltaSink?, kept: KeptRun?
  ) async throws -> RunResult {
    let start = ContinuousClock.now
    // A run with a session takes its place when its thread is free.
    let place = try runs.begin(
      agentID: agent.definition.id, handle: handle, waits: call.sessionID != nil, isPatient: kept?.isDetached ?? false)
    defer { place.end() }
    // Last, so that what is refused for another reason costs nothing of the rates.
    let subjects = rateSubjects(agent.definition)
    if kept?.wasUnderway != true { try limiter.admit(subjects) }
    let tools = agent.definition.toolsets
    let belt = tools.isEmpty ? nil : try await toolsets.belt(tools)
    let run = makeRun(call, agent.definition, handle, place, sink, belt, kept)
    defer { charge(run.record.contents.spent, to: subjects) }
    do {
      let completion = try await handle.run {
        begin(run)
        let completion = try await agent.program(run)
        try await kept?.admitted()
        return completion
      }
      let result = result(of: run, completion, .now - start)
      statistics.finished(failed: false, duration: result.duration)
      index.end(run.id, .success(result))
      return result
    } catch {
      if !Self.isRefusal(error) { statistics.finished(failed: true, duration: ContinuousClock.now - start) }
      let failure = failure(error, run)
      index.end(run.id, .failure(failure is CancellationError ? .callerLeft : RuntimeError(describing: failure)))
      throw failure
    }
  }

  private func charge(_ usage: TokenUsage?, to subjects: [RateLimitSubject]) {
    limiter.charge(tokens: usage?.totalTokens ?? 0, to: subjects)
    tokens.note(usage)
  }

  private func begin(_ run: AgentRun) {
    guard let kept = run.kept else { return index.begin(run) }
    kept.begin(run.record)
    // The caller may have named it after one that was in memory alone.
    index.forget(run.id)
  }

  private func result(of run: AgentRun, _ completion: ChatCompletion, _ duration: Duration) -> RunResult {
    let contents = run.record.contents
    return RunResult(
      runID: run.id, agentID: run.agent.id, agentType: run.agent.type, completion: completion, usage: contents.usage,
      steps: contents.steps, tools: contents.tools, warnings: contents.warnings,
      pendingApprovals: contents.pendingApprovals, duration: duration)
  }

  /// What is left of the rates of an agent and of its model configuration, whichever is tighter.
  public func rates(of agent: AgentDefinition) -> RateLimitStatus { limiter.status(of: rateSubjects(agent)) }

  private func rateSubjects(_ agent: AgentDefinition) -> [RateLimitSubject] {
    let modelID = agent.llmConfigID ?? defaultModelID
    var subjects: [RateLimitSubject] = []
    if let rates = agent.limits?.rates { subjects.append(RateLimitSubject(.agent, agent.id, rates)) }
    let rates = model.traits(of: modelID).rates
    if !rates.isEmpty { subjects.append(RateLimitSubject(.model, modelID, rates)) }
    return subjects
  }

  /// Removes a thread, and ends the turn that is under way on it. Returns whether there was one.
  public func deleteThread(_ key: ThreadKey) async throws -> Bool {
    try await threads.turn(key, policy: .interrupt, handle: RunHandle()) {
      let wasThere = try await threads.store.deleteThread(key)
      await toolsets.forget(agentID: key.agentID, sessionID: key.sessionID)
      return wasThere
    }
  }

  /// Whether a thread would not have the caller, or not now: then nothing was executed (contract §5).
  private static func isRefusal(_ error: any Error) -> Bool {
    guard let error = error as? RuntimeError else { return false }
    return error.code == .accessDenied || error.code == .conflict || error.code == .rateLimitExceeded
  }

  private func makeRun(
    _ call: ChatCall, _ agent: AgentDefinition, _ handle: RunHandle, _ place: RunPlace, _ sink: DeltaSink?,
    _ belt: ToolBelt?, _ kept: KeptRun?
  ) -> AgentRun {
    var logger = logger
    if logsContent || logger.logLevel <= .debug {
      logger[metadataKey: "request_id"] = "\(call.requestID)"
      logger[metadataKey: "agent_id"] = "\(agent.id)"
    }
    // Tools that run at once report at once; what writes to the caller takes one after the other.
    let sink = belt == nil ? sink : sink.map(Turnstile.queueing)
    let id = kept?.id ?? ids.next()
    let run = AgentRun(
      id: id, agent: agent, call: call, limits: limits, logger: logger, handle: handle, model: model,
      threads: threads, place: place, defaultModelID: defaultModelID, logsContent: logsContent, sink: sink,
      belt: belt, exchanges: exchanges, sandbox: sandbox, supply: supply, timing: timing, kept: kept, effectScope: id)
    for warning in belt?.warnings ?? [] {
      run.record.warn(warning)
      logger.warning("tools are missing", metadata: ["agent_id": "\(agent.id)", "reason": "\(warning)"])
    }
    return run
  }

  private func failure(_ error: any Error, _ run: AgentRun) -> any Error {
    var failure: RuntimeError
    if let reason = run.handle.reason {
      guard let cancelled = RuntimeError(cancelled: reason, timeout: limits.executionTimeout) else {
        return CancellationError()
      }
      failure = cancelled
    } else if error is CancellationError {
      return error
    } else {
      failure = RuntimeError(describing: error)
    }
    var details = failure.details ?? [:]
    details["run_id"] = .string(run.id)
    details["execution_steps"] = .array(run.record.contents.steps.map(\.json))
    failure.details = details
    return failure
  }
}

/// What a run came to.
public struct RunResult: Sendable {
  /// Names the run.
  public var runID: String
  /// The agent that ran; a line's name was resolved to it.
  public var agentID: String
  /// The agent's type.
  public var agentType: String
  /// The answer.
  public var completion: ChatCompletion
  /// The sum over every model call; nil where no model counted.
  public var usage: TokenUsage?
  /// What was done.
  public var steps: [ExecutionStep]
  /// Names of the tools that were called.
  public var tools: [String]
  /// What the caller should know of, such as tools that are missing.
  public var warnings: [String]
  /// Calls that wait until a human has approved them; empty unless the run stopped for that.
  public var pendingApprovals: [PendingApproval]
  /// How long it took.
  public var duration: Duration
}
