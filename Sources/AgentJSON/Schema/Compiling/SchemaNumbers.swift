/// `minimum`, `maximum` and their exclusive forms.
struct SchemaBound: Sendable {
  let limit: JSONValue
  let isUpper: Bool
  let isExclusive: Bool

  func allows(_ value: JSONValue) -> Bool {
    if value == limit { return !isExclusive }
    return value.isSmallerNumber(than: limit) == isUpper
  }

  var allowed: String {
    let relation = isExclusive ? (isUpper ? "less than" : "more than") : isUpper ? "at most" : "at least"
    return "\(relation) \(limit.brief)"
  }
}

/// `minLength`, `maxItems` and the like.
struct SchemaSize: Sendable {
  enum Unit: String {
    case characters, elements, members
  }

  let unit: Unit
  let limit: Int
  let isUpper: Bool

  func allows(_ size: Int) -> Bool { isUpper ? size <= limit : size >= limit }

  /// The size of a value of the type it is about, else nil.
  func measure(_ value: JSONValue) -> Int? {
    switch (unit, value) {
    case (.characters, .string(let text)): text.unicodeScalars.count
    case (.elements, .array(let elements)): elements.count
    case (.members, .object(let object)): object.count
    default: nil
    }
  }
}

/// The divisor of `multipleOf`: mantissa × 10^scale, exact.
struct SchemaDivisor: Sendable {
  static let digitsMax = 19

  let literal: String
  private let mantissa: UInt64
  private let scale: Int

  /// Nil unless it is positive with at most `digitsMax` significant digits.
  init?(_ value: JSONValue) {
    guard let decimal = value.decimal, !decimal.isNegative, !decimal.digits.isEmpty,
      decimal.digits.count <= Self.digitsMax
    else { return nil }
    literal = value.brief
    mantissa = decimal.digits.reduce(0) { $0 * 10 + UInt64($1) }
    scale = decimal.exponent - decimal.digits.count
  }

  func divides(_ value: JSONDecimal) -> Bool {
    guard !value.digits.isEmpty else { return true }
    // No overflow: the exponents of numbers are bounded far below Int's range.
    let shift = value.exponent - value.digits.count - scale
    // The last digit is not 0, so that ten divides the number no further.
    guard shift >= 0 else { return false }
    var remainder: UInt64 = 0
    for digit in value.digits {
      remainder = add(multiply(remainder, 10), UInt64(digit) % mantissa)
    }
    return multiply(remainder, power(of: 10, shift)) == 0
  }

  private func multiply(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right % mantissa)
    return mantissa.dividingFullWidth((product.high % mantissa, product.low)).remainder
  }

  private func add(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflows) = left.addingReportingOverflow(right)
    return overflows || sum >= mantissa ? sum &- mantissa : sum
  }

  private func power(of base: UInt64, _ exponent: Int) -> UInt64 {
    var (result, square, rest) = (1 % mantissa, base % mantissa, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = multiply(result, square) }
      square = multiply(square, square)
      rest >>= 1
    }
    return result
  }
}

extension JSONValue {
  /// Whether both are numbers and this one is smaller.
  func isSmallerNumber(than other: JSONValue) -> Bool {
    switch (self, other) {
    case (.integer(let left), .integer(let right)): return left < right
    case (.double(let left), .double(let right)): return left < right
    default:
      guard let left = ordering, let right = other.ordering else { return false }
      return left < right
    }
  }

  private var ordering: JSONDecimal? {
    if case .number(let number) = self { return JSONDecimal(literal: number.literal) }
    return decimal
  }
}
