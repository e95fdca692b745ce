extension JSONValue {
  /// A text for messages, cut to a bounded length: a scalar as JSON, of an array or object what it is.
  var brief: String {
    switch self {
    case .null, .bool, .integer, .double: encodedText
    case .number(let number): Self.cut(number.literal)
    case .string(let text): JSONValue.string(Self.cut(text)).encodedText
    case .array(let elements): elements.isEmpty ? "[]" : "an array of \(elements.count)"
    case .object(let object): object.isEmpty ? "{}" : "an object of \(object.count)"
    }
  }

  private static func cut(_ text: String) -> String {
    guard text.utf8.count > 80 else { return text }
    return String(text.unicodeScalars.prefix(60)) + "…"
  }

  /// What comparing or hashing the value costs, counted in scalars, and more for long ones.
  var comparisonCost: Int {
    switch self {
    case .null, .bool, .integer, .double: 1
    case .number(let number): 1 + number.literal.utf8.count / 4
    case .string(let text): 1 + text.utf8.count / 64
    case .array(let elements): elements.reduce(1) { $0 + $1.comparisonCost }
    case .object(let object): object.reduce(1) { $0 + 1 + $1.key.utf8.count / 64 + $1.value.comparisonCost }
    }
  }
}
