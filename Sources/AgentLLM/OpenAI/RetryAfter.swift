/// When an upstream asks to come again (RFC 9110 §10.2.3, and OpenAI's `retry-after-ms`).
enum RetryAfter {
  /// Longer waits are no advice that anybody could follow, and would overflow sums.
  private static let secondsMax = 31_536_000

  /// Reads both headers, milliseconds first; `unixNow` is in seconds. Nil where neither says anything of use.
  static func parse(milliseconds: String?, value: String?, unixNow: Int) -> Duration? {
    if let text = milliseconds, let number = Double(text), number >= 0, number <= Double(secondsMax) * 1000 {
      return .milliseconds(Int(number.rounded(.up)))
    }
    guard let value else { return nil }
    if let number = Double(value) {
      return number >= 0 && number <= Double(secondsMax) ? .milliseconds(Int((number * 1000).rounded(.up))) : nil
    }
    guard let then = unixSeconds(httpDate: value), then - unixNow <= secondsMax else { return nil }
    return .seconds(max(0, then - unixNow))
  }

  /// Reads the one date format that may still be sent: `Sun, 06 Nov 1994 08:49:37 GMT`.
  static func unixSeconds(httpDate: String) -> Int? {
    let parts = httpDate.split(separator: " ", omittingEmptySubsequences: false)
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard parts.count == 6, parts[0].utf8.count == 4, parts[5] == "GMT",
      let day = digits(parts[1], 2, 1...31), let month = months.firstIndex(of: String(parts[2])),
      let year = digits(parts[3], 4, 1970...9999)
    else { return nil }
    let time = parts[4].split(separator: ":", omittingEmptySubsequences: false)
    guard time.count == 3, let hour = digits(time[0], 2, 0...23), let minute = digits(time[1], 2, 0...59),
      let second = digits(time[2], 2, 0...60)
    else { return nil }
    return days(year: year, month: month + 1, day: day) * 86_400 + hour * 3_600 + minute * 60 + second
  }

  private static func digits(_ text: Substring, _ count: Int, _ range: ClosedRange<Int>) -> Int? {
    guard text.utf8.count == count, let value = Int(text), range.contains(value) else { return nil }
    return value
  }

  /// Days since 1970-01-01, with years that begin in March so that the leap day comes last.
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
