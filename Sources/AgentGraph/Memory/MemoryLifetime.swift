/// The arithmetic of expiry, the same for all stores. Times are microseconds since 1970.
public enum MemoryLifetime: Sendable {
  /// The latest time; later ones are cut to it, so that any store can keep it as a signed integer.
  public static let timeMax = UInt64(Int64.max)

  /// A clock's time as stores use it.
  public static func time(_ now: UInt64) -> UInt64 { min(now, timeMax) }

  /// When something expires that is given so many microseconds now; nil: never.
  public static func end(from now: UInt64, timeToLive: UInt64?) -> UInt64? {
    timeToLive.map { time(now) + min($0, timeMax - time(now)) }
  }

  /// Whether something that expires then is still there; from the moment of its end on, it is not.
  public static func isLive(until end: UInt64?, at now: UInt64) -> Bool {
    guard let end else { return true }
    return end > now
  }
}
