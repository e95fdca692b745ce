public import FoundationEssentials

/// Who executes a run, and until when nobody else may.
public struct RunClaim: Sendable, Hashable {
  /// The process, by an id that no two of them share, not one after a restart either.
  public var holder: String
  /// When the lease is over, UTC: from then on others may take the run over.
  public var until: Date

  /// Makes a claim.
  public init(holder: String, until: Date) {
    self.holder = holder
    self.until = until
  }

  /// Whether others may take the run over at this time.
  public func isOver(at now: Date) -> Bool { until.milliseconds <= now.milliseconds }
}

/// A run that is to be executed and that nobody holds: what it takes to claim it.
public struct ClaimableRun: Sendable, Hashable {
  /// The run's id.
  public var id: String
  /// Its agent.
  public var agentID: String
  /// The revision that `claim` has to expect, so that only one of several takes the run.
  public var revision: Int

  /// Makes one.
  public init(id: String, agentID: String, revision: Int) {
    self.id = id
    self.agentID = agentID
    self.revision = revision
  }
}
