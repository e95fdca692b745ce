import Synchronization

/// The events of a run, as they happen. The run begins with the first event that is asked for, and waits while events
/// are not taken: at most `bufferMax` of them wait (G37).
///
/// It may be walked once. Leaving the loop cancels the run, unless it is detached.
public struct GraphStream<State: GraphState>: AsyncSequence, Sendable {
  /// Events that wait at most.
  public static var bufferMax: Int { 32 }

  private let start: @Sendable (EventBuffer) -> Task<Void, Never>
  private let isDetached: Bool

  init(isDetached: Bool, start: @escaping @Sendable (EventBuffer) -> Task<Void, Never>) {
    self.isDetached = isDetached
    self.start = start
  }

  /// Starts the run.
  public func makeAsyncIterator() -> Iterator {
    let buffer = EventBuffer(max: Self.bufferMax)
    return Iterator(buffer: buffer, owner: Owner(buffer, start(buffer), cancels: !isDetached))
  }

  /// Walks the events of a run.
  public struct Iterator: AsyncIteratorProtocol, Sendable {
    private let buffer: EventBuffer
    private let owner: Owner
    /// Events that were taken together, the next one last.
    private var batch: [GraphEvent] = []

    fileprivate init(buffer: EventBuffer, owner: Owner) {
      self.buffer = buffer
      self.owner = owner
    }

    /// The next event; nil after the last. Throws what the run ended with.
    public mutating func next(isolation: isolated (any Actor)?) async throws -> GraphEvent? {
      if batch.isEmpty {
        batch = try await withTaskCancellationHandler {
          try await buffer.take()
        } onCancel: { [owner] in
          owner.close()
        }
      } else if Task.isCancelled {
        owner.close()
        throw CancellationError()
      }
      return batch.popLast()
    }

    /// The next event; nil after the last. Throws what the run ended with.
    public mutating func next() async throws -> GraphEvent? { try await next(isolation: #isolation) }
  }

  /// Ends the run when the iterator is gone.
  fileprivate final class Owner: Sendable {
    private let buffer: EventBuffer
    private let task: Task<Void, Never>
    private let cancels: Bool

    init(_ buffer: EventBuffer, _ task: Task<Void, Never>, cancels: Bool) {
      self.buffer = buffer
      self.task = task
      self.cancels = cancels
    }

    func close() {
      buffer.close()
      if cancels { task.cancel() }
    }

    deinit { close() }
  }
}

extension CompiledGraph {
  /// Runs the graph and gives its events (G36). With `detached` the run goes on when the stream is left; its last
  /// checkpoint then tells what it came to.
  public func stream(
    _ input: Command<State>? = nil, on thread: String? = nil, options: RunOptions = RunOptions(),
    modes: StreamModes = .updates, subgraphs: Bool = false, detached: Bool = false
  ) -> GraphStream<State> {
    GraphStream(isDetached: detached) { buffer in
      // A bridge: whoever walks the stream is no task of the run's, and may leave at any time.
      Task {
        do {
          _ = try await run(
            input, on: thread, options: options, modes: modes, subgraphs: subgraphs,
            onEvent: { try await buffer.put($0) })
          buffer.finish(nil)
        } catch {
          buffer.finish(error)
        }
      }
    }
  }
}
