import AgentRuntime
import Dispatch
import GRDB
import Synchronization

/// Reads on a few threads of their own, first come first served: a read may wait for the disk, which must not hold
/// up the cooperative pool, and there are never more threads than connections.
final class ReadLanes: Sendable {
  private typealias Job = @Sendable () -> Void

  private struct State {
    var waiting: [Job] = []
    var next = 0
    var active = 0
    var isClosed = false
    var closing: [CheckedContinuation<Void, Never>] = []

    mutating func take() -> Job? {
      guard next < waiting.count else {
        waiting.removeAll(keepingCapacity: true)
        next = 0
        return nil
      }
      next += 1
      return waiting[next - 1]
    }
  }

  private let pool: DatabasePool
  private let lanesMax: Int
  private let waitingMax: Int
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "apus.sqlite.readers", attributes: .concurrent)

  init(pool: DatabasePool, lanesMax: Int, waitingMax: Int) {
    self.pool = pool
    self.lanesMax = lanesMax
    self.waitingMax = waitingMax
  }

  /// Reads in one snapshot of the database.
  func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
    try await run { pool in try pool.read(body) }
  }

  /// Reads by one statement, which needs no transaction around it.
  func readOne<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
    try await run { pool in try pool.unsafeRead(body) }
  }

  /// Takes no more reads, and returns when those that wait are answered. The pool must not be closed before: its
  /// `close` lets go of connections without regard to a read that is just about to take one.
  func close() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        state.isClosed = true
        if state.active > 0 { state.closing.append(continuation) }
        return state.active == 0
      }
      if isIdle { continuation.resume() }
    }
  }

  private func run<T: Sendable>(_ body: @escaping @Sendable (DatabasePool) throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      let refusal = submit { [pool] in
        do {
          continuation.resume(returning: try body(pool))
        } catch {
          continuation.resume(throwing: StoreError(error, writing: false))
        }
      }
      if let refusal { continuation.resume(throwing: refusal) }
    }
  }

  private func submit(_ job: @escaping Job) -> StoreError? {
    let (refusal, starts): (StoreError?, Bool) = state.withLock { state in
      if state.isClosed { return (.closed, false) }
      if state.waiting.count - state.next >= waitingMax { return (overload, false) }
      state.waiting.append(job)
      guard state.active < lanesMax else { return (nil, false) }
      state.active += 1
      return (nil, true)
    }
    if starts { queue.async { self.runLane() } }
    return refusal
  }

  private var overload: StoreError {
    StoreError(.unavailable, "\(waitingMax) reads wait for the database already; no more are taken.")
  }

  private func runLane() {
    while let job = nextJob() { job() }
    let closing = state.withLock { state in
      guard state.active == 0, state.isClosed else { return [CheckedContinuation<Void, Never>]() }
      defer { state.closing = [] }
      return state.closing
    }
    for continuation in closing { continuation.resume() }
  }

  private func nextJob() -> Job? {
    state.withLock { state in
      if let job = state.take() { return job }
      state.active -= 1
      return nil
    }
  }
}
