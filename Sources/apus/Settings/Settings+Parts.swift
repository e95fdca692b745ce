import AgentLLM
import AgentRuntime
import AgentSandbox
import AgentServer
import Logging
import NIOPosix

extension Settings {
  /// The bounds that hold for every agent.
  var runtimeLimits: RuntimeLimits {
    var limits = RuntimeLimits()
    limits.messageLengthMax = messageLengthMax
    limits.conversationHistoryMax = conversationHistoryMax
    limits.concurrentRunsMax = concurrentRunsMax
    limits.executionTimeout = executionTimeout
    limits.codeModelCallsMax = codeModelCallsMax
    limits.codeModelTokensMax = codeModelTokensMax
    return limits
  }

  /// For how long runs and threads are kept.
  var retentionRules: RetentionRules { RetentionRules(runs: runRetention, threads: threadRetention) }

  /// What removes runs and threads that were kept for long enough.
  func retention(of store: any RuntimeStore, _ toolsets: ToolsetCatalog, logger: Logger) -> RetentionKeeper {
    RetentionKeeper(store: store, toolsets: toolsets, rules: retentionRules, logger: logger)
  }

  /// How the server listens.
  var serverConfiguration: APIServerConfiguration {
    var configuration = APIServerConfiguration(tokens: runtimeTokens.map(\.revealed))
    configuration.host = host
    configuration.port = port
    configuration.isDebug = isDebug
    configuration.corsOrigins = corsOrigins
    configuration.requestBytesMax = requestBytesMax
    configuration.isMetricsOpen = isMetricsOpen
    configuration.drainTimeout = drainTimeout
    configuration.idleTimeout = idleTimeout
    configuration.keepAliveInterval = streamKeepAlive
    configuration.tokenRateLimit = tokenRateLimit
    configuration.addressRateLimit = addressRateLimit
    configuration.tls = tls.map { .init(certificate: $0.certificate, key: $0.key) }
    return configuration
  }

  /// The server on the process's event loops.
  func server(
    _ parts: ServerParts, logger: Logger, onStart: @escaping @Sendable (_ port: Int) async -> Void
  ) -> APIServer {
    APIServer(
      configuration: serverConfiguration, parts: parts, group: MultiThreadedEventLoopGroup.singleton, logger: logger,
      onStart: onStart)
  }

  /// What must never stand in a log.
  var secrets: [String] {
    (runtimeTokens + [proxyToken, openAIKey].compactMap { $0 }).map(\.revealed) + (packageIndex?.secrets ?? [])
  }
}
