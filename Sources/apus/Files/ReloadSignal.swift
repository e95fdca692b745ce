import FoundationEssentials
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the configuration files again when the process gets SIGHUP.
///
/// What cannot be reloaded is logged and noted, and what was in force stays. A signal that comes while files are read
/// has them read once more afterwards, however many come.
struct ReloadSignal: Service {
  /// One thing that can be read again.
  struct Reload: Sendable {
    /// What it is, such as `MODELS_FILE`.
    let name: String
    /// Reads it and puts it in force as a whole, or throws and changes nothing.
    let run: @Sendable () async throws -> Void
  }

  private let reloads: [Reload]
  private let status: ReloadStatus
  private let logger: Logger
  private let now: @Sendable () -> Date

  /// A service that runs `reloads` in their order, and keeps what failed in `status`.
  init(
    _ reloads: [Reload], status: ReloadStatus, logger: Logger, now: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.reloads = reloads
    self.status = status
    self.logger = logger
    self.now = now
  }

  /// Obeys SIGHUP until a graceful shutdown.
  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    await follow(signals.cancelOnGracefulShutdown())
  }

  /// Reloads after each element; those that come meanwhile count as one.
  func follow<Signals: AsyncSequence & Sendable>(_ signals: Signals) async
  where Signals.Element: Sendable, Signals.AsyncIterator: SendableMetatype {
    let (asked, ask) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { ask.finish() }
        // A sequence of signals does not throw; its type only says that it might.
        try? await Self.pass(signals, to: ask)
      }
      for await _ in asked { await reloadAll() }
    }
  }

  private static func pass<Signals: AsyncSequence>(
    _ signals: Signals, to ask: AsyncStream<Void>.Continuation
  ) async throws {
    for try await _ in signals { ask.yield() }
  }

  /// Runs every reload; one that fails keeps none of the others from being tried.
  func reloadAll() async {
    if reloads.isEmpty { logger.info("SIGHUP: there is no configuration file to reload") }
    for reload in reloads {
      do {
        try await reload.run()
        status.note(reload.name, problem: nil, time: now())
        logger.info("\(reload.name) is reloaded")
      } catch is CancellationError {
        return
      } catch {
        status.note(reload.name, problem: "\(error)", time: now())
        logger.error(
          "\(reload.name) is not reloaded: what was in force stays", metadata: ["problem": "\(error)"])
      }
    }
  }
}
