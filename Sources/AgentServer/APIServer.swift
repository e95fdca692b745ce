import AgentRuntime
import HummingbirdCore
import HummingbirdTLS
public import Logging
public import NIOCore
public import ServiceLifecycle

/// The HTTP server: contract §1–§5 over Hummingbird's connections.
public struct APIServer: Service {
  private let configuration: APIServerConfiguration
  private let parts: ServerParts
  private let group: any EventLoopGroup
  private let logger: Logger
  private let onStart: @Sendable (_ port: Int) async -> Void

  /// A server over the runtime's parts. `onStart` is called with the port as soon as requests are answered.
  public init(
    configuration: APIServerConfiguration, parts: ServerParts, group: any EventLoopGroup, logger: Logger,
    onStart: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) {
    self.configuration = configuration
    self.parts = parts
    self.group = group
    self.logger = logger
    self.onStart = onStart
  }

  /// Serves until a graceful shutdown: then it takes no new connections, lets requests end, and cancels those that
  /// have not when the drain deadline passes. Throws where the address cannot be used or a TLS file not be read.
  public func run() async throws {
    let api = API(
      configuration: configuration, endpoints: parts.endpoints(configuration), logger: logger)
    let connection = ClientConnection(api: api)
    let server =
      if let tls = configuration.tls {
        try TLSChannel(connection, tlsConfiguration: tls.load()).server(
          configuration: address, onServerRunning: started, eventLoopGroup: group, logger: quiet)
      } else {
        connection.server(
          configuration: address, onServerRunning: started, eventLoopGroup: group, logger: quiet)
      }
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await server.run() }
      tasks.addTask { await drain() }
      try await tasks.next()
      tasks.cancelAll()
    }
  }

  private var address: ServerConfiguration {
    ServerConfiguration(address: .hostname(configuration.host, port: configuration.port), backlog: 1024)
  }

  // Hummingbird's own lines about starting repeat what `apus` says.
  private var quiet: Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .warning)
    return logger
  }

  @Sendable private func started(_ channel: any Channel) async {
    parts.state.enter(.ready)
    await onStart(channel.localAddress?.port ?? configuration.port)
  }

  /// Waits for a graceful shutdown, then for the drain deadline, and ends what still runs. Runs that end get a moment
  /// to tell their callers; when this returns, the connections that are left are cut.
  private func drain() async {
    guard (try? await gracefulShutdown()) != nil else { return }
    parts.state.enter(.draining)
    guard (try? await Task.sleep(for: configuration.drainTimeout)) != nil else { return }
    parts.runs.cancelAll()
    try? await Task.sleep(for: .seconds(2))
  }
}
