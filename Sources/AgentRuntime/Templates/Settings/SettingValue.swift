public import AgentJSON

/// How a platform's form shows a setting (contract §3).
public enum SettingKind: String, Sendable, Hashable {
  case checkbox, number, text, textarea, select, array
}

/// A Swift type that can be a setting. `Bool`, `Int`, `Double`, `String`, `[String]`, and enums that declare
/// `SettingChoice`, are.
public protocol SettingValue: Sendable {
  /// How a form shows it, unless a rule says otherwise.
  static var settingKind: SettingKind { get }
  /// The JSON Schema type.
  static var schemaType: String { get }
  /// What is allowed, for messages: "a whole number".
  static var expectation: String { get }
  /// The choices of a select, with their labels.
  static var choices: [SettingOption] { get }
  /// Reads a JSON value; nil where the type is wrong.
  static func read(_ json: JSONValue) -> Self?
  /// The value as JSON.
  var settingJSON: JSONValue { get }
}

/// One choice of a select.
public struct SettingOption: Sendable, Hashable {
  /// The value on the wire.
  public var value: String
  /// What a form shows.
  public var label: String

  /// Makes a choice.
  public init(value: String, label: String) {
    self.value = value
    self.label = label
  }
}

extension SettingValue {
  /// No choices: not a select.
  public static var choices: [SettingOption] { [] }
}

extension Bool: SettingValue {
  /// A checkbox.
  public static var settingKind: SettingKind { .checkbox }
  /// `boolean`.
  public static var schemaType: String { "boolean" }
  /// For messages.
  public static var expectation: String { "true or false" }
  /// A JSON boolean.
  public static func read(_ json: JSONValue) -> Bool? { json.boolValue }
  /// The value as JSON.
  public var settingJSON: JSONValue { .bool(self) }
}

extension Int: SettingValue {
  /// A number.
  public static var settingKind: SettingKind { .number }
  /// `integer`.
  public static var schemaType: String { "integer" }
  /// For messages.
  public static var expectation: String { "a whole number" }
  /// A JSON number without a fraction.
  public static func read(_ json: JSONValue) -> Int? { json.intValue }
  /// The value as JSON.
  public var settingJSON: JSONValue { .integer(self) }
}

extension Double: SettingValue {
  /// A number.
  public static var settingKind: SettingKind { .number }
  /// `number`.
  public static var schemaType: String { "number" }
  /// For messages.
  public static var expectation: String { "a number" }
  /// Any JSON number that fits.
  public static func read(_ json: JSONValue) -> Double? { json.doubleValue }
  /// The value as JSON: whole numbers without a fraction.
  public var settingJSON: JSONValue { Int(exactly: self).map { .integer($0) } ?? .double(self) }
}

extension String: SettingValue {
  /// A line of text.
  public static var settingKind: SettingKind { .text }
  /// `string`.
  public static var schemaType: String { "string" }
  /// For messages.
  public static var expectation: String { "a string" }
  /// A JSON string.
  public static func read(_ json: JSONValue) -> String? { json.stringValue }
  /// The value as JSON.
  public var settingJSON: JSONValue { .string(self) }
}

extension [String]: SettingValue {
  /// A list.
  public static var settingKind: SettingKind { .array }
  /// `array`.
  public static var schemaType: String { "array" }
  /// For messages.
  public static var expectation: String { "an array of strings" }
  /// A JSON array that holds strings alone.
  public static func read(_ json: JSONValue) -> [String]? {
    guard let array = json.arrayValue else { return nil }
    let texts = array.compactMap(\.stringValue)
    return texts.count == array.count ? texts : nil
  }
  /// The value as JSON.
  public var settingJSON: JSONValue { .array(map { .string($0) }) }
}

/// An enum of strings that is a select: `enum Format: String, SettingChoice { case json, text }`.
public protocol SettingChoice: SettingValue, RawRepresentable, CaseIterable where RawValue == String {
  /// What a form shows for the case.
  var label: String { get }
}

extension SettingChoice {
  /// A select.
  public static var settingKind: SettingKind { .select }
  /// `string`.
  public static var schemaType: String { "string" }
  /// For messages: the choices.
  public static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
  /// The cases.
  public static var choices: [SettingOption] {
    allCases.map { SettingOption(value: $0.rawValue, label: $0.label) }
  }
  /// The case of that name.
  public static func read(_ json: JSONValue) -> Self? { json.stringValue.flatMap(Self.init(rawValue:)) }
  /// The case's name.
  public var settingJSON: JSONValue { .string(rawValue) }
  /// The case's name.
  public var label: String { rawValue }
}
