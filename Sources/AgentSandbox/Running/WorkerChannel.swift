import AgentJSON
import CSandboxSocket
import Synchronization

/// One call's connection to its worker. The loop's thread reads and writes the socket; one task takes the events.
final class WorkerChannel: Sendable {
  /// What the call's task gets to know.
  enum Event: Sendable {
    case frame([UInt8])
    case tooLong(FrameSplitter.TooLong)
    case ended(WorkerEnd)
    /// The supervisor is gone, and the worker with it.
    case lost
    case modelAnswered(id: JSONValue, Result<JSONObject, any Error>)
  }

  /// What was printed, as far as it is kept.
  struct Output: Sendable {
    var stdout: [UInt8] = []
    var stderr: [UInt8] = []
  }

  /// Bytes of frames that may wait for the task; then the worker has to wait.
  private static let pendingMax = 256 << 10
  /// Bytes that are read at a time, so that no worker keeps the others waiting.
  private static let chunk = 64 << 10

  private struct State {
    var socket: Int32?
    var splitter: FrameSplitter
    var outbox: WorkerOutbox
    var events: [Event] = []
    var pendingBytes = 0
    var isOver = false
    var reader: CheckedContinuation<Event, Never>?
    var output = Output()
    // What the poll watches for.
    var isReading = true
    var isWriting = false
  }

  let worker: WorkerPoolStateMachine.Worker
  private let poll: Int32
  private let state: Mutex<State>

  /// Watches the worker's socket from now on. What is in the outbox goes out when the clock runs.
  init(_ worker: WorkerPoolStateMachine.Worker, poll: Int32, outbox: WorkerOutbox, frameBytesMax: Int) {
    self.worker = worker
    self.poll = poll
    state = Mutex(
      State(socket: worker.socket, splitter: FrameSplitter(lengthMax: frameBytesMax), outbox: outbox))
    _ = sandbox_poll_add(poll, worker.socket, Self.tag(worker.id), true, false)
  }

  /// How the poll calls this worker's socket; small numbers are the loop's own.
  static func tag(_ worker: UInt32) -> UInt64 { UInt64(worker) + firstTag }
  static let firstTag: UInt64 = 1 << 32

  // MARK: The call's task

  /// The next event; the one task alone may ask.
  func next() async -> Event {
    await withCheckedContinuation { continuation in
      let event: Event? = state.withLock { state in
        guard !state.events.isEmpty else {
          state.reader = continuation
          return nil
        }
        let event = state.events.removeFirst()
        if case .frame(let bytes) = event { state.pendingBytes -= bytes.count }
        if !state.isReading && state.pendingBytes < Self.pendingMax { watch(&state, reading: true) }
        return event
      }
      if let event { continuation.resume(returning: event) }
    }
  }

  /// Sends another frame. False where more waits than a frame may be long: the worker does not read.
  func send(_ frame: [UInt8]) -> Bool {
    state.withLock { state in
      guard state.outbox.append(frame) else { return false }
      flush(&state)
      return true
    }
  }

  /// Tells the task what came of a call of the model.
  func answer(_ id: JSONValue, _ answer: Result<JSONObject, any Error>) { post(.modelAnswered(id: id, answer)) }

  var output: Output { state.withLock { $0.output } }

  /// Whether bytes of a frame came that is not whole.
  var isCut: Bool { state.withLock { $0.splitter.isWithinFrame } }

  // MARK: The loop's thread

  /// The limits are in force: what the supervisor has not written of the request goes out.
  func start(written: Int) {
    state.withLock { state in
      state.outbox.start(written: written)
      flush(&state)
    }
  }

  func keep(_ bytes: [UInt8], isError: Bool) {
    state.withLock { if isError { $0.output.stderr += bytes } else { $0.output.stdout += bytes } }
  }

  func writable() { state.withLock { flush(&$0) } }

