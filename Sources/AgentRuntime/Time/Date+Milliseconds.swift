import FoundationEssentials

extension Date {
  /// Milliseconds since 1970: as exact as stores keep times.
  var milliseconds: Int { Int((timeIntervalSince1970 * 1000).rounded()) }

  /// The time so many milliseconds after 1970.
  init(milliseconds: Int) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
