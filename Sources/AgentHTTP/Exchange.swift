import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// Carries one answer from the client's event loop to the task that reads it.
///
/// A delegate, because the client's async interface costs two more unstructured tasks, an actor and a second buffer for
/// each request, and parses the URL anew.
final class Exchange: HTTPClientResponseDelegate {
  typealias Response = Void
  private typealias Machine = ExchangeStateMachine<CheckedContinuation<Void, Never>>

  private struct State {
    var machine: Machine
    var upstream: HTTPClient.Task<Void>?
    var timer: NIOScheduledCallback?
    /// Unfulfilled while the upstream is paused.
    var acknowledgement: EventLoopPromise<Void>?
  }

  private let state: Mutex<State>

  init(timeout: Duration) {
    state = Mutex(State(machine: Machine(timeout: TimeAmount(timeout), now: .now())))
  }

  /// Sends the request.
  func start(_ request: HTTPClient.Request, on client: HTTPClient) {
    let upstream = client.execute(request: request, delegate: self)
    let (isOver, deadline) = state.withLock { state in
      state.upstream = upstream
      return (state.machine.isOver, state.machine.deadline)
    }
    // A task that was cancelled before this point, or a client that refused the request at once.
    guard !isOver else { return upstream.cancel() }
    setTimer(upstream.eventLoop, deadline)
  }

  /// Whether the request met a pooled connection that the other side had closed.
  var metStaleConnection: Bool {
    state.withLock { ($0.machine.failure as? TransportError)?.metStaleConnection ?? false }
  }

  /// The reader has all it wants.
  func leave() { perform { $0.leave(at: .now()) } }

  /// Closes the upstream unless the answer has ended; whoever reads gets `CancellationError`.
  func cancel() { perform { $0.cancel() } }
}

// MARK: - Reading

extension Exchange {
  func head() async throws -> AnswerHead {
    await wait(for: .head)
    return try state.withLock { state in
      if let head = state.machine.head { return head }
      throw state.machine.failure ?? TransportError(.invalidAnswer, "the answer has no head")
    }
  }

  func nextBytes() async throws -> ByteBuffer? {
    while true {
      var read = Machine.Read.wait
      perform { machine in
        let (taken, effects) = machine.takeBytes()
        read = taken
        return effects
      }
      switch read {
      case .bytes(let bytes): return bytes
      case .end: return nil
      case .failed(let error): throw error
      case .wait: await wait(for: .bytes)
      }
    }
  }

  func wholeBody(bytesMax: Int) async throws -> ByteBuffer {
    await wait(for: .whole(bytesMax: bytesMax))
    return try state.withLock { try $0.machine.takeWhole(bytesMax: bytesMax) }
  }

  private func wait(for want: Machine.Want) async {
    await withCheckedContinuation { continuation in
      perform { $0.wait(for: want, continuation, at: .now()) }
    }
  }
}

// MARK: - What the client calls, on its event loop

extension Exchange {
  func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
    state.withLock { $0.machine.requestSent() }
  }

  func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
    perform { $0.received(AnswerHead(head), at: .now()) }
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
    perform(pausing: task.eventLoop) { $0.received(buffer, at: .now()) } ?? task.eventLoop.makeSucceededVoidFuture()
  }

  func didFinishRequest(task: HTTPClient.Task<Void>) {
    perform { $0.receivedEnd() }
  }

  func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
    perform { machine in
      machine.failed(TransportError(error, wasSent: machine.wasSent, hasHead: machine.head != nil))
    }
  }
}

// MARK: - Doing what the state machine says

extension Exchange: NIOScheduledCallbackHandler {
  func handleScheduledCallback(eventLoop: some EventLoop) {
    perform { $0.timerFired(at: .now()) }
  }

  /// Returns the future that resumes the upstream where the event pauses it.
  @discardableResult
  private func perform(
    pausing eventLoop: (any EventLoop)? = nil, _ event: (inout Machine) -> Machine.Effects
  ) -> EventLoopFuture<Void>? {
    var effects = Machine.Effects()
    let (upstream, timer, resumed, paused) = state.withLock { state in
      effects = event(&state.machine)
      let resumed = effects.resumes ? state.acknowledgement.take() : nil
      if effects.pauses { state.acknowledgement = eventLoop?.makePromise() }
      let ends = effects.stopsTimer || effects.movesTimer != nil
      let timer = ends ? state.timer.take() : nil
      return (state.upstream, timer, resumed, effects.pauses ? state.acknowledgement?.futureResult : nil)
    }
    timer?.cancel()
    if let deadline = effects.movesTimer, let upstream { setTimer(upstream.eventLoop, deadline) }
    if effects.cancelsUpstream { upstream?.cancel() }
    resumed?.succeed()
    effects.wake?.resume()
    return paused
  }

  private func setTimer(_ eventLoop: any EventLoop, _ deadline: NIODeadline) {
    // Throws only on an event loop that is shut down, where the request fails by itself.
    guard let timer = try? eventLoop.scheduleCallback(at: deadline, handler: self) else { return }
    let isLate = state.withLock { state in
      guard !state.machine.isOver else { return true }
      state.timer = timer
      return false
    }
    if isLate { timer.cancel() }
  }
}