  /// `onLast` is called when a frame came that looks like the last one, before the task is told.
  func readable(onLast: () -> Void) { read(chunksMax: 4, toTheEnd: false, onLast: onLast) }

  /// The worker is gone: what it sent before is told first.
  func end(_ event: Event) {
    read(chunksMax: 64, toTheEnd: true) {}
    state.withLock { close(&$0) }
    post(event)
  }

  // MARK: Parts

  private func post(_ event: Event) {
    let reader = state.withLock { state -> CheckedContinuation<Event, Never>? in
      guard let reader = state.reader else {
        state.events.append(event)
        return nil
      }
      state.reader = nil
      return reader
    }
    reader?.resume(returning: event)
  }

  private func read(chunksMax: Int, toTheEnd: Bool, onLast: () -> Void) {
    for _ in 0..<chunksMax {
      let (frames, goesOn) = state.withLock { readChunk(&$0, toTheEnd: toTheEnd) }
      for frame in frames {
        if case .frame(let bytes) = frame, WorkerFrame.looksLast(bytes) { onLast() }
        post(frame)
      }
      if !goesOn { return }
    }
  }

  private func readChunk(_ state: inout State, toTheEnd: Bool) -> (frames: [Event], goesOn: Bool) {
    guard let socket = state.socket, !state.isOver, state.isReading || toTheEnd else { return ([], false) }
    var length = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, count in
      length = unsafe sandbox_read(socket, buffer.baseAddress, buffer.count)
      count = max(0, length)
    }
    guard length > 0 else {
      // At its end the socket would be readable for ever.
      if length != Int(SANDBOX_AGAIN) { finishReading(&state) }
      return ([], false)
    }
    var events: [Event] = []
    do {
      try state.splitter.feed(bytes[...]) { events.append(.frame($0)) }
    } catch {
      events.append(.tooLong(error))
      finishReading(&state)
    }
    // Counted before they are taken: a reader that waits takes the first at once.
    let size = events.reduce(0) { if case .frame(let bytes) = $1 { $0 + bytes.count } else { $0 } }
    if state.reader == nil { state.pendingBytes += size } else { state.pendingBytes += size - firstSize(events) }
    if state.pendingBytes >= Self.pendingMax && !toTheEnd { watch(&state, reading: false) }
    return (events, length == Self.chunk || toTheEnd)
  }

  private func firstSize(_ events: [Event]) -> Int {
    if case .frame(let bytes)? = events.first { bytes.count } else { 0 }
  }

  private func finishReading(_ state: inout State) {
    state.isOver = true
    if let socket = state.socket { sandbox_poll_remove(poll, socket) }
  }

  private func flush(_ state: inout State) {
    guard let socket = state.socket else { return }
    while !state.outbox.due.isEmpty {
      let written = unsafe state.outbox.due.withUnsafeBytes { bytes in
        unsafe sandbox_write(socket, bytes.baseAddress, bytes.count)
      }
      guard written > 0 else {
        // A worker that is gone is told of by the supervisor.
        if written == Int(SANDBOX_AGAIN) { watch(&state, writing: true) }
        return
      }
      state.outbox.wrote(written)
    }
    watch(&state, writing: false)
  }

  private func watch(_ state: inout State, reading: Bool? = nil, writing: Bool? = nil) {
    let (wasReading, wasWriting) = (state.isReading, state.isWriting)
    state.isReading = reading ?? wasReading
    state.isWriting = writing ?? wasWriting
    guard let socket = state.socket, !state.isOver, (wasReading, wasWriting) != (state.isReading, state.isWriting)
    else { return }
    _ = sandbox_poll_change(poll, socket, Self.tag(worker.id), state.isReading, state.isWriting)
  }

  private func close(_ state: inout State) {
    guard let socket = state.socket else { return }
    if !state.isOver { sandbox_poll_remove(poll, socket) }
    state.isOver = true
    state.socket = nil
    sandbox_close(socket)
  }
}
