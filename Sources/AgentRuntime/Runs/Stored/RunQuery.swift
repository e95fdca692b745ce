public import FoundationEssentials

/// Which runs to list.
public struct RunQuery: Sendable, Hashable {
  /// Only runs of this agent.
  public var agentID: String?
  /// Only runs in this status.
  public var status: RunStatus?
  /// Only runs that come behind this place; nil begins with the newest.
  public var after: RunCursor?
  /// At most so many, of `RunStoreLimits.listed`.
  public let limit: Int

  /// Makes a query; a limit beyond 1...100 becomes the nearest within.
  public init(agentID: String? = nil, status: RunStatus? = nil, after: RunCursor? = nil, limit: Int = 20) {
    self.agentID = agentID
    self.status = status
    self.after = after
    self.limit = RunStoreLimits.nearest(limit, in: RunStoreLimits.listed)
  }
}

/// A run's place in lists: by the time of creation, to the millisecond, and among equals by the bytes of the id.
public struct RunCursor: Sendable, Hashable {
  /// When the run was made, UTC.
  public var createdAt: Date
  /// The run's id.
  public var id: String

  /// Makes a place; there need be no run at it.
  public init(createdAt: Date, id: String) {
    self.createdAt = createdAt
    self.id = id
  }

  /// Whether this place comes before the other in the order of creation.
  func precedes(_ other: RunCursor) -> Bool {
    let (own, others) = (createdAt.milliseconds, other.createdAt.milliseconds)
    return own == others ? id.utf8.lexicographicallyPrecedes(other.id.utf8) : own < others
  }
}

/// A page of runs, the newest first.
public struct RunPage: Sendable {
  /// The runs of the page.
  public var runs: [StoredRun]
  /// Where the next page begins; nil behind the last run.
  public var next: RunCursor?
  /// The runs that stand in this page and cannot be read: `corrupt`, each error naming its run.
  public var unreadable: [StoreError]

  /// Makes a page.
  public init(runs: [StoredRun], next: RunCursor?, unreadable: [StoreError] = []) {
    self.runs = runs
    self.next = next
    self.unreadable = unreadable
  }
}

extension StoredRun {
  /// Its place in lists.
  public var cursor: RunCursor { RunCursor(createdAt: createdAt, id: id) }
}
