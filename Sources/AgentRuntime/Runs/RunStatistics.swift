import Synchronization

/// How this process's runs went since its start (contract §5).
public final class RunStatistics: Sendable {
  /// The figures at one moment.
  public struct Figures: Sendable, Hashable {
    /// Runs that ended.
    public var total = 0
    /// Runs that failed.
    public var failed = 0
    /// The time of all of them.
    public var duration = Duration.zero

    /// Failed of all, 0..1.
    public var errorRate: Double { total == 0 ? 0 : Double(failed) / Double(total) }
    /// The mean time of a run.
    public var averageDuration: Duration { total == 0 ? .zero : duration / total }
  }

  private let state = Mutex(Figures())

  /// No runs yet.
  public init() {}

  /// The figures now.
  public var figures: Figures { state.withLock { $0 } }

  func finished(failed: Bool, duration: Duration) {
    state.withLock { figures in
      figures.total += 1
      figures.failed += failed ? 1 : 0
      figures.duration += duration
    }
  }
}
