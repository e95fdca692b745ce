import Synchronization

/// The runs under way: how many there may be, when each must end, and which belong to an agent that is deleted.
public final class ActiveRuns: Sendable {
  private struct Entry {
    var agentID: String
    /// Nil while a patient run waits: its time begins when it does.
    var deadline: ContinuousClock.Instant?
    var handle: RunHandle
    var stage: Stage
  }

  /// Of the stages only `running` takes one of the places that there are.
  private enum Stage {
    /// Waits for its thread to be free, and is not executed yet.
    case waiting
    case running
    /// Has given its place to the next turn of its thread, and is about to end.
    case leaving
  }

  private struct State {
    let timeout: Duration
    var entries: [Int: Entry] = [:]
    var nextID = 0
    var running = 0
    var waiting = 0
    var isClosed = false
    /// Runs that could begin but for a place, the first to come first.
    var line: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []

    mutating func add(_ count: Int, to stage: Stage) {
      switch stage {
      case .running: running += count
      case .waiting: waiting += count
      case .leaving: break
      }
    }

    mutating func move(_ id: Int, to stage: Stage) {
      guard let entry = entries[id] else { return }
      add(-1, to: entry.stage)
      add(1, to: stage)
      entries[id]?.stage = stage
      if stage == .running, entry.deadline == nil { entries[id]?.deadline = .now + timeout }
    }

    /// Gives places that are free to those in line, who are to be told.
    mutating func serveLine(runsMax: Int) -> [CheckedContinuation<Bool, Never>] {
      var served: [CheckedContinuation<Bool, Never>] = []
      while running < runsMax, !line.isEmpty {
        let (id, continuation) = line.removeFirst()
        move(id, to: .running)
        served.append(continuation)
      }
      return served
    }
  }

  private let state: Mutex<State>
  private let runsMax: Int

  /// Allows `runsMax` runs at once (MAX_CONCURRENT_AGENTS), each for `timeout` (AGENT_EXECUTION_TIMEOUT).
  public init(runsMax: Int, timeout: Duration) {
    self.runsMax = runsMax
    state = Mutex(State(timeout: timeout))
  }

  /// How many runs are under way.
  public var count: Int { state.withLock { $0.running } }

  /// How many runs wait for their thread.
  public var waitingCount: Int { state.withLock { $0.waiting } }

  /// Whether a run that may wait for a place would have to.
  var isFull: Bool { state.withLock { $0.running >= runsMax || !$0.line.isEmpty } }

  /// Whether no run is admitted any more.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// How many of these could begin but for a place.
  var lineCount: Int { state.withLock { $0.line.count } }

  /// For each run that may be under way, so many may wait for their thread.
  private static let waitingPerRun = 10

  /// Admits a run: to a place, or, where it may have to wait for its thread, to the line before the places;
  /// who is patient stays there until a place is free. Throws `RuntimeError` 429 when as many as are allowed are under way, 503
  /// when the runtime shuts down.
  func begin(agentID: String, handle: RunHandle, waits: Bool = false, isPatient: Bool = false) throws -> RunPlace {
    let waits = waits || isPatient
    let stage = waits ? Stage.waiting : .running
    let id = try state.withLock { state -> Int? in
      guard !state.isClosed else {
        throw RuntimeError(.serviceUnavailable, "The runtime shuts down.", retryAfter: .seconds(5))
      }
      let (used, allowed) = waits ? (state.waiting, runsMax * Self.waitingPerRun) : (state.running, runsMax)
      guard used < allowed else { return nil }
      state.nextID += 1
      let deadline = isPatient ? nil : ContinuousClock.now + state.timeout
      state.entries[state.nextID] = Entry(agentID: agentID, deadline: deadline, handle: handle, stage: stage)
      state.add(1, to: stage)
      return state.nextID
    }
    guard let id else { throw full }
    return RunPlace(id: id, runs: self, isPatient: isPatient)
  }

  private var full: RuntimeError {
    RuntimeError(
      .rateLimitExceeded, "\(runsMax) executions are under way, as many as MAX_CONCURRENT_AGENTS allows.",
      retryAfter: .seconds(1))
  }

  fileprivate func deadline(of id: Int) -> ContinuousClock.Instant? { state.withLock { $0.entries[id]?.deadline } }

  fileprivate func take(_ id: Int) throws {
    let isTaken = state.withLock { state in
      guard state.entries[id]?.stage == .waiting else { return true }
      guard state.running < runsMax else { return false }
      state.move(id, to: .running)
      return true
    }
    if !isTaken { throw full }
  }

  /// Takes a place as soon as there is one.
  fileprivate func takeInTurn(_ id: Int) async throws {
    let isTaken = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
        let isDecided = state.withLock { state -> Bool? in
          guard state.entries[id]?.stage == .waiting else { return true }
          guard !Task.isCancelled else { return false }
          if state.running < runsMax, state.line.isEmpty {
            state.move(id, to: .running)
            return true
          }
          state.line.append((id, continuation))
          return nil
        }
        if let isDecided { continuation.resume(returning: isDecided) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.line.firstIndex { $0.id == id }.map { state.line.remove(at: $0).continuation }
      }
      waiter?.resume(returning: false)
    }
    if !isTaken { throw CancellationError() }
  }

  fileprivate func pass(from id: Int, to next: Int) {
    state.withLock { state in
      guard state.entries[id]?.stage == .running, state.entries[next]?.stage == .waiting else { return }
      state.move(id, to: .leaving)
      state.move(next, to: .running)
    }
  }

  fileprivate func end(_ id: Int) {
    let served = state.withLock { state in
      if let entry = state.entries.removeValue(forKey: id) { state.add(-1, to: entry.stage) }
      return state.serveLine(runsMax: runsMax)
    }
    for continuation in served { continuation.resume(returning: true) }
  }

  /// Cancels the runs of an agent.
  func cancelRuns(of agentID: String) {
    cancel(.agentDeleted) { $0.agentID == agentID }
  }

  /// Cancels all runs, and admits none any more; for the end of the drain.
  public func cancelAll() {
    state.withLock { $0.isClosed = true }
    cancel(.shutdown) { _ in true }
  }

  private func cancel(_ reason: RunCancellation, where matches: (Entry) -> Bool) {
    let handles = state.withLock { state in state.entries.values.filter(matches).map(\.handle) }
    for handle in handles { handle.cancel(reason) }
  }

  /// Cancels each run when its time is up, until the task is cancelled. A deadline is kept to a tenth of a second.
  public func watchDeadlines() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(100))
      let now = ContinuousClock.now
      cancel(.timedOut) { $0.deadline.map { $0 <= now } ?? false }
    }
  }
}

/// What a run holds of the places that there are: one, or the prospect of one while it waits for its thread.
struct RunPlace: Sendable {
  fileprivate let id: Int
  fileprivate let runs: ActiveRuns
  /// Whether the run waits for a place.
  fileprivate let isPatient: Bool

  /// When the run ends at the latest; nil while it waits for a place.
  var deadline: ContinuousClock.Instant? { runs.deadline(of: id) }

  /// Takes a place; nothing happens if the run has one. Throws `RuntimeError` 429 when none is free, but for a patient
  /// run, which waits for one.
  func take() async throws {
    if isPatient { try await runs.takeInTurn(id) } else { try runs.take(id) }
  }

  /// Gives the place, if the run has one, to a run that waits: in one step, so that nobody comes between the two, and
  /// nobody is refused because both seem to run.
  func pass(to next: RunPlace) { runs.pass(from: id, to: next.id) }

  /// The run has ended.
  func end() { runs.end(id) }
}
