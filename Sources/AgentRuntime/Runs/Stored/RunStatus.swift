/// How far a stored run is.
public enum RunStatus: String, Sendable, Hashable, CaseIterable {
  /// Is to be executed; nobody has begun.
  case queued
  /// Is executed, by whoever holds it.
  case running
  /// Has its answer.
  case completed
  /// Ended without one.
  case failed
  /// Was ended, for good.
  case cancelled

  /// Whether nothing follows.
  public var hasEnded: Bool { self == .completed || self == .failed || self == .cancelled }

  /// Whether it goes on without anybody's asking: a run of this status that nobody holds is to be taken over.
  public var isDue: Bool { self == .queued || self == .running }
}

/// Why a run was cancelled.
public enum RunReason: String, Sendable, Hashable, CaseIterable {
  /// A caller asked for it.
  case cancelled
  /// The caller went away.
  case disconnected
  /// The runtime shut down.
  case shutdown
  /// A newer turn of its thread took over.
  case superseded
  /// Its time was up.
  case timedOut = "timed_out"
}
