import Synchronization

/// What a run has told its callers so far, numbered from 1: whoever comes later reads it from the start, or from where
/// it stopped, each at its own pace.
final class RunLog: Sendable {
  /// What a reader gets at a time.
  struct Batch: Sendable {
    var deltas: [ChatDelta]
    /// The number of the last one.
    var last: Int
    /// How the run ended; set once everything before was read.
    var outcome: Result<RunResult, any Error>?
  }

  private struct State {
    var deltas: [ChatDelta] = []
    /// How many of the first ones are not kept any more.
    var dropped = 0
    var bytes = 0
    var isOpen = false
    var hasContent = false
    var outcome: Result<RunResult, any Error>?
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
  }

  private let state = Mutex(State())
  private let bytesMax: Int
  /// Who comes late is not given all at once: it is written as it is read.
  private static let batchMax = 1000

  /// Keeps about `bytesMax` bytes of what is told.
  init(bytesMax: Int = 16 << 20) { self.bytesMax = bytesMax }

  /// The run was admitted, and is stored.
  func open() { change { $0.isOpen = true } }

  /// Adds what the callers are to be told. The oldest goes where it becomes too much.
  func append(_ deltas: [ChatDelta]) {
    change { state in
      state.deltas += deltas
      if !state.hasContent { state.hasContent = deltas.contains { $0.content != nil || $0.extra != nil } }
      state.bytes += deltas.reduce(0) { $0 + $1.memoryBytes }
      guard state.bytes > bytesMax else { return }
      // By halves, so that not each one moves all the others.
      let count = (state.deltas.count + 1) / 2
      state.bytes -= state.deltas.prefix(count).reduce(0) { $0 + $1.memoryBytes }
      state.deltas.removeFirst(count)
      state.dropped += count
    }
  }

  /// The run has ended; nothing is added after this.
  func finish(_ outcome: Result<RunResult, any Error>) { change { $0.outcome = outcome } }

  /// Whether anything of the answer was told.
  var hasContent: Bool { state.withLock { $0.hasContent } }

  /// Whether the run was admitted.
  var isOpen: Bool { state.withLock { $0.isOpen } }

  /// How the run ended; nil while it goes on.
  var outcome: Result<RunResult, any Error>? { state.withLock { $0.outcome } }

  /// About how many bytes are kept.
  var bytes: Int { state.withLock { $0.bytes } }

  /// Returns when the run was admitted. Throws why it was not.
  func opened() async throws {
    let end = try await wait { state -> Result<RunResult, any Error>?? in
      if state.isOpen { return .some(nil) }
      return state.outcome.map { .some($0) }
    }
    if case .failure(let error)? = end { throw error }
  }

  /// How the run ended, once it has.
  func end() async throws -> Result<RunResult, any Error> { try await wait { $0.outcome } }

  /// What was told after the one of this number; waits until there is something. Throws `RuntimeError` 404 for what is
  /// not kept any more.
  func next(after number: Int) async throws -> Batch {
    try await wait { state in
      guard number >= state.dropped else { throw Self.forgotten(number, state.dropped) }
      let end = state.dropped + state.deltas.count
      if number < end {
        let first = number - state.dropped
        let deltas = Array(state.deltas[first...].prefix(Self.batchMax))
        return Batch(deltas: deltas, last: number + deltas.count)
      }
      return state.outcome.map { Batch(deltas: [], last: end, outcome: $0) }
    }
  }

  private static func forgotten(_ number: Int, _ dropped: Int) -> RuntimeError {
    RuntimeError(
      .notFound, "Events \(number + 1) to \(dropped) of this run are not kept any more: read the run itself.",
      shouldRetry: false)
  }

  private func change(_ body: (inout State) -> Void) {
    let waiters = state.withLock { state in
      body(&state)
      defer { state.waiters.removeAll() }
      return state.waiters
    }
    for waiter in waiters.values { waiter.resume() }
  }

  /// Waits until `look` finds something. Throws `CancellationError` when the task is cancelled, and what `look` throws.
  private func wait<Value: Sendable>(_ look: (inout State) throws -> Value?) async throws -> Value {
    while true {
      let (found, number) = try state.withLock { state -> (Value?, Int) in
        state.nextWaiter += 1
        return (try look(&state), state.nextWaiter)
      }
      if let found { return found }
      try Task.checkCancellation()
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in park(continuation, number, stillWaits: look) }
      } onCancel: {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
      }
    }
  }

  /// Parks a reader, unless what it waits for has come since, or it was cancelled.
  private func park<Value>(
    _ continuation: CheckedContinuation<Void, Never>, _ number: Int, stillWaits look: (inout State) throws -> Value?
  ) {
    let mayWait = state.withLock { state -> Bool in
      guard !Task.isCancelled, case .success(nil) = Result(catching: { try look(&state) }) else { return false }
      state.waiters[number] = continuation
      return true
    }
    if !mayWait { continuation.resume() }
  }
}

extension ChatDelta {
  /// About how much memory the delta takes.
  fileprivate var memoryBytes: Int {
    64 + (content?.utf8.count ?? 0) + (extra?.memoryBytes ?? 0) + (metadata?.memoryBytes ?? 0)
  }
}
