import AgentRuntime
import CSandboxSocket
import Synchronization

extension SupervisedSandbox {
  /// A worker that is told its limits, and gets the request once they are in force.
  func worker(
    for program: SandboxProgram, _ request: [UInt8], _ limits: SandboxLimits, frameBytesMax: Int
  ) async throws -> Given {
    let call = state.withLock { state in
      state.nextCall += 1
      return state.nextCall
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let waiting = Waiting(
          request: request, limits: limits, frameBytesMax: frameBytesMax, continuation: continuation)
        let isWaiting = update { state in
          state.waiting[call] = waiting
          return state.pool.request(call, program, now: .now)
        } then: { state in
          guard state.waiting[call] != nil else { return false }
          // The loop may sleep for ever where nothing goes on.
          state.link?.wake()
          return true
        }
        // Cancelled before there was anything to take back.
        if isWaiting && Task.isCancelled { leave(call) }
      }
    } onCancel: {
      leave(call)
    }
  }

  private func leave(_ call: UInt64) {
    let waiting = state.withLock { state -> Waiting? in
      guard state.pool.leave(call) else { return nil }
      return state.waiting.removeValue(forKey: call)
    }
    waiting?.continuation.resume(throwing: CancellationError())
  }

  /// The worker has said its last: it is ended, and what it took is told.
  func finish(_ channel: WorkerChannel) {
    state.withLock { state in
      let id = channel.worker.id
      guard let running = state.running[id], running.channel === channel, !running.isFinished else { return }
      state.running[id]?.isFinished = true
      state.link?.send(.result(worker: id))
    }
  }

  /// Ends a worker at once; a second time, or after its end, it does nothing.
  func kill(_ channel: WorkerChannel) { send(.kill(worker: channel.worker.id), of: channel) }

  private func send(_ request: ControlRequest, of channel: WorkerChannel) {
    state.withLock { state in
      guard state.running[channel.worker.id]?.channel === channel else { return }
      state.link?.send(request)
    }
  }

  /// Changes the state, and does what the pool wants done then.
  @discardableResult
  func update<Value>(
    _ change: (inout State) -> [WorkerPoolStateMachine.Action], then read: (inout State) -> Value
  ) -> Value {
    let (value, answers) = state.withLock { state in
      let actions = change(&state)
      let answers = actions.compactMap { perform($0, &state) }
      return (read(&state), answers)
    }
    // Outside the lock: what is resumed may ask for a worker at once.
    for answer in answers { answer.continuation.resume(with: answer.result) }
    return value
  }

  func update(_ change: (inout State) -> [WorkerPoolStateMachine.Action]) { update(change) { _ in } }

  /// What a call that waited gets.
  private struct Answer {
    var continuation: CheckedContinuation<Given, any Error>
    var result: Result<Given, any Error>
  }

  private func perform(_ action: WorkerPoolStateMachine.Action, _ state: inout State) -> Answer? {
    switch action {
    case .give(let worker, let call, let isCold): return give(worker, to: call, isCold: isCold, &state)
    case .refuse(let call, let unavailable):
      guard let waiting = state.waiting.removeValue(forKey: call) else { return nil }
      return Answer(continuation: waiting.continuation, result: .failure(unavailable))
    case .want(let kind, let count):
      let layer = state.pool.path(ofLayer: kind.layer)
      state.link?.send(
        layer.map { .wantLayer(language: kind.language, count: count, id: kind.layer, path: $0) }
          ?? .want(language: kind.language, count: count))
    case .discard(let worker):
      sandbox_close(worker.socket)
      state.link?.send(.kill(worker: worker.id))
    case .close(let socket): sandbox_close(socket)
    }
    return nil
  }

  private func give(
    _ worker: WorkerPoolStateMachine.Worker, to call: UInt64, isCold: Bool, _ state: inout State
  ) -> Answer? {
    guard let waiting = state.waiting.removeValue(forKey: call) else { return nil }
    guard let link = state.link else {
      sandbox_close(worker.socket)
      let unavailable = SandboxUnavailable("The sandbox is being started again. Try again.")
      return Answer(continuation: waiting.continuation, result: .failure(unavailable))
    }
    let limits = waiting.limits
    let request = waiting.request
    let travels = request.count <= ControlRequest.requestBytesMax && link.hasRoom(for: request.count)
    let channel = WorkerChannel(
      worker, poll: link.poll, outbox: WorkerOutbox(request: request, isCarried: travels),
      frameBytesMax: waiting.frameBytesMax)
    state.running[worker.id] = Running(
      channel: channel, givenUpAt: .now + limits.timeout + Self.overdueMax)
    link.send(
      .start(
        worker: worker.id, timeoutMilliseconds: UInt32(clamping: max(1, limits.timeout.milliseconds)),
        memoryMB: UInt32(clamping: limits.memoryMB), outputKB: UInt32(clamping: (limits.outputBytesMax + 1023) / 1024),
        request: travels ? request : []))
    return Answer(
      continuation: waiting.continuation, result: .success(Given(channel: channel, isCold: isCold)))
  }
}

extension Duration {
  /// Whole milliseconds.
  fileprivate var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}
