#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A point in time as log lines show it: ISO 8601, UTC, with milliseconds.
struct LogTime: Sendable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  let milliseconds: Int

  /// The wall clock's time.
  static var now: LogTime {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return LogTime(milliseconds: Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000)
  }

  /// The 24 ASCII bytes of `2026-01-31T23:59:59.999Z`; valid for the years 0 through 9999.
  var bytes: [UInt8] {
    let (days, millisecond) = (floorDivided(milliseconds, 86_400_000), floorRemainder(milliseconds, 86_400_000))
    let (year, month, day) = Self.date(daysSinceEpoch: days)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24)
    append(year, digits: 4, separator: "-", to: &bytes)
    append(month, digits: 2, separator: "-", to: &bytes)
    append(day, digits: 2, separator: "T", to: &bytes)
    append(millisecond / 3_600_000, digits: 2, separator: ":", to: &bytes)
    append(millisecond / 60_000 % 60, digits: 2, separator: ":", to: &bytes)
    append(millisecond / 1000 % 60, digits: 2, separator: ".", to: &bytes)
    append(millisecond % 1000, digits: 3, separator: "Z", to: &bytes)
    return bytes
  }

  /// The Gregorian date, by counting in 400-year eras whose years begin in March.
  private static func date(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
    let days = daysSinceEpoch + 719_468
    let era = floorDivided(days, 146_097)
    let dayOfEra = floorRemainder(days, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private func append(_ number: Int, digits: Int, separator: Unicode.Scalar, to bytes: inout [UInt8]) {
    var rest = number
    let start = bytes.count
    for _ in 0..<digits {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    }
    bytes[start...].reverse()
    bytes.append(UInt8(ascii: separator))
  }
}

private func floorDivided(_ value: Int, _ divisor: Int) -> Int {
  (value >= 0 ? value : value - divisor + 1) / divisor
}

private func floorRemainder(_ value: Int, _ divisor: Int) -> Int {
  value - floorDivided(value, divisor) * divisor
}
