import Synchronization

/// A bounded queue between a run and whoever reads its events: one reader, any number of writers, which wait while it
/// is full (G37). Events leave in batches, so that the two seldom wait for each other.
final class EventBuffer: Sendable {
  private struct State {
    var events: [GraphEvent] = []
    /// Events of the batch that the reader has: they count until it comes for the next.
    var taken = 0
    var isClosed = false
    var end: Result<Void, any Error>?
    var reader: CheckedContinuation<Void, Never>?
    var writers: [CheckedContinuation<Void, Never>] = []
  }

  private let max: Int
  private let state = Mutex(State())

  init(max: Int) { self.max = max }

  /// Puts an event in, when there is room. Once the reader has left, events are dropped.
  func put(_ event: GraphEvent) async throws {
    while true {
      try Task.checkCancellation()
      let (isPut, reader) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
        if state.isClosed { return (true, nil) }
        if state.events.count + state.taken >= max { return (false, nil) }
        state.events.append(event)
        defer { state.reader = nil }
        return (true, state.reader)
      }
      reader?.resume()
      if isPut { return }
      await room()
    }
  }

  private func room() async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.isClosed || state.events.count + state.taken < max { return true }
        state.writers.append(continuation)
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  /// The next events, the first one last; none after the last. At most half of what may wait, so that the run has room
  /// while they are looked at.
  func take() async throws -> [GraphEvent] {
    while true {
      let (batch, writers) = try state.withLock { try Self.take(from: &$0, max: Swift.max(1, max / 2)) }
      for writer in writers { writer.resume() }
      if let batch { return batch }
      await somethingNew()
    }
  }

  private static func take(
    from state: inout State, max: Int
  ) throws -> (batch: [GraphEvent]?, writers: [CheckedContinuation<Void, Never>]) {
    if state.isClosed { throw CancellationError() }
    let count = min(max, state.events.count)
    let batch = Array(state.events.prefix(count).reversed())
    state.events.removeFirst(count)
    state.taken = count
    if batch.isEmpty, let end = state.end { try end.get() }
    defer { state.writers = [] }
    return (batch.isEmpty && state.end == nil ? nil : batch, state.writers)
  }

  private func somethingNew() async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.isClosed || state.end != nil || !state.events.isEmpty { return true }
        state.reader = continuation
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  /// The run has ended.
  func finish(_ error: (any Error)?) {
    let reader = state.withLock { state in
      state.end = error.map { .failure($0) } ?? .success(())
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume()
  }

  /// The reader has left.
  func close() {
    let (reader, writers) = state.withLock { state in
      state.isClosed = true
      state.events = []
      defer {
        state.reader = nil
        state.writers = []
      }
      return (state.reader, state.writers)
    }
    reader?.resume()
    for writer in writers { writer.resume() }
  }
}
