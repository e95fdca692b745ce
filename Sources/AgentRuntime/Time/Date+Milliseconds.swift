import FoundationEssentials

extension Date {
  /// Milliseconds since 1970: as exact as stores keep times.
  var milliseconds: Int { Int((timeIntervalSince1970 * 1000).rounded()) }

  /// Microseconds since 1970, as checkpoints count; 0 for what was before.
  var microseconds: UInt64 {
    UInt64(min(max(0, timeIntervalSince1970 * 1_000_000).rounded(), 9e18))
  }

  /// The time so many milliseconds after 1970.
  init(milliseconds: Int) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
