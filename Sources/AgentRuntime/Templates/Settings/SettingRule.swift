import AgentJSON

/// What a setting's value must satisfy besides its type. Each rule is one check and one keyword of each schema, so
/// that what is described and what is enforced cannot differ.
public enum SettingRule: Sendable, Hashable {
  /// A number from the first to the second, both allowed.
  case range(ClosedRange<Double>)
  /// A list of so many items.
  case items(ClosedRange<Int>)
  /// A text (or each text of a list) of so many Unicode scalars.
  case length(ClosedRange<Int>)
  /// A text (or each text of a list) that is not white space alone.
  case notBlank
  /// A text that starts as a name of a programming language does, and goes on so.
  case identifier
  /// The default seldom fits: a configuration without the setting gets a warning.
  case advised
  /// The setting has no default and must be given.
  case required
  /// The form shows a text area.
  case multiline

  /// The fault of a value, or nil. The message tells what is allowed.
  func fault(of json: JSONValue) -> (message: String, type: String)? {
    switch self {
    case .range(let range):
      guard let number = json.doubleValue, !range.contains(number) else { return nil }
      return (
        "\(json.encodedText) is not from \(plain(range.lowerBound)) to \(plain(range.upperBound))", "out_of_range"
      )
    case .items(let range):
      guard let count = json.arrayValue?.count, !range.contains(count) else { return nil }
      return ("has \(count) items, not \(range.lowerBound) to \(range.upperBound)", "wrong_count")
    case .length(let range):
      guard let text = texts(json).first(where: { !range.contains($0.unicodeScalars.count) }) else { return nil }
      return (
        "has \(text.unicodeScalars.count) characters, not \(range.lowerBound) to \(range.upperBound)", "wrong_length"
      )
    case .notBlank:
      return texts(json).contains { !Self.isNotBlank($0) } ? ("must not be blank", "blank") : nil
    case .identifier:
      guard let text = texts(json).first(where: { !Self.isIdentifier($0) }) else { return nil }
      return ("'\(text.prefix(80))' is not an identifier (letters, digits and _, not starting with a digit)", "pattern")
    case .advised, .required, .multiline:
      return nil
    }
  }

  /// The rule as keywords of JSON Schema draft 2020-12, and whether they are about a list's items.
  var schemaKeywords: (keywords: JSONObject, ofTexts: Bool) {
    switch self {
    case .range(let range): (["minimum": number(range.lowerBound), "maximum": number(range.upperBound)], false)
    case .items(let range): (["minItems": .integer(range.lowerBound), "maxItems": .integer(range.upperBound)], false)
    case .length(let range): (["minLength": .integer(range.lowerBound), "maxLength": .integer(range.upperBound)], true)
    case .notBlank: (["pattern": "\\S"], true)
    case .identifier: (["pattern": "^[A-Za-z_][A-Za-z0-9_]*$"], true)
    case .advised, .required, .multiline: ([:], false)
    }
  }

  /// The rule as members of a form field's `validation` (contract §3).
  var formKeywords: JSONObject {
    switch self {
    case .range(let range): ["min": number(range.lowerBound), "max": number(range.upperBound)]
    default: schemaKeywords.keywords
    }
  }

  private func texts(_ json: JSONValue) -> [String] {
    if let text = json.stringValue { return [text] }
    return json.arrayValue?.compactMap(\.stringValue) ?? []
  }

  private func number(_ value: Double) -> JSONValue { value.settingJSON }
  private func plain(_ value: Double) -> String { value.settingJSON.encodedText }

  // What `\S` of ECMA-262 matches: anything but its white space and line ends.
  private static func isNotBlank(_ text: String) -> Bool {
    text.unicodeScalars.contains { scalar in
      switch scalar.value {
      case 0x09...0x0D, 0x20, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF: false
      default: true
      }
    }
  }

  private static func isIdentifier(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }
}
