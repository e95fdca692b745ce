import AgentRuntime
import CSandboxSocket
import FoundationEssentials
import Logging
import Subprocess
import Synchronization

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

extension SupervisedSandbox {
  private static let pauseMin = Duration.milliseconds(100)
  private static let pauseMax = Duration.seconds(30)
  /// A supervisor that lived so long is started again without a pause.
  private static let soundAfter = Duration.seconds(60)
  /// How long the supervisor may take to end when its socket ends.
  private static let stopMax = Duration.seconds(5)
  private static let logLineMax = 4096

  /// Keeps a supervisor running until the task is cancelled; then the workers are gone.
  public func run() async {
    var pause = Self.pauseMin
    while !Task.isCancelled {
      let began = ContinuousClock.now
      let why = await superviseOnce()
      if Task.isCancelled { break }
      guard !state.withLock({ $0.pool.isRefused }) else {
        await untilCancelled()
        break
      }
      if began.duration(to: .now) > Self.soundAfter { pause = Self.pauseMin }
      log.error("the sandbox's supervisor ended", metadata: ["why": "\(why)", "pause": "\(pause)"])
      try? await Task.sleep(for: pause)
      pause = min(pause * 2, Self.pauseMax)
    }
    update { $0.pool.refuseAll("The sandbox has been stopped.") }
  }

  private func untilCancelled() async {
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
  }

  /// Runs one supervisor; why it ended, in words.
  private func superviseOnce() async -> String {
    let path = configuration.supervisorPath
    guard FileManager.default.isExecutableFile(atPath: path) else {
      return lost(
        "\(path) is not there or cannot be executed; install apus-sandbox beside apus, or set SANDBOX_SUPERVISOR")
    }
    do {
      let ends = try SupervisorLink.pair()
      let link: SupervisorLink
      do { link = try SupervisorLink(control: ends.host) } catch {
        sandbox_close(ends.supervisor)
        throw error
      }
      state.withLock { $0.link = link }
      defer { close(link) }
      let result = try await Subprocess.run(
        .path(FilePath(path)), arguments: Arguments(configuration.arguments),
        environment: .custom([Array("PATH=/usr/local/bin:/usr/bin:/bin\0".utf8)]),
        input: .fileDescriptor(FileDescriptor(rawValue: ends.supervisor), closeAfterSpawningProcess: true),
        output: .discarded, error: .sequence
      ) { child in
        await attend(child, link)
      }
      return lost("the sandbox's supervisor ended (\(result.terminationStatus))")
    } catch {
      return lost("the sandbox's supervisor cannot be run: \(error)")
    }
  }

  /// Serves the link until it ends, and the child's end then.
  private func attend<Input, Output>(
    _ child: Execution<Input, Output, SequenceOutput>, _ link: SupervisorLink
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in await logErrors(child) }
      await withTaskCancellationHandler {
        await serve(link)
      } onCancel: {
        link.stop()
      }
      close(link)
      // The closed socket is what ends it, in good order; SIGCONT says nothing, and after a while SIGKILL follows.
      await child.teardown(using: [.send(signal: .resume, allowedDurationToNextStep: Self.stopMax)])
    }
  }

  /// A thread of its own: the loop blocks in its poll.
  private func serve(_ link: SupervisorLink) async {
    await withCheckedContinuation { continuation in
      let work = LoopWork { [self] in
        link.serve(self)
        continuation.resume()
      }
      let retained = unsafe Unmanaged.passRetained(work)
      let error = unsafe sandbox_thread(
        { context in
          guard let context = unsafe context else { return }
          unsafe Unmanaged<LoopWork>.fromOpaque(context).takeRetainedValue().body()
        }, retained.toOpaque())
      guard error != 0 else { return }
      log.error("no thread for the sandbox", metadata: ["errno": "\(error)"])
      unsafe retained.release()
      continuation.resume()
    }
  }

  /// The link is gone, and with it all workers: calls under way end, others wait for the next one.
  private func close(_ link: SupervisorLink) {
    let channels: [WorkerChannel]? = update { state in
      guard state.link === link else { return [] }
      return state.pool.supervisorEnded("the sandbox's supervisor is being started again")
    } then: { state in
      guard state.link === link else { return nil }
      state.link = nil
      defer { state.running = [:] }
      return state.running.values.map(\.channel)
    }
    guard let channels else { return }
    for channel in channels { channel.end(.lost) }
    link.close()
  }

  private func lost(_ why: String) -> String {
    state.withLock { $0.pool.noteDown(why) }
    return why
  }

  private func logErrors<Input, Output>(_ child: Execution<Input, Output, SequenceOutput>) async {
    do {
      for try await buffer in child.standardError {
        let text = unsafe buffer.withUnsafeBytes {
          unsafe String(decoding: $0.prefix(Self.logLineMax), as: UTF8.self)
        }
        log.warning("the sandbox's supervisor says", metadata: ["text": "\(text)"])
      }
    } catch {
      log.debug("the supervisor's stderr ended", metadata: ["error": "\(error)"])
    }
  }
}

/// What a new thread is handed.
private final class LoopWork: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
