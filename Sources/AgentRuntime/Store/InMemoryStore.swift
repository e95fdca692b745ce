public import AgentGraph
import Synchronization

/// Agents, threads and runs in memory, for tests and trials: durable as long as the process.
public final class InMemoryStore: RuntimeStore {
  /// A name by its bytes: `String` takes texts for equal that only look alike (é in one code point or two).
  struct Name: Hashable {
    let bytes: [UInt8]
    init(_ text: String) { bytes = Array(text.utf8) }
  }

  /// An agent with all that hangs on it.
  struct Entry {
    var agent: AgentDefinition
    var revisions: [AgentRevision]
  }

  struct State {
    var entries: [Name: Entry] = [:]
    /// In the order of their creation.
    var names: [Name] = []
    var runs: [Name: StoredRun] = [:]
    var isClosed = false
  }

  private let state = Mutex(State())
  let checkpoints = InMemoryCheckpointer(retention: RetentionPolicy(last: 10))

  /// An empty store.
  public init() {}

  /// Where threads are kept.
  public var threads: any Checkpointer { InMemoryThreads(store: self, base: checkpoints) }

  /// Where runs are kept.
  public var runs: any RunStore { InMemoryRuns(store: self) }

  /// Ends every use of the store; what it held is gone.
  public func close() async {
    state.withLock {
      $0 = State()
      $0.isClosed = true
    }
  }

  /// Tries a read and a write. Throws `StoreError.unavailable` once the store is closed.
  public func probe() async throws -> StoreHealth {
    try withState { _ in StoreHealth(reads: true, writes: true, problem: nil) }
  }

  /// Runs `body` with the state. Throws `StoreError.unavailable` once the store is closed.
  func withState<T: Sendable>(_ body: (inout State) throws -> sending T) throws -> T {
    try state.withLock { state in
      guard !state.isClosed else { throw StoreError(.unavailable, "The store is closed.") }
      return try body(&state)
    }
  }
}
