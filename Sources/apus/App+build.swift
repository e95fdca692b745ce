import AgentHTTP
import AgentLLM
import AgentRuntime
import AgentSQLite
import AgentSandbox
import AgentServer
import AgentTelemetry
import AgentTools
import Logging
import NIOPosix
import ServiceLifecycle
import UnixSignals

extension App {
  /// The templates this build has, and nothing else is needed to add one.
  static let templates = TemplateCatalog([
    CustomerServiceBot.self, TaskExecutionBot.self, CustomCodeBot.self,
  ])

  /// Puts the runtime together: the one place that knows all its parts. Throws `StoreError` where the database cannot
  /// be used, and `ModelError` where the model's address cannot.
  static func build(
    _ settings: Settings, metrics: PrometheusMetrics, logger: Logger,
    onStart: @escaping @Sendable (_ port: Int) async -> Void
  ) async throws -> BuiltApp {
    let store = try await openStore(settings, logger)
    let transport = HTTPTransport(group: .singleton)
    do {
      let model = try RoutedChatModel(settings.modelRoutes(), over: transport, onAttempt: ModelMetrics().note)
      let code = CodeExecution(settings, logger: logger)
      let toolsets = ToolsetCatalog(try settings.toolsets(code, over: transport, logger: logger))
      let report = HealthReport(model: model, toolsets: toolsets, code: code, reloads: ReloadStatus())
      let running = RunningAgents(settings, model, store, toolsets, code, logger: logger)
      let parts = running.serverParts(
        renderMetrics: code.rendering(metrics), healthDetails: report.details)
      let server = settings.server(parts, logger: logger, onStart: onStart)
      let reload = ReloadSignal(
        settings.reloads(of: model, toolsets, code, over: transport, logger: logger),
        status: report.reloads, logger: logger)
      let background = BackgroundWork(
        health: running.health, runs: running.runs, runService: running.service, toolsets: toolsets, code: code,
        retention: settings.retention(of: store, toolsets, logger: logger))
      return BuiltApp(server: server, background: background, reload: reload, store: store, transport: transport)
    } catch {
      await store.close()
      try await transport.shutdown()
      throw error
    }
  }
}

/// What keeps agents and runs them.
private struct RunningAgents {
  let store: any RuntimeStore
  let limits: RuntimeLimits
  let runs: ActiveRuns
  let statistics = RunStatistics()
  let health: HealthMonitor
  let catalog: AgentCatalog
  let executor: AgentExecutor
  let service: RunService

  init(
    _ settings: Settings, _ model: any ChatModel, _ store: any RuntimeStore, _ toolsets: ToolsetCatalog,
    _ code: CodeExecution, logger: Logger
  ) {
    self.store = store
    limits = settings.runtimeLimits
    runs = ActiveRuns(runsMax: limits.concurrentRunsMax, timeout: limits.executionTimeout)
    health = HealthMonitor(model: model, store: store)
    catalog = AgentCatalog(
      templates: App.templates, store: store, toolsets: toolsets, sandbox: code.sandbox, supply: code.supply,
      runs: runs,
      noteActive: { [health] in health.noteActiveAgents($0) })
    executor = AgentExecutor(
      model: model, defaultModelID: settings.defaultModelID, store: store, toolsets: toolsets, sandbox: code.sandbox,
      supply: code.supply, runs: runs, limits: limits, statistics: statistics, logsContent: settings.logsContent,
      logger: logger)
    service = RunService(executor: executor, catalog: catalog, store: store, limits: limits, logger: logger)
  }

  func serverParts(
    renderMetrics: @escaping @Sendable () -> [UInt8], healthDetails: @escaping @Sendable () -> [HealthDetail]
  ) -> ServerParts {
    ServerParts(
      catalog: catalog, executor: executor, runService: service, store: store, runs: runs,
      health: health, statistics: statistics, limits: limits, schema: .builtin, version: App.version,
      renderMetrics: renderMetrics, healthDetails: healthDetails)
  }
}

extension App {
  /// The file is locked for this process alone, which is what lets threads be remembered.
  private static func openStore(_ settings: Settings, _ logger: Logger) async throws -> ThreadCache {
    ThreadCache(
      try await SQLiteStore.open(
        path: settings.databasePath, synchronous: settings.synchronous, version: version, logger: logger))
  }
}

/// A runtime that is ready to run.
struct BuiltApp: Sendable {
  let server: APIServer
  let background: BackgroundWork
  let reload: ReloadSignal
  let store: any RuntimeStore
  let transport: HTTPTransport

  /// Serves until SIGTERM or SIGINT, then drains and closes the store. A second signal is not waited for.
  func run(logger: Logger) async throws {
    // The group's own records dump whole services.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    let group = ServiceGroup(
      configuration: .init(
        services: [
          .init(service: background),
          .init(service: reload),
          .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup),
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
    do {
      try await group.run()
    } catch {
      await close()
      throw error
    }
    await close()
  }

  private func close() async {
    await store.close()
    // Whatever a connection to the model still says, its runs have ended.
    try? await transport.shutdown()
  }
}

/// What goes on beside the server: probes for health, the runs' deadlines, connections to tools,
/// the sandbox, what is removed by age. The group ends services in the reverse
/// of their order, so that deadlines hold while the server drains.
struct BackgroundWork: Service {
  let health: HealthMonitor
  let runs: ActiveRuns
  let runService: RunService
  let toolsets: ToolsetCatalog
  let code: CodeExecution
  let retention: RetentionKeeper

  func run() async throws {
    await cancelWhenGracefulShutdown {
      async let probes: Void = health.run()
      async let deadlines: Void = runs.watchDeadlines()
      // The file is locked for this process.
      async let kept: Void = runService.keepGoing(isAlone: true)
      async let tools: Void = toolsets.run()
      async let sandbox: Void? = code.sandbox?.run()
      async let leftovers: Void? = code.supply?.removeLeftovers()
      async let removals: Void = retention.run()
      _ = await (probes, deadlines, kept, tools, sandbox, leftovers, removals)
    }
  }
}
