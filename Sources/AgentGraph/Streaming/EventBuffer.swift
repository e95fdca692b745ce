import Synchronization

/// A bounded queue between a run and whoever reads its events: one reader, any number of writers, which wait while it
/// is full (G37).
final class EventBuffer: Sendable {
  private struct State {
    var events: [GraphEvent] = []
    var isClosed = false
    var end: Result<Void, any Error>?
    var reader: CheckedContinuation<GraphEvent?, any Error>?
    var writers: [CheckedContinuation<Void, Never>] = []
  }

  private let max: Int
  private let state = Mutex(State())

  init(max: Int) { self.max = max }

  /// Puts an event in, when there is room. Once the reader has left, events are dropped.
  func put(_ event: GraphEvent) async throws {
    while true {
      try Task.checkCancellation()
      let (isPut, reader) = state.withLock { state -> (Bool, CheckedContinuation<GraphEvent?, any Error>?) in
        if state.isClosed { return (true, nil) }
        if let reader = state.reader {
          state.reader = nil
          return (true, reader)
        }
        if state.events.count >= max { return (false, nil) }
        state.events.append(event)
        return (true, nil)
      }
      reader?.resume(returning: event)
      if isPut { return }
      await room()
    }
  }

  private func room() async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.isClosed || state.events.count < max { return true }
        state.writers.append(continuation)
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  /// The next event; nil after the last.
  func take() async throws -> GraphEvent? {
    try await withCheckedThrowingContinuation { continuation in
      typealias Taken = (Result<GraphEvent?, any Error>?, [CheckedContinuation<Void, Never>])
      let (result, writers) = state.withLock { state -> Taken in
        if state.isClosed { return (.failure(CancellationError()), []) }
        if state.events.isEmpty {
          if let end = state.end { return (end.map { nil }, []) }
          state.reader = continuation
          return (nil, [])
        }
        defer { state.writers = [] }
        return (.success(state.events.removeFirst()), state.writers)
      }
      for writer in writers { writer.resume() }
      if let result { continuation.resume(with: result) }
    }
  }

  /// The run has ended.
  func finish(_ error: (any Error)?) {
    let reader = state.withLock { state in
      state.end = error.map { .failure($0) } ?? .success(())
      defer { state.reader = nil }
      return state.reader
    }
    if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
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
    reader?.resume(throwing: CancellationError())
    for writer in writers { writer.resume() }
  }
}
