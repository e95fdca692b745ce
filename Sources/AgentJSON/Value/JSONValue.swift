/// A JSON document, or a part of one, with object order and exact numbers kept.
///
/// `==` and `hash(into:)` follow the JSON data model: numbers compare by value (`1 == 1.0`), object order does not
/// matter, and strings compare code point by code point, not by Unicode equivalence as Swift's `String` does.
public enum JSONValue: Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number written without fraction or exponent that fits `Int`.
  case integer(Int)
  /// A number whose decimal value is that of the shortest text of this `Double`; NaN and infinities write as `null`.
  case double(Double)
  /// A number that neither `Int` nor `Double` keeps, as its literal.
  case number(JSONNumber)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object.
  case object(JSONObject)
}

extension JSONValue {
  /// Whether this is `null`.
  public var isNull: Bool {
    if case .null = self { true } else { false }
  }

  /// The boolean, or nil for another type.
  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The integer, also of a number such as `1.0` or `1e2` with an integral value that fits `Int`; else nil.
  public var intValue: Int? {
    switch self {
    case .integer(let value): value
    case .double(let value): JSONDecimal.integer(value)
    case .number(let value): value.intValue
    default: nil
    }
  }

  /// The nearest `Double` of any number; nil for another type and for a number beyond the range of `Double`.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .double(let value): value
    case .number(let value): value.doubleValue
    default: nil
    }
  }

  /// The string, or nil for another type.
  public var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The elements, or nil for another type.
  public var arrayValue: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The object, or nil for another type.
  public var objectValue: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The member's value; nil if there is no such member or this is no object.
  public subscript(_ key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  /// JSON Schema's name of the type: null, boolean, integer, number, string, array or object.
  ///
  /// A number with an integral value, such as `1.0`, is an integer.
  public var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer: "integer"
    case .double, .number: isIntegral ? "integer" : "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }

  /// Whether this is a number.
  public var isNumber: Bool {
    switch self {
    case .integer, .double, .number: true
    default: false
    }
  }

  /// Whether this is a number with an integral value, of any size.
  public var isIntegral: Bool {
    switch self {
    case .integer: true
    case .double(let value): JSONDecimal.isIntegral(value)
    case .number(let value): value.decimal?.isIntegral ?? false
    default: false
    }
  }
}

extension JSONValue: CustomStringConvertible {
  /// The compact JSON text.
  public var description: String { encodedText }
}

extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  /// A boolean.
  public init(booleanLiteral value: Bool) { self = .bool(value) }

  /// An integer.
  public init(integerLiteral value: Int) { self = .integer(value) }

  /// A double.
  public init(floatLiteral value: Double) { self = .double(value) }
}

extension JSONValue: ExpressibleByStringInterpolation {
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  /// An array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  /// An object in the order written; of a repeated key the last value counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}
