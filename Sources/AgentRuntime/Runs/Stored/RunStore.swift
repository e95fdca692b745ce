public import FoundationEssentials

/// Where runs are kept, by ids that are unique among all agents' runs.
///
/// As with the `RuntimeStore` that it belongs to, what a call has returned from is durable, every call is one
/// transaction, calls throw `StoreError`, and cancellation does not undo a write. A run goes with its agent: once that
/// is deleted, none of its runs is found, and their ids are free. A run that is damaged is `StoreError.corrupt`, which
/// names it, and none of the other runs' business.
///
/// Several processes may work on one store. Whoever executes a run holds a claim on it and renews that in time; a run
/// whose claim is over is found by `claimable`. Every write expects the revision that the writer knows, and raises it:
/// who has lost a run to another learns it from `StoreError.conflict(current:)` at the next write.
public protocol RunStore: Sendable {
  /// Stores a new run, with revision 1 whatever its own is. Throws `StoreError.exists` if the id is taken, `notFound` if
  /// its agent is not stored.
  func insert(_ run: StoredRun) async throws
  /// The run with this id.
  func run(_ id: String) async throws -> StoredRun?
  /// Stores how far a run came, and its claim, if its stored revision is `expecting`; what it was made with stays as it
  /// was inserted. Returns its revision now. Throws `StoreError.notFound` and `conflict(current:)`.
  @discardableResult
  func replace(_ run: StoredRun, expecting revision: Int) async throws -> Int
  /// A page of runs, the newest first. Runs that are made meanwhile neither repeat one on a later page nor hide one.
  func list(_ query: RunQuery) async throws -> RunPage
  /// The runs that are due (`RunStatus.isDue`) and that nobody holds at this time, the oldest first, at most `limit` of
  /// 1...100.
  func claimable(at now: Date, limit: Int) async throws -> [ClaimableRun]
  /// Takes a run for `holder` until that time, or longer for who holds it, if its stored revision is `expecting`; all
  /// else stays. That the last claim is over is for the caller to know, as from `claimable`. Returns its revision now.
  /// Throws `StoreError.notFound` and `conflict(current:)`.
  @discardableResult
  func claim(_ id: String, by holder: String, until: Date, expecting revision: Int) async throws -> Int
  /// Ends all claims on runs that are due, for the start of a process that alone can have the store open: whoever held one is gone. Raises
  /// the revisions of the runs that it changes.
  func releaseClaims() async throws
  /// Removes runs whose retention (`StoredRun.retainedFrom`) counts from before that time, the oldest first, at most
  /// `limit` of 1...1000, and with each its own threads (`StoredRun.threadName`): no run is left without its thread, nor
  /// a thread without its run. The transaction is small, and who wants more gone calls again until nothing went.
  func prune(endedBefore time: Date, limit: Int) async throws -> PrunedRuns
}

/// Bounds that hold for every store of runs; what is asked beyond them becomes the nearest within.
public enum RunStoreLimits: Sendable {
  /// So many runs are on a page.
  public static let listed = 1...100
  /// So many runs `claimable` looks for at a time.
  public static let claimable = 1...100
  /// So many runs `prune` removes at a time.
  public static let pruned = 1...1000
  /// Beyond about so many bytes of JSON a store may end a page before its limit.
  public static let pageBytesMax = 8 << 20

  /// The number nearest to `limit` within bounds.
  public static func nearest(_ limit: Int, in bounds: ClosedRange<Int>) -> Int {
    min(max(limit, bounds.lowerBound), bounds.upperBound)
  }
}
