public import AgentJSON
public import AgentRuntime

/// What the server answers with: the parts that `apus` puts together.
public struct ServerParts: Sendable {
  let catalog: AgentCatalog
  let executor: AgentExecutor
  let runService: RunService
  let composer: AgentComposer
  let store: any RuntimeStore
  let runs: ActiveRuns
  let health: HealthMonitor
  let statistics: RunStatistics
  let limits: RuntimeLimits
  let schema: SchemaHistory
  let state = ServerState()
  let renderMetrics: @Sendable () -> [UInt8]
  let version: String
  let healthDetails: @Sendable () -> [HealthDetail]

  /// Gathers the parts. `renderMetrics` writes what `GET /metrics` answers; `healthDetails` tells of parts that the
  /// server does not know itself.
  public init(
    catalog: AgentCatalog, executor: AgentExecutor, runService: RunService, store: any RuntimeStore, runs: ActiveRuns,
    health: HealthMonitor, statistics: RunStatistics, limits: RuntimeLimits, schema: SchemaHistory, version: String,
    renderMetrics: @escaping @Sendable () -> [UInt8],
    healthDetails: @escaping @Sendable () -> [HealthDetail] = { [] }
  ) {
    self.catalog = catalog
    self.executor = executor
    self.runService = runService
    composer = AgentComposer(catalog: catalog, executor: executor)
    self.store = store
    self.runs = runs
    self.health = health
    self.statistics = statistics
    self.limits = limits
    self.schema = schema
    self.version = version
    self.renderMetrics = renderMetrics
    self.healthDetails = healthDetails
  }
}

/// One part of the runtime in `checks` of `GET /v1/health` (contract §5).
public struct HealthDetail: Sendable {
  /// Its name among the checks.
  public var name: String
  /// Whether its state makes the runtime `degraded`.
  public var isImpaired: Bool
  /// What is known of it.
  public var json: JSONObject

  /// Makes a detail.
  public init(name: String, isImpaired: Bool, json: JSONObject) {
    self.name = name
    self.isImpaired = isImpaired
    self.json = json
  }
}
