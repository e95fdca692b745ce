import AgentJSON
import AgentRuntime
// Not FoundationEssentials: that knows no time zone but GMT.
import Foundation

/// `current_time`: tells the time in a time zone.
struct CurrentTimeTool: Tool {
  let now: @Sendable () -> Date

  let definition = ToolDefinition(
    name: "current_time",
    description: "Tells the current date, time and weekday; in UTC, or in the given time zone.",
    parameters: [
      "type": "object",
      "properties": [
        "time_zone": ["type": "string", "description": "An IANA time zone, such as Asia/Shanghai"]
      ],
      "additionalProperties": false,
    ])

  func call(_ arguments: JSONObject, _ context: ToolContext) async throws -> ToolOutput {
    let name = arguments["time_zone"]?.stringValue ?? "UTC"
    // Only names of the list: the initialiser takes more, such as "GMT+99" for an offset of its own making.
    guard Self.isKnown(name), let zone = TimeZone(identifier: name) else {
      throw ToolError("'\(name.prefix(80))' is not an IANA time zone such as Europe/Berlin, Asia/Shanghai or UTC")
    }
    let time = now()
    let offset = zone.secondsFromGMT(for: time)
    let seconds = Int(time.timeIntervalSince1970.rounded(.down))
    let local = LocalTime(unixSeconds: seconds, offset: offset)
    return ToolOutput(
      JSONValue.object([
        "time": .string(local.text), "weekday": .string(local.weekday), "time_zone": .string(name),
        "unix_seconds": .integer(seconds),
      ]).encodedText)
  }

  private static func isKnown(_ name: String) -> Bool {
    name == "UTC" || name == "GMT" || TimeZone.knownTimeZoneIdentifiers.contains(name)
  }
}

/// A moment as a clock on the wall shows it.
struct LocalTime {
  private static let weekdays = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]

  /// ISO 8601 with the offset, `+00:00` for UTC.
  let text: String
  /// In English.
  let weekday: String

  init(unixSeconds: Int, offset: Int) {
    let seconds = unixSeconds + offset
    let day = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
    let rest = seconds - day * 86400
    weekday = Self.weekdays[((day % 7) + 7) % 7]
    let (year, month, dayOfMonth) = Self.date(day)
    let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { Self.padded($0, 2) }.joined(separator: ":")
    let sign = offset < 0 ? "-" : "+"
    let shift = "\(sign)\(Self.padded(abs(offset) / 3600, 2)):\(Self.padded(abs(offset) / 60 % 60, 2))"
    text = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(dayOfMonth, 2))T\(clock)\(shift)"
  }

  /// The civil date of a day since 1970, by eras of 400 years that begin in March: leap days come last.
  private static func date(_ day: Int) -> (Int, Int, Int) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let part = (5 * dayOfYear + 2) / 153
    let month = part < 10 ? part + 3 : part - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1)
  }

  private static func padded(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}
