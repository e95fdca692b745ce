import Synchronization

/// The runs under way: how many there may be, when each must end, and which belong to an agent that is deleted.
public final class ActiveRuns: Sendable {
  private struct Entry {
    var agentID: String
    var deadline: ContinuousClock.Instant
    var handle: RunHandle
    /// Waits for its thread to be free, and is not executed yet.
    var isWaiting = false
  }

  private struct State {
    var entries: [Int: Entry] = [:]
    var nextID = 0
    var waiting = 0
  }

  private let state = Mutex(State())
  private let runsMax: Int
  private let timeout: Duration

  /// Allows `runsMax` runs at once (MAX_CONCURRENT_AGENTS), each for `timeout` (AGENT_EXECUTION_TIMEOUT).
  public init(runsMax: Int, timeout: Duration) {
    self.runsMax = runsMax
    self.timeout = timeout
  }

  /// How many runs are under way.
  public var count: Int { state.withLock { $0.entries.count - $0.waiting } }

  /// How many runs wait for their thread.
  public var waitingCount: Int { state.withLock { $0.waiting } }

  /// For each run that may be under way, so many may wait for their thread.
  private static let waitingPerRun = 10

  /// Admits a run. Throws `RuntimeError` 429 when as many as are allowed are under way.
  func begin(agentID: String, handle: RunHandle) throws -> Int {
    let deadline = ContinuousClock.now + timeout
    let id = state.withLock { state -> Int? in
      guard state.entries.count - state.waiting < runsMax, state.waiting < runsMax * Self.waitingPerRun else {
        return nil
      }
      state.nextID += 1
      state.entries[state.nextID] = Entry(agentID: agentID, deadline: deadline, handle: handle)
      return state.nextID
    }
    guard let id else {
      throw RuntimeError(
        .rateLimitExceeded, "\(runsMax) executions are under way, as many as MAX_CONCURRENT_AGENTS allows.",
        retryAfter: .seconds(1))
    }
    return id
  }

  /// Says whether a run waits for its thread. One that waits takes no place; when it goes on, it takes that of the run
  /// that held the thread before it.
  func setWaiting(_ id: Int, _ isWaiting: Bool) {
    state.withLock { state in
      guard let entry = state.entries[id], entry.isWaiting != isWaiting else { return }
      state.entries[id]?.isWaiting = isWaiting
      state.waiting += isWaiting ? 1 : -1
    }
  }

  func end(_ id: Int) {
    state.withLock { state in
      if state.entries.removeValue(forKey: id)?.isWaiting == true { state.waiting -= 1 }
    }
  }

  /// Cancels the runs of an agent.
  func cancelRuns(of agentID: String) {
    cancel(.agentDeleted) { $0.agentID == agentID }
  }

  /// Cancels all runs; for the end of the drain.
  public func cancelAll() { cancel(.shutdown) { _ in true } }

  private func cancel(_ reason: RunCancellation, where matches: (Entry) -> Bool) {
    let handles = state.withLock { state in state.entries.values.filter(matches).map(\.handle) }
    for handle in handles { handle.cancel(reason) }
  }

  /// Cancels each run when its time is up, until the task is cancelled. A deadline is kept to a tenth of a second.
  public func watchDeadlines() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(100))
      let now = ContinuousClock.now
      cancel(.timedOut) { $0.deadline <= now }
    }
  }
}
