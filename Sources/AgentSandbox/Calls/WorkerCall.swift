import AgentJSON
import AgentRuntime
import NIOCore
import NIOPosix

/// One call on one worker: hands it over, serves what the code asks for, and ends the worker.
struct WorkerCall: Sendable {
  let kind: WorkerKind
  let limits: SandboxLimits
  let hasModel: Bool
  /// What the worker is told to do.
  let frame: [UInt8]
  let isCheck: Bool
  let group: MultiThreadedEventLoopGroup
  let pool: WorkerPool

  /// Calls of the model that one program has under way at once.
  private static let modelCallsAtOnce = 8
  /// What a frame holds besides a result.
  private static let envelope = 64 << 10

  /// Runs it. Throws `SandboxUnavailable`, `CancellationError`, or what `host` throws.
  func run(host: any SandboxHost) async throws -> (CallStateMachine, WorkerEnd, CallWatch) {
    let watch = CallWatch()
    let (worker, control) = try await pool.take(kind, watch: watch)
    watch.noteCold(worker.isCold)
    let channel = try? await connect(worker)
    return try await withTaskCancellationHandler {
      control.send(start(worker))
      var machine = CallStateMachine(isCheck: isCheck, hasModel: hasModel, textMax: limits.resultBytesMax)
      let failure: (any Error)?
      if let channel, await watch.started() {
        failure = await serve(channel, host, &machine)
      } else {
        failure = nil
        try? await channel?.channel.close()
      }
      control.send(.kill(worker: worker.id))
      let end = await watch.ended()
      try Task.checkCancellation()
      if let failure { throw failure }
      return (machine, end, watch)
    } onCancel: {
      control.send(.kill(worker: worker.id))
    }
  }

  private func start(_ worker: Worker) -> HostPacket {
    let milliseconds = limits.timeout / .milliseconds(1)
    return .start(
      worker: worker.id, timeoutMS: UInt32(min(max(milliseconds, 1), 86_400_000)),
      memoryMB: UInt32(clamping: limits.memoryMB), outputKB: UInt32(clamping: limits.outputBytesMax >> 10))
  }

  private func connect(_ worker: Worker) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
    try await ClientBootstrap(group: group).withConnectedSocket(worker.channel) { channel in
      channel.eventLoop.makeCompletedFuture {
        try NIOAsyncChannel(wrappingChannelSynchronously: channel)
      }
    }
  }

  /// Talks to the worker until it has answered or is gone; returns what the host threw.
  private func serve(
    _ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ host: any SandboxHost, _ machine: inout CallStateMachine
  ) async -> (any Error)? {
    var found = machine
    defer { machine = found }
    do {
      found = try await channel.executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(bytes: frame))
        return try await converse(inbound, outbound, host, found) { channel.channel.close(promise: nil) }
      }
    } catch let error as HostError {
      return error.cause
    } catch {
      // The worker is gone in the midst; how it ended says why.
    }
    return nil
  }

  private func converse(
    _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
    _ host: any SandboxHost, _ machine: CallStateMachine, hangUp: @escaping @Sendable () -> Void
  ) async throws -> CallStateMachine {
    try await withThrowingTaskGroup(of: Void.self) { group in
      var machine = machine
      var splitter = FrameSplitter(frameMax: limits.resultBytesMax + limits.filesBytesMax * 2 + Self.envelope)
      var modelCalls = 0
      for try await bytes in inbound {
        splitter.feed(bytes.readableBytesView)
        while let action = next(&splitter, &machine) {
          switch action {
          case .forward(let text): try await tell { try await host.take(text) }
          case .callModel(let id, let messages, let options):
            if modelCalls == Self.modelCallsAtOnce { try await group.next() } else { modelCalls += 1 }
            group.addTask { try await answer(id, messages, options, host, outbound, orElse: hangUp) }
          case .finish:
            if splitter.hasRest { machine.receivedMore() }
            group.cancelAll()
            return machine
          }
        }
      }
      // The worker is gone; what the host had against a call of the model counts, what still runs does not.
      group.cancelAll()
      while let result = await group.nextResult() {
        if case .failure(let error) = result, let refusal = error as? HostError, !(refusal.cause is CancellationError) {
          throw refusal
        }
      }
      return machine
    }
  }

  private func next(_ splitter: inout FrameSplitter, _ machine: inout CallStateMachine) -> CallStateMachine.Action? {
    do {
      return try splitter.next().map { machine.received($0) }
    } catch {
      return machine.receivedTooLarge()
    }
  }

  private func answer(
    _ id: Int, _ messages: [JSONValue], _ options: JSONObject, _ host: any SandboxHost,
    _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, orElse hangUp: @Sendable () -> Void
  ) async throws {
    let result: Result<JSONObject, SandboxRefusal>
    do {
      result = .success(try await host.callModel(messages: messages, options: options))
    } catch let refusal as SandboxRefusal {
      result = .failure(refusal)
    } catch {
      // Ends the reading, which would wait for the worker.
      hangUp()
      throw HostError(cause: error)
    }
    try await outbound.write(ByteBuffer(bytes: HostFrame.reply(to: id, result)))
  }

  private func tell(_ work: () async throws -> Void) async throws {
    do { try await work() } catch { throw HostError(cause: error) }
  }
}

/// What the host threw, told from what the channel throws.
private struct HostError: Error {
  var cause: any Error
}

/// For calls that ask the host for nothing.
struct NoHost: SandboxHost {
  func take(_ text: String) async throws {}

  func callModel(messages: [JSONValue], options: JSONObject) async throws -> JSONObject {
    throw SandboxRefusal("There is no model here.")
  }
}
