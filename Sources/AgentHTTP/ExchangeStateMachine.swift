import NIOCore

/// One request and its answer, between the client's event loop and the task that reads; no I/O and no clock of its own.
///
/// Each event returns what the owner has to do.
struct ExchangeStateMachine<Waiter: Sendable>: Sendable {
  /// What the reading task waits for.
  enum Want: Sendable {
    case head
    case bytes
    /// The answer's end, or more bytes than that.
    case whole(bytesMax: Int)
  }

  /// What the owner has to do.
  struct Effects {
    /// The waiter to wake.
    var wake: Waiter?
    /// The part just received must not be acknowledged until `resumes`.
    var pauses = false
    var resumes = false
    var cancelsUpstream = false
    var stopsTimer = false
    /// When the timer has to fire instead of when it was to.
    var movesTimer: NIODeadline?
  }

  enum Read {
    case bytes(ByteBuffer)
    case end
    case failed(any Error)
    case wait
  }

  private enum Phase {
    case awaitingHead
    case receiving
    case ended
    /// What has arrived before may still be taken.
    case failed(any Error)
    /// The reader has all it wants; the rest is dropped so that the connection can be used again.
    case draining(bytesLeft: Int)
    case closed
  }

  /// Beyond so many bytes that the reader has not taken, nothing more is read from the upstream.
  static var pendingMax: Int { 65_536 }
  /// What is worth reading just to keep a connection: more than the last chunk of a stream, less than another answer.
  static var drainedMax: Int { 65_536 }
  static var drainTimeout: TimeAmount { .seconds(1) }

  private var phase = Phase.awaitingHead
  private var pending = ByteBuffer()
  private var waiting: (waiter: Waiter, want: Want)?
  private var isPaused = false
  private let timeout: TimeAmount
  private var quietSince: NIODeadline
  private(set) var head: AnswerHead?
  private(set) var wasSent = false

  init(timeout: TimeAmount, now: NIODeadline) {
    self.timeout = timeout
    quietSince = now
  }

  /// Whether nothing that arrives matters any more.
  var isOver: Bool {
    switch phase {
    case .ended, .failed, .closed: true
    default: false
    }
  }

  var deadline: NIODeadline { quietSince + timeout }
}

// MARK: - What the upstream does

extension ExchangeStateMachine {
  mutating func requestSent() { wasSent = true }

  mutating func received(_ head: AnswerHead, at now: NIODeadline) -> Effects {
    quietSince = now
    guard case .awaitingHead = phase else { return Effects() }
    self.head = head
    phase = .receiving
    return wakeIfSatisfied()
  }

  mutating func received(_ bytes: ByteBuffer, at now: NIODeadline) -> Effects {
    quietSince = now
    switch phase {
    case .receiving:
      append(bytes)
      var effects = wakeIfSatisfied()
      isPaused = pending.readableBytes > pausesAbove
      effects.pauses = isPaused
      return effects
    case .draining(let bytesLeft):
      guard bytes.readableBytes <= bytesLeft else { return close() }
      phase = .draining(bytesLeft: bytesLeft - bytes.readableBytes)
      return Effects()
    default: return Effects()
    }
  }

  mutating func receivedEnd() -> Effects {
    switch phase {
    case .awaitingHead, .receiving:
      phase = .ended
      var effects = wakeIfSatisfied()
      effects.stopsTimer = true
      return effects
    case .draining:
      phase = .closed
      return Effects(stopsTimer: true)
    default: return Effects()
    }
  }

  /// The upstream failed: what arrived before is still handed out.
  mutating func failed(_ error: any Error) -> Effects {
    switch phase {
    case .awaitingHead, .receiving: return fail(error)
    case .draining:
      phase = .closed
      return Effects(stopsTimer: true)
    default: return Effects()
    }
  }

  private var pausesAbove: Int {
    if case .whole(let bytesMax)? = waiting?.want { bytesMax } else { Self.pendingMax }
  }

  private mutating func append(_ bytes: ByteBuffer) {
    if pending.readableBytes == 0 {
      // Keeps the storage that the socket was read into: no copy.
      pending = bytes
    } else {
      var bytes = bytes
      pending.writeBuffer(&bytes)
    }
  }

  private mutating func wakeIfSatisfied() -> Effects {
    guard let waiting, isSatisfied(waiting.want) else { return Effects() }
    self.waiting = nil
    return Effects(wake: waiting.waiter)
  }

