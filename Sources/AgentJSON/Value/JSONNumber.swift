/// A number that neither `Int` nor `Double` keeps, as the literal it was written with; such as a 30-digit integer.
public struct JSONNumber: Sendable, CustomStringConvertible {
  /// The text, a number by RFC 8259.
  public let literal: String

  /// Nil if the text is no number by RFC 8259.
  public init?(_ literal: String) {
    let bytes = literal.utf8.span
    guard let end = try? JSONNumberScan(bytes, from: 0).end, end == bytes.count else { return nil }
    self.literal = literal
  }

  /// For the parser, which has checked the text.
  init(unchecked literal: String) { self.literal = literal }

  /// The value if it is integral and fits `Int`.
  public var intValue: Int? { decimal?.intValue }

  /// The nearest `Double`; nil if it is beyond the range of `Double`.
  public var doubleValue: Double? {
    guard let value = Double(literal), value.isFinite else { return nil }
    return value
  }

  /// The literal.
  public var description: String { literal }

  /// Nil if the exponent is too large to tell such numbers apart by value.
  var decimal: JSONDecimal? {
    let decimal = JSONDecimal(literal: literal)
    return decimal.isExact ? decimal : nil
  }
}

extension JSONNumber: Hashable {
  /// Whether both denote the same number: `1e2 == 100`.
  public static func == (lhs: JSONNumber, rhs: JSONNumber) -> Bool {
    if lhs.literal == rhs.literal { return true }
    guard let left = lhs.decimal, let right = rhs.decimal else { return false }
    return left == right
  }

  /// Hashes the number, not its literal.
  public func hash(into hasher: inout Hasher) {
    if let decimal { hasher.combine(decimal) } else { hasher.combine(literal) }
  }
}
