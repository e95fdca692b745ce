import AgentGraph
import Synchronization

/// Decides when a thread is due for pruning: after so many saves of it, whatever the clock says.
final class BackgroundRetention: Sendable {
  /// So many threads are counted at a time; then counting starts anew.
  private static let threadsMax = 8_192

  let policy: RetentionPolicy
  /// So many saves of a thread make it due: few enough that little is kept in vain, and so many that looking through
  /// what is kept costs little for each.
  let savesMax: Int
  private let saves = Mutex<[[UInt8]: Int]>([:])

  init(policy: RetentionPolicy) {
    self.policy = policy
    savesMax = min(max((policy.last ?? 0) / 2, 32), 512)
  }

  /// Counts saves; returns the threads that are due now.
  func note(_ writes: [CheckpointWrite]) -> Set<[UInt8]> {
    var due: Set<[UInt8]> = []
    saves.withLock { saves in
      if saves.count > Self.threadsMax { saves = [:] }
      for case .checkpoint(let record) in writes {
        let thread = Array(record.thread.utf8)
        // Begins anywhere, so that threads of short-lived processes have their turn, too.
        let count = (saves[thread] ?? Int(record.id.time % UInt64(savesMax))) + 1
        saves[thread] = count % savesMax
        if count >= savesMax { due.insert(thread) }
      }
    }
    return due
  }
}
