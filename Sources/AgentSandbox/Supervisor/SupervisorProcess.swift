import Logging
import Subprocess

#if canImport(System)
  import System
#else
  import SystemPackage
#endif
#if canImport(Dispatch)
  import Dispatch
#endif

/// Runs the supervisor, a process of its own, for as long as the control socket is open.
struct SupervisorProcess: Sendable {
  let path: String
  let arguments: [String]
  let log: Logger

  /// How long it may take to end its workers and itself.
  private static let graceMax = Duration.seconds(2)

  /// Starts it and hands its packets to `pool`, until it ends or the task is cancelled; returns why it ended.
  func run(_ pool: WorkerPool) async -> String {
    do {
      let (control, peer) = try ControlSocket.pair()
      var options = PlatformOptions()
      // A signal from the terminal is for the host, which ends it in order.
      options.createSession = true
      options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: Self.graceMax)]
      let result = try await Subprocess.run(
        .path(FilePath(path)), arguments: Arguments(arguments),
        // Nothing of the host's environment, which holds keys, goes there.
        environment: .custom(["PATH": "/usr/local/bin:/usr/bin:/bin"]), platformOptions: options,
        input: .fileDescriptor(FileDescriptor(rawValue: peer), closeAfterSpawningProcess: true), output: .discarded,
        error: .sequence
      ) { supervisor in
        pool.connected(control)
        await withTaskGroup(of: Void.self) { group in
          group.addTask { await self.receive(control, pool) }
          group.addTask { await self.logStandardError(supervisor.standardError) }
          await group.next()
          control.shutdown()
        }
      }
      return "the sandbox's supervisor ended: \(result.terminationStatus)"
    } catch {
      return "the sandbox's supervisor \(path) cannot be run: \(error)"
    }
  }

  /// Reads packets on a thread of its own: the socket carries descriptors, which no event loop hands out.
  private func receive(_ control: ControlSocket, _ pool: WorkerPool) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        DispatchQueue(label: "apus.sandbox.control").async {
          control.receiveAll { received in
            guard let packet = SupervisorPacket(received.bytes[...]) else { return }
            pool.take(packet, descriptor: received.descriptor)
          }
          continuation.resume()
        }
      }
    } onCancel: {
      control.shutdown()
    }
  }

  private func logStandardError(_ output: SubprocessOutputSequence) async {
    do {
      for try await line in output.strings() {
        log.warning("the sandbox's supervisor", metadata: ["text": "\(line.prefix(1000))"])
      }
    } catch {
      log.debug("the supervisor's stderr ended", metadata: ["error": "\(error)"])
    }
  }
}
