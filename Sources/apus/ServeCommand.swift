import AgentTelemetry
import ArgumentParser
import Logging
import Metrics

/// `apus serve`.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves the API; what `apus` does without a command.")

  func run() async throws {
    let settings = try Settings.ofProcess()
    bootstrapLogging(level: settings.logLevel, format: settings.wireLogFormat, secrets: settings.secrets)
    let metrics = PrometheusMetrics()
    MetricsSystem.bootstrap(metrics)
    let logger = Logger(label: "apus")
    report(settings, logger)
    do {
      let app = try await App.build(settings, metrics: metrics, logger: logger) { port in
        let scheme = settings.tls == nil ? "http" : "https"
        logger.info(
          "listening", metadata: ["url": "\(scheme)://\(settings.host):\(port)", "version": "\(App.version)"])
      }
      try await app.run(logger: logger)
      logger.info("stopped")
    } catch let error as ConfigurationFileError {
      for line in error.lines { StandardStreams.writeError("apus: \(line)\n") }
      throw ExitCode(78)
    } catch {
      // One line says why, for people and scripts alike.
      StandardStreams.writeError("apus: cannot serve: \(StartFailure(error, settings).text)\n")
      throw ExitCode(1)
    }
  }

  private func report(_ settings: Settings, _ logger: Logger) {
    for warning in settings.warnings { logger.warning("\(warning)") }
    guard let limit = FileDescriptorLimit.raise() else { return }
    logger.debug(
      "descriptor limit", metadata: ["before": "\(limit.before.soft)", "now": "\(limit.after.soft)"])
    if limit.after.soft < FileDescriptorLimit.advisedMin {
      logger.warning("only \(limit.after.soft) descriptors are allowed; a busy runtime needs more (ulimit -n)")
    }
  }
}

/// Why the runtime did not start, in a line.
struct StartFailure {
  let text: String

  init(_ error: any Error, _ settings: Settings) {
    let description = "\(error)".split(separator: "\n").joined(separator: " ")
    if description.contains("EADDRINUSE") || description.contains("errno: 98") {
      text = "PORT \(settings.port) is in use on \(settings.host); stop what uses it, or set another PORT"
    } else {
      text = description
    }
  }
}

extension Settings {
  /// The log's format, as the library names it.
  var wireLogFormat: AgentTelemetry.LogFormat { logFormat == .json ? .json : .text }
}
