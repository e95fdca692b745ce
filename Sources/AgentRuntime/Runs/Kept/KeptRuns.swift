import Synchronization

/// The kept runs that this process executes, and the latest that have ended here, whose logs can be read yet.
final class KeptRuns: Sendable {
  private struct State {
    var underway: [String: KeptRun] = [:]
    /// The oldest first.
    var ended: [(run: KeptRun, bytes: Int)] = []
    var endedBytes = 0
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private static let endedMax = 64
  private static let endedBytesMax = 8 << 20
  private let state = Mutex(State())

  /// The run of this id that is under way.
  func underway(_ id: String) -> KeptRun? { state.withLock { $0.underway[id] } }

  /// The run of this id, also if it has ended lately.
  func run(_ id: String) -> KeptRun? {
    state.withLock { state in state.underway[id] ?? state.ended.last { $0.run.id.isSame(as: id) }?.run }
  }

  /// All that are under way.
  var all: [KeptRun] { state.withLock { Array($0.underway.values) } }

  /// Notes a run that begins. Returns whether there was none of its id.
  func add(_ run: KeptRun) -> Bool {
    state.withLock { state in
      guard state.underway[run.id] == nil else { return false }
      state.underway[run.id] = run
      state.ended.removeAll { ended in
        guard ended.run.id.isSame(as: run.id) else { return false }
        state.endedBytes -= ended.bytes
        return true
      }
      return true
    }
  }

  /// Notes that it is not under way any more. It is remembered if it came to its end, and not if it is due still.
  func end(_ run: KeptRun) {
    let bytes = run.ledger.row.status.hasEnded && run.log.isOpen ? run.memoryBytes : nil
    let waiters = state.withLock { state in
      state.underway[run.id] = nil
      if let bytes {
        state.ended.append((run, bytes))
        state.endedBytes += bytes
      }
      while state.ended.count > Self.endedMax || state.endedBytes > Self.endedBytesMax {
        state.endedBytes -= state.ended.removeFirst().bytes
      }
      guard state.underway.isEmpty else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when none is under way.
  func drained() async {
    await withCheckedContinuation { continuation in
      let isDrained = state.withLock { state in
        guard !state.underway.isEmpty else { return true }
        state.waiters.append(continuation)
        return false
      }
      if isDrained { continuation.resume() }
    }
  }
}
