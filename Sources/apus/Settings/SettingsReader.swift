import AgentRuntime
import Configuration

/// Reads variables and notes all that is wrong with them.
struct SettingsReader {
  /// Why a text is not a value.
  struct Problem: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  /// Faults in the order in which they were found.
  private(set) var faults: [SettingFault]
  /// What the operator should know, though it stops nothing.
  private(set) var warnings: [String] = []
  private let variables: ConfigReader

  /// The environment wins over the file.
  init(environment: [String: String], file: EnvironmentFile) {
    let providers = [environment, file.values].map { values in
      EnvironmentVariablesProvider(
        environmentVariables: values, secretsSpecifier: .dynamic { name, _ in Self.isSecret(name) })
    }
    variables = ConfigReader(providers: providers)
    faults = file.faults
  }

  /// A variable's text without blanks around it; nil where it is not set, or empty.
  func text(_ name: String) -> String? {
    let text = variables.string(forKey: ConfigKey([name]), isSecret: Self.isSecret(name))
    guard let text = text?.trimmed, !text.isEmpty else { return nil }
    return text
  }

  /// The value that `parse` makes of a variable's text; `fallback` where it is not set or faulty.
  mutating func value<Value>(
    _ name: String, or fallback: Value, allowed: String, _ parse: (String) throws(Problem) -> Value
  ) -> Value {
    guard let text = text(name) else { return fallback }
    do {
      return try parse(text)
    } catch {
      let shown = Self.isShown(name, text) ? text.quoted + " " : ""
      fault(name, shown + error.text, allowed: allowed)
      return fallback
    }
  }

  /// Notes a fault.
  mutating func fault(_ name: String, _ problem: String, allowed: String) {
    faults.append(SettingFault(name: name, problem: problem, allowed: allowed))
  }

  /// Notes a warning.
  mutating func warn(_ text: String) { warnings.append(text) }

  private static func isSecret(_ name: String) -> Bool {
    name.hasSuffix("_TOKEN") || name.hasSuffix("_API_KEY")
  }

  /// URLs may hold a password, whatever they are for, and a key in their query.
  private static func isShown(_ name: String, _ text: String) -> Bool {
    !isSecret(name) && !text.contains { $0 == "@" || $0 == "?" }
  }
}

extension SettingsReader {
  /// A whole number within a range.
  mutating func integer(_ name: String, or fallback: Int, in range: ClosedRange<Int>) -> Int {
    let allowed = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return value(name, or: fallback, allowed: allowed) { text throws(Problem) in
      guard let number = Int(text) else { throw Problem("is not a whole number") }
      guard range.contains(number) else { throw Problem("is out of range") }
      return number
    }
  }

  /// True or false.
  mutating func boolean(_ name: String, or fallback: Bool = false) -> Bool {
    value(name, or: fallback, allowed: "true, false, 1, 0, yes, no") { text throws(Problem) in
      switch text.lowercased() {
      case "true", "1", "yes": true
      case "false", "0", "no": false
      default: throw Problem("is neither true nor false")
      }
    }
  }

  /// Seconds, above 0 and up to a day.
  mutating func seconds(_ name: String, or fallback: Duration) -> Duration {
    value(name, or: fallback, allowed: "seconds, above 0 and up to 86400, such as 60 or 0.5") { text throws(Problem) in
      guard let number = Self.decimal(text[...]) else { throw Problem("is not a number of seconds") }
      guard number >= 0.001, number <= 86_400 else { throw Problem("is out of range") }
      return .seconds(number)
    }
  }

  /// A number of digits with at most one point. Double alone reads "nan", "inf" and hexadecimal numbers, too.
  private static func decimal(_ text: Substring) -> Double? {
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    return isPlain ? Double(text) : nil
  }

  /// One of the names, in any case; `fallback` is one of the values.
  mutating func choice<Value>(_ name: String, or fallback: Value, of choices: [(name: String, value: Value)]) -> Value {
    let allowed = choices.map(\.name).joined(separator: ", ")
    return value(name, or: fallback, allowed: allowed) { text throws(Problem) in
      let found = choices.first { $0.name.lowercased() == text.lowercased() }
      guard let found else { throw Problem("is not known") }
      return found.value
    }
  }

  /// Days, as `30`, `30d` or `0.5`; nil for `off`.
  mutating func days(_ name: String, or fallback: Duration?) -> Duration? {
    let allowed = "off, or days, above 0 and up to 36500, such as 30, 30d or 0.5"
    return value(name, or: fallback, allowed: allowed) { text throws(Problem) in
      if text.lowercased() == "off" { return nil }
      let digits = text.lowercased().hasSuffix("d") ? text.dropLast() : text[...]
      guard let number = Self.decimal(digits) else { throw Problem("is not a number of days") }
      guard number >= 0.00001, number <= 36_500 else { throw Problem("is out of range") }
      return .seconds(number * 86_400)
    }
  }

  /// Requests in a time, as `60` (a minute), `10/s`, `600/m` or `5000/h`; nil for `off`.
  mutating func rateLimit(_ name: String) -> RateLimit? {
    let allowed = "off, or requests from 1 to \(RateLimit.countMax), such as 60 (a minute), 10/s, 600/m or 5000/h"
    return value(name, or: nil, allowed: allowed) { text throws(Problem) in
      if text.lowercased() == "off" { return nil }
      let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(\.trimmed)
      guard parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(parts[0]) else {
        throw Problem("is not a number of requests")
      }
      let period: RateLimit.Period? =
        switch parts.dropFirst().first?.lowercased() {
        case nil, "m": .minute
        case "s": .second
        case "h": .hour
        default: nil
        }
      guard let period else { throw Problem("has an unknown unit of time") }
      guard let limit = RateLimit(count, per: period) else { throw Problem("is out of range") }
      return limit
    }
  }
}
