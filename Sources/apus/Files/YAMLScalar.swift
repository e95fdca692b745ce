import AgentJSON

/// What a scalar means by YAML 1.2's core schema (section 10.3.2).
struct YAMLScalar {
  /// Why a scalar has no JSON value.
  struct Problem: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  /// Without quotes, and with escapes resolved.
  let text: String
  /// The tag's full name, or nothing.
  let tag: String
  /// Whether it stands without quotes and is no block of text.
  let isPlain: Bool

  private static let prefix = "tag:yaml.org,2002:"

  /// The value; text that means nothing else is a string. Throws where JSON has no such value.
  var json: JSONValue {
    get throws(Problem) {
      switch tag {
      case "": return isPlain ? try resolved : .string(text)
      case "!", Self.prefix + "str": return .string(text)
      case Self.prefix + "null", Self.prefix + "bool", Self.prefix + "int", Self.prefix + "float":
        return try checked(String(tag.dropFirst(Self.prefix.count)))
      default: throw Problem("the tag \(tag.quoted) is not known here; leave it out")
      }
    }
  }

  private func checked(_ type: String) throws(Problem) -> JSONValue {
    let value = try resolved
    let isRight =
      switch type {
      case "null": value.isNull
      case "bool": value.boolValue != nil
      case "int": value.intValue != nil
      default: value.isNumber
      }
    guard isRight else { throw Problem("\(text.quoted) is not what its tag !!\(type) says") }
    return value
  }

  private var resolved: JSONValue {
    get throws(Problem) {
      switch text {
      case "", "~", "null", "Null", "NULL": return .null
      case "true", "True", "TRUE": return .bool(true)
      case "false", "False", "FALSE": return .bool(false)
      case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
        throw Problem("\(text) is no number that can be used here")
      default: return try number ?? .string(text)
      }
    }
  }

  private var number: JSONValue? {
    get throws(Problem) {
      for (mark, radix) in [("0o", 8), ("0x", 16)] where text.hasPrefix(mark) {
        let digits = text.dropFirst(2)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ Self.isDigit($0, radix) }) else { return nil }
        guard let value = Int(digits, radix: radix) else { throw Problem("\(text.quoted) is too large a number") }
        return .integer(value)
      }
      guard let isInteger = Self.isInteger(text) else { return nil }
      if isInteger, let value = Int(text) { return .integer(value) }
      guard let value = Double(text), value.isFinite else { throw Problem("\(text.quoted) is too large a number") }
      return .double(value)
    }
  }

  private static func isDigit(_ byte: UInt8, _ radix: Int) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "7"): true
    case UInt8(ascii: "8"), UInt8(ascii: "9"): radix >= 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): radix == 16
    default: false
    }
  }

  /// Whether a decimal number is an integer; nil where the text is none: `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? )
  /// ( [eE] [-+]? [0-9]+ )?`.
  private static func isInteger(_ text: String) -> Bool? {
    var rest = text.utf8[...]
    func digits() -> Int {
      let count = rest.prefix { isDigit($0, 10) }.count
      rest = rest.dropFirst(count)
      return count
    }
    func take(_ marks: String) -> Bool {
      guard let first = rest.first, marks.utf8.contains(first) else { return false }
      rest = rest.dropFirst()
      return true
    }
    _ = take("+-")
    let whole = digits()
    let hasPoint = take(".")
    let fraction = hasPoint ? digits() : 0
    guard whole + fraction > 0 else { return nil }
    let hasExponent = take("eE")
    if hasExponent {
      _ = take("+-")
      guard digits() > 0 else { return nil }
    }
    return rest.isEmpty ? !hasPoint && !hasExponent : nil
  }
}
