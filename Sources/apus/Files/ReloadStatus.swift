import FoundationEssentials
import Synchronization

/// What of the configuration could not be reloaded last; for health.
final class ReloadStatus: Sendable {
  /// A reload that failed: what was in force before still is.
  struct Failure: Sendable, Hashable {
    /// What was to be reloaded, such as `MODELS_FILE`.
    var name: String
    /// Why not, in one or more lines.
    var problem: String
    /// When, UTC.
    var time: Date
  }

  private let state = Mutex<[Failure]>([])

  /// The last failure of each name that has not been reloaded since, the oldest first.
  var failures: [Failure] { state.withLock { $0 } }

  /// Notes what came of a reload; a nil problem is a success, and clears the failure there was.
  func note(_ name: String, problem: String?, time: Date) {
    state.withLock { failures in
      failures.removeAll { $0.name == name }
      if let problem { failures.append(Failure(name: name, problem: problem, time: time)) }
    }
  }
}