  private func isSatisfied(_ want: Want) -> Bool {
    switch want {
    case .head: if case .awaitingHead = phase { false } else { true }
    case .bytes: pending.readableBytes > 0 || isOver
    case .whole(let bytesMax): isOver || pending.readableBytes > bytesMax
    }
  }

  private mutating func fail(_ error: any Error) -> Effects {
    phase = .failed(error)
    var effects = wakeIfSatisfied()
    effects.stopsTimer = true
    effects.resumes = isPaused
    isPaused = false
    return effects
  }

  private mutating func close() -> Effects {
    phase = .closed
    let effects = Effects(wake: waiting?.waiter, resumes: isPaused, cancelsUpstream: true, stopsTimer: true)
    waiting = nil
    isPaused = false
    pending.clear()
    return effects
  }
}

// MARK: - What the reader does

extension ExchangeStateMachine {
  /// Waits for something; the effects wake the waiter at once if it is there already.
  mutating func wait(for want: Want, _ waiter: Waiter, at now: NIODeadline) -> Effects {
    precondition(waiting == nil, "an answer is read by one task only")
    waiting = (waiter, want)
    // The upstream cannot be blamed for the time in which the reader was busy.
    quietSince = max(quietSince, now)
    var effects = wakeIfSatisfied()
    if effects.wake == nil, isPaused, pending.readableBytes <= pausesAbove {
      isPaused = false
      effects.resumes = true
    }
    return effects
  }

  /// Takes all bytes that have arrived.
  mutating func takeBytes() -> (Read, Effects) {
    if pending.readableBytes > 0 {
      let bytes = pending
      pending = ByteBuffer()
      defer { isPaused = false }
      return (.bytes(bytes), Effects(resumes: isPaused))
    }
    switch phase {
    case .ended: return (.end, Effects())
    case .failed(let error): return (.failed(error), Effects())
    case .closed: return (.failed(CancellationError()), Effects())
    default: return (.wait, Effects())
    }
  }

  /// Takes the whole body; call it when a wait for `.whole` was satisfied.
  mutating func takeWhole(bytesMax: Int) throws -> ByteBuffer {
    if case .failed(let error) = phase { throw error }
    if case .closed = phase { throw CancellationError() }
    guard pending.readableBytes <= bytesMax else {
      throw TransportError(.bodyTooLarge, "the body is larger than \(bytesMax) bytes")
    }
    defer { pending = ByteBuffer() }
    return pending
  }

  /// The error that stands in the way of a head; nil if there is none.
  var failure: (any Error)? {
    switch phase {
    case .failed(let error): error
    case .closed: CancellationError()
    default: nil
    }
  }

  /// The reader has all it wants: what is left of the answer is dropped if that is little, else the connection.
  mutating func leave(at now: NIODeadline) -> Effects {
    guard case .receiving = phase else { return isOver ? Effects(stopsTimer: true) : close() }
    phase = .draining(bytesLeft: Self.drainedMax)
    pending = ByteBuffer()
    defer { isPaused = false }
    return Effects(resumes: isPaused, movesTimer: now + Self.drainTimeout)
  }

  /// The reader gives up. An exchange that is over stays what it is.
  mutating func cancel() -> Effects {
    isOver ? Effects(stopsTimer: true) : close()
  }
}

// MARK: - Time

extension ExchangeStateMachine {
  /// The timer fired: fails an exchange that was quiet too long, or says when to look again.
  ///
  /// So a part that arrives moves no timer, it only notes the time.
  mutating func timerFired(at now: NIODeadline) -> Effects {
    switch phase {
    case .draining: return close()
    case .ended, .failed, .closed: return Effects()
    case .awaitingHead, .receiving:
      guard waiting != nil else { return Effects(movesTimer: now + timeout) }
      guard now >= deadline else { return Effects(movesTimer: deadline) }
      var effects = fail(TransportError(.timeout, "no byte came within \(timeout.secondsText)"))
      effects.cancelsUpstream = true
      return effects
    }
  }
}

extension TimeAmount {
  fileprivate var secondsText: String {
    nanoseconds % 1_000_000_000 == 0 ? "\(nanoseconds / 1_000_000_000) s" : "\(Double(nanoseconds) / 1e9) s"
  }
}
