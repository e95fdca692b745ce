/// What a step of pruning threads removed, and where the next one begins.
public struct PrunedThreads: Sendable, Hashable {
  /// The names of the threads that went (`ThreadKey.name`).
  public var removed: [String]
  /// The place of the last thread that was looked at; nil where no thread comes behind it.
  public var next: Int64?

  /// Makes an account.
  public init(removed: [String] = [], next: Int64? = nil) {
    self.removed = removed
    self.next = next
  }

  /// So many threads a step looks at; what is asked beyond becomes the nearest within.
  public static let lookedAt = 1...1000
}
