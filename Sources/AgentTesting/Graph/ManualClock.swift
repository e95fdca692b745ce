import Synchronization

/// A clock whose time moves only when it is told to: give it to `RunOptions.clock`, and pauses and timeouts of a graph
/// happen when the test says so.
///
/// ```swift
/// let clock = ManualClock()
/// async let result = graph.run(.nothing, options: options)  // with options.clock = clock
/// await clock.sleepers(1)  // the pause before a retry has begun
/// clock.advance(by: .seconds(1))
/// ```
public final class ManualClock: Clock, Sendable {
  /// A point in the clock's time.
  public struct Instant: InstantProtocol {
    /// The time since the clock was made.
    public var offset: Duration

    /// An instant so long after the clock was made.
    public init(offset: Duration = .zero) { self.offset = offset }
    /// A later or earlier instant.
    public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    /// The time between two instants.
    public func duration(to other: Instant) -> Duration { other.offset - offset }
    /// By time.
    public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private struct Sleeper {
    var id: Int
    var deadline: Instant
    var continuation: CheckedContinuation<Void, any Error>
  }
  private struct State {
    var now = Instant()
    var ids = 0
    var sleepers: [Sleeper] = []
    var cancelled: Set<Int> = []
    var waiters: [(isMet: @Sendable ([Duration]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []

    var pauses: [Duration] { sleepers.map { now.duration(to: $0.deadline) }.sorted() }
  }

  private let state = Mutex(State())

  /// A clock at its beginning.
  public init() {}

  /// The clock's time.
  public var now: Instant { state.withLock { $0.now } }
  /// Zero: the clock is exact.
  public var minimumResolution: Duration { .zero }

  /// What is slept for, shortest first.
  public var pauses: [Duration] { state.withLock { $0.pauses } }

  /// Moves the time, and wakes whoever's time has come, the earliest first.
  public func advance(by duration: Duration) {
    let due = state.withLock { state in
      state.now = state.now.advanced(by: duration)
      let due = state.sleepers.filter { $0.deadline <= state.now }.sorted { $0.deadline < $1.deadline }
      state.sleepers.removeAll { $0.deadline <= state.now }
      return due
    }
    for sleeper in due { sleeper.continuation.resume() }
  }

  /// Returns when at least so many tasks sleep.
  public func sleepers(_ count: Int) async { await until { $0.count >= count } }

  /// Returns when a task sleeps that has just so long to go.
  public func sleeper(for duration: Duration) async { await until { $0.contains(duration) } }

  private func until(_ isMet: @escaping @Sendable ([Duration]) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if isMet(state.pauses) { return true }
        state.waiters.append((isMet, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  /// Waits until the time has come. Throws `CancellationError`.
  public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    let id = state.withLock { state in
      state.ids += 1
      return state.ids
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { enter(Sleeper(id: id, deadline: deadline, continuation: $0)) }
    } onCancel: {
      cancel(id)
    }
  }

  private func enter(_ sleeper: Sleeper) {
    let (isCancelled, isDue, waiters) = state.withLock { state in
      if state.cancelled.remove(sleeper.id) != nil { return (true, false, [CheckedContinuation<Void, Never>]()) }
      if sleeper.deadline <= state.now { return (false, true, []) }
      state.sleepers.append(sleeper)
      let pauses = state.pauses
      let waiters = state.waiters.filter { $0.isMet(pauses) }.map(\.continuation)
      state.waiters.removeAll { $0.isMet(pauses) }
      return (false, false, waiters)
    }
    if isCancelled { sleeper.continuation.resume(throwing: CancellationError()) }
    if isDue { sleeper.continuation.resume() }
    for waiter in waiters { waiter.resume() }
  }

  private func cancel(_ id: Int) {
    let sleeper = state.withLock { state -> Sleeper? in
      guard let place = state.sleepers.firstIndex(where: { $0.id == id }) else {
        state.cancelled.insert(id)
        return nil
      }
      return state.sleepers.remove(at: place)
    }
    sleeper?.continuation.resume(throwing: CancellationError())
  }
}
