/// What a step of pruning runs removed.
public struct PrunedRuns: Sendable, Hashable {
  /// How many runs went.
  public var count: Int
  /// The names of the threads that went: those of the runs, and of a run that has more of them than one step removes.
  public var threads: [String]

  /// Makes an account.
  public init(count: Int = 0, threads: [String] = []) {
    self.count = count
    self.threads = threads
  }

  /// Whether there was nothing to remove.
  public var isEmpty: Bool { count == 0 && threads.isEmpty }
}
