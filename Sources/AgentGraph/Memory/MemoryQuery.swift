/// Which items to find. They come ordered by namespace, then by key, both by their UTF-8 bytes.
public struct MemoryQuery: Sendable, Hashable {
  /// The namespace to look in, with all below it; nil: everywhere.
  public var prefix: MemoryNamespace?
  /// What all has to be true of the value.
  public var filters: [MemoryFilter]
  /// So many items at most; 1 through `MemoryLimits.limitMax`.
  public var limit: Int
  /// How many of the items that match to leave out first.
  public var offset: Int
  /// Whether the items found live on from now for as long as their last put gave them.
  public var refreshesTimeToLive: Bool

  /// A query; by default for the first ten items of all.
  public init(
    prefix: MemoryNamespace? = nil, filters: [MemoryFilter] = [], limit: Int = 10, offset: Int = 0,
    refreshesTimeToLive: Bool = false
  ) {
    self.prefix = prefix
    self.filters = filters
    self.limit = limit
    self.offset = offset
    self.refreshesTimeToLive = refreshesTimeToLive
  }
}
