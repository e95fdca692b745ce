import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What Ctrl-C does: it stops the answer under way; where there is none, or it was stopped already, the process.
final class Interrupts: Sendable {
  private let stop = Mutex<(@Sendable () -> Void)?>(nil)

  /// Takes over SIGINT for the time of `body`, in which a Ctrl-C without an answer leaves with that exit code.
  func whileHandling<Result>(exitCode: Int32, _ body: () async throws -> Result) async rethrows -> Result {
    #if canImport(Darwin)
      // There the source sees only what has no handler of its own.
      signal(SIGINT, SIG_IGN)
    #endif
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: DispatchQueue(label: "apus.interrupts"))
    source.setEventHandler { [self] in
      guard let stop = stop.withLock({ $0.take() }) else {
        StandardStreams.writeError("\n")
        exit(exitCode)
      }
      stop()
    }
    source.activate()
    defer { source.cancel() }
    return try await body()
  }

  /// Runs `work`; a Ctrl-C cancels it. Throws what `work` throws, `CancellationError` if it was cancelled.
  func stopping<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
    // A signal has no task to be cancelled through: the handle is what its handler cancels.
    let task = Task { try await work() }
    stop.withLock { $0 = { task.cancel() } }
    defer { stop.withLock { $0 = nil } }
    return try await task.value
  }
}
