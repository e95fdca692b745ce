public import AgentRuntime
import Synchronization

/// What the server answers with: the parts that `apus` puts together.
public struct ServerParts: Sendable {
  let catalog: AgentCatalog
  let executor: AgentExecutor
  let store: any RuntimeStore
  let runs: ActiveRuns
  let health: HealthMonitor
  let statistics: RunStatistics
  let limits: RuntimeLimits
  let schema: SchemaHistory
  let state = ServerState()
  let renderMetrics: @Sendable () -> [UInt8]
  let version: String

  /// Gathers the parts. `renderMetrics` writes what `GET /metrics` answers.
  public init(
    catalog: AgentCatalog, executor: AgentExecutor, store: any RuntimeStore, runs: ActiveRuns, health: HealthMonitor,
    statistics: RunStatistics, limits: RuntimeLimits, schema: SchemaHistory, version: String,
    renderMetrics: @escaping @Sendable () -> [UInt8]
  ) {
    self.catalog = catalog
    self.executor = executor
    self.store = store
    self.runs = runs
    self.health = health
    self.statistics = statistics
    self.limits = limits
    self.schema = schema
    self.version = version
    self.renderMetrics = renderMetrics
  }
}

/// Whether the server takes requests; for `/ready`.
final class ServerState: Sendable {
  enum Phase: String, Sendable {
    case starting, ready, draining
  }

  let start = ContinuousClock.now
  private let phase = Mutex(Phase.starting)

  var current: Phase { phase.withLock { $0 } }

  func enter(_ next: Phase) {
    phase.withLock { phase in
      // A server that drains never takes requests again.
      if phase != .draining { phase = next }
    }
  }
}
