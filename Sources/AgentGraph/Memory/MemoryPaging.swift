/// Decides which of the matches, asked in their order, make a page; the same for all stores.
public struct MemoryPaging: Sendable {
  /// What to do with a match.
  public enum Verdict: Sendable {
    /// It comes before the page.
    case skip
    /// It belongs to the page.
    case take
    /// The page is full; this one starts the next.
    case stop
  }

  private var toSkip: Int
  private let offset: Int
  private let limit: Int
  private let bytesMax: Int
  private var taken = 0
  private var bytes = 0

  /// A page of at most `limit` matches and `bytesMax` bytes, but of one match if there is any.
  public init(limit: Int, offset: Int, bytesMax: Int = .max) {
    self.toSkip = offset
    self.offset = offset
    self.limit = limit
    self.bytesMax = bytesMax
  }

  /// Whether the next match is skipped, so that its size need not be known.
  public var skipsNext: Bool { toSkip > 0 }

  /// Where the next page starts.
  public var nextOffset: Int { offset + taken }

  /// Decides about a match of that size.
  public mutating func next(bytes size: Int) -> Verdict {
    if toSkip > 0 {
      toSkip -= 1
      return .skip
    }
    guard taken < limit, taken == 0 || size <= bytesMax - bytes else { return .stop }
    taken += 1
    bytes = min(bytes, bytesMax - min(size, bytesMax)) + min(size, bytesMax)
    return .take
  }
}
