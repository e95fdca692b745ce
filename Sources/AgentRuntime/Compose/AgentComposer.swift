public import AgentJSON

/// Has a model write agents' definitions (`POST /v1/agents/compose`). What comes of it is data: nothing is stored, and
/// no code of it is run.
public struct AgentComposer: Sendable {
  private let catalog: AgentCatalog
  private let executor: AgentExecutor
  private var limits: RuntimeLimits { executor.limits }

  /// A composer of agents for `catalog`, whose toolsets it may choose of. It asks the model of `executor`, takes a place
  /// among the same runs, and counts for the same rates of model configurations.
  public init(catalog: AgentCatalog, executor: AgentExecutor) {
    self.catalog = catalog
    self.executor = executor
  }

  /// No agent has this id: no deletion ends the work.
  private static let noAgent = ""

  /// Proposes an agent for what the body of a request asks for. A proposal that stays faulty is returned with its
  /// faults. Throws `RuntimeError`: 422 with all faults of the body, 400 for an unknown template, 429, 408, and what
  /// contract §6 says of a model that fails; `CancellationError` when the caller went away.
  public func compose(_ body: JSONObject, requestID: String, handle: RunHandle) async throws -> AgentProposal {
    let known = catalog.toolsets.names
    let call = try ComposeCall(body, limits: limits, toolsets: known)
    let template = try catalog.templates.newestVersion(of: call.templateID)
    let place = try catalog.runs.begin(agentID: Self.noAgent, handle: handle)
    defer { place.end() }
    let modelID = call.modelID ?? executor.defaultModelID
    let rates = [RateLimitSubject(.model, modelID, executor.model.traits(of: modelID).rates)]
    try executor.limiter.admit(rates)
    let record = RunRecord()
    defer { executor.limiter.charge(tokens: record.contents.usage?.totalTokens ?? 0, to: rates) }
    let request = ChatRequest(modelID: modelID, messages: [], requestID: requestID, deadline: place.deadline)
    let composition = Composition(
      call: call, template: template, known: known, request: request, model: executor.model, catalog: catalog,
      limits: limits, logger: executor.logsContent ? executor.logger : nil, record: record)
    do {
      var proposal = try await handle.run { try await composition.proposal() }
      proposal.usage = record.contents.usage
      return proposal
    } catch {
      throw failure(error, handle)
    }
  }

  private func failure(_ error: any Error, _ handle: RunHandle) -> any Error {
    if let reason = handle.reason {
      return RuntimeError(cancelled: reason, timeout: limits.executionTimeout) ?? CancellationError()
    }
    return error is CancellationError ? error : RuntimeError(describing: error)
  }
}
