/// Dates and times by RFC 3339.
extension FormatScanner {
  mutating func date() -> Bool {
    guard let year = digits(4), take("-"), let month = digits(2), take("-"), let day = digits(2) else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...12).contains(month) && day >= 1 && day <= days[month - 1]
  }

  mutating func time() -> Bool {
    guard let hour = digits(2), take(":"), let minute = digits(2), take(":"), let second = digits(2) else {
      return false
    }
    if take("."), takeDigits() == 0 { return false }
    guard let offset = offsetMinutes(), hour < 24, minute < 60, second <= 60 else { return false }
    // Leap seconds come at the end of a day in UTC.
    return second < 60 || (hour * 60 + minute - offset + 1440) % 1440 == 1439
  }

  private mutating func offsetMinutes() -> Int? {
    if takeLetter("z") { return 0 }
    let isMinus = take("-")
    guard isMinus || take("+"), let hours = digits(2), take(":"), let minutes = digits(2) else { return nil }
    guard hours < 24, minutes < 60 else { return nil }
    return (hours * 60 + minutes) * (isMinus ? -1 : 1)
  }

  /// Takes a duration by appendix A of RFC 3339: weeks alone, or units without a gap between them.
  mutating func duration() -> Bool {
    guard take("P") else { return false }
    if takeDigits() > 0 {
      if take("W") { return isAtEnd }
      guard takeUnits(["Y", "M", "D"]) else { return false }
      if isAtEnd { return true }
    }
    guard take("T"), takeDigits() > 0 else { return false }
    return takeUnits(["H", "M", "S"])
  }

  /// Takes units in their order, each but the first after its digits.
  private mutating func takeUnits(_ units: [UnicodeScalar]) -> Bool {
    guard let first = units.firstIndex(where: { UInt32(peek ?? 0) == $0.value }) else { return false }
    for (index, unit) in units[first...].enumerated() {
      if index > 0 {
        guard let byte = peek, Self.isDigit(byte) else { return true }
        _ = takeDigits()
      }
      guard take(unit) else { return false }
    }
    return true
  }
}
