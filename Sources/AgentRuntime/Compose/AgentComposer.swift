public import AgentJSON
public import Logging

/// Has a model write agents' definitions (`POST /v1/agents/compose`). What comes of it is data: nothing is stored, and
/// no code of it is run.
public struct AgentComposer: Sendable {
  private let model: any ChatModel
  private let defaultModelID: String
  private let catalog: AgentCatalog
  private let limits: RuntimeLimits
  private let limiter: RateLimiter
  private let logsContent: Bool
  private let logger: Logger

  /// A composer of agents for `catalog`, whose toolsets it may choose of. Its work takes a place among the runs, and
  /// counts for the same rates of model configurations as those of `executor`. `logsContent` lets prompts and answers
  /// into the log (LOG_CONTENT).
  public init(
    model: any ChatModel, defaultModelID: String, catalog: AgentCatalog, executor: AgentExecutor,
    limits: RuntimeLimits, logsContent: Bool = false, logger: Logger
  ) {
    self.model = model
    self.defaultModelID = defaultModelID
    self.catalog = catalog
    self.limits = limits
    limiter = executor.limiter
    self.logsContent = logsContent
    self.logger = logger
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
    let modelID = call.modelID ?? defaultModelID
    let rates = [RateLimitSubject(.model, modelID, model.traits(of: modelID).rates)]
    try limiter.admit(rates)
    let record = RunRecord()
    defer { limiter.charge(tokens: record.contents.usage?.totalTokens ?? 0, to: rates) }
    let request = ChatRequest(modelID: modelID, messages: [], requestID: requestID, deadline: place.deadline)
    let composition = Composition(
      call: call, template: template, known: known, request: request, model: model, catalog: catalog, limits: limits,
      logger: logsContent ? logger : nil, record: record)
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
