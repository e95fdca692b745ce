/// The exact value of a JSON number: ±0.d₁d₂…dₙ × 10^exponent with d₁ and dₙ other than 0; no digits for zero.
struct JSONDecimal: Hashable {
  private(set) var isNegative = false
  /// Digit values 0 through 9, the most significant first.
  private(set) var digits: [UInt8] = []
  private(set) var exponent = 0
  /// Whether the exponent is as written; else it was beyond ±`exponentMax` and is cut to that.
  private(set) var isExact = true

  /// Leaves room for arithmetic with exponents.
  private static let exponentMax = Int.max / 8

  /// The literal must follow RFC 8259.
  init(literal: String) {
    let bytes = literal.utf8.span
    var index = 0
    if index < bytes.count, bytes[index] == UInt8(ascii: "-") {
      isNegative = true
      index += 1
    }
    var sawPoint = false
    while index < bytes.count, bytes[index] | 0x20 != UInt8(ascii: "e") {
      let digit = bytes[index] &- UInt8(ascii: "0")
      index += 1
      guard digit <= 9 else {
        sawPoint = true
        continue
      }
      let isLeadingZero = digits.isEmpty && digit == 0
      if !isLeadingZero { digits.append(digit) }
      if sawPoint == isLeadingZero { exponent += sawPoint ? -1 : 1 }
    }
    while digits.last == 0 { digits.removeLast() }
    if digits.isEmpty {
      isNegative = false
      exponent = 0
    } else if index < bytes.count {
      addExponent(literal.utf8.dropFirst(index + 1))
    }
  }

  private mutating func addExponent(_ text: Substring.UTF8View) {
    if let written = Int(Substring(text)), written.magnitude < Self.exponentMax {
      exponent += written
    } else {
      isExact = false
      exponent = text.first == UInt8(ascii: "-") ? -Self.exponentMax : Self.exponentMax
    }
  }

  init(_ value: Int) {
    isNegative = value < 0
    var rest = value.magnitude
    while rest > 0 {
      digits.append(UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    }
    digits.reverse()
    exponent = digits.count
    while digits.last == 0 { digits.removeLast() }
  }

  /// Nil for NaN and infinities.
  init?(_ value: Double) {
    guard value.isFinite else { return nil }
    self.init(literal: value.description)
  }

  var isIntegral: Bool { digits.isEmpty || exponent >= digits.count }

  /// The value if it is integral and fits `Int`.
  var intValue: Int? {
    guard !digits.isEmpty else { return 0 }
    guard exponent >= digits.count, exponent <= 19 else { return nil }
    var value = 0
    for index in 0..<exponent {
      let digit = index < digits.count ? Int(digits[index]) : 0
      let (product, overflows) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowsToo) = product.addingReportingOverflow(isNegative ? -digit : digit)
      guard !overflows, !overflowsToo else { return nil }
      value = sum
    }
    return value
  }

  /// Up to this magnitude, 2^53, every integer has its own double.
  private static let exactMax = 9_007_199_254_740_992.0

  /// The integer a double stands for, by its shortest text.
  ///
  /// Up to 2^53 that is its binary value, above the text's zeros count: 4.611686018427388e18 is …388000.
  static func integer(_ value: Double) -> Int? {
    if value.magnitude <= exactMax {
      // Not Int(exactly:), which needs the C library's trunc where the processor lacks it.
      let integer = Int(value)
      return Double(integer) == value ? integer : nil
    }
    guard value.magnitude < 1e19 else { return nil }
    return JSONDecimal(value)?.intValue
  }

  static func isIntegral(_ value: Double) -> Bool {
    guard value.magnitude <= exactMax else { return value.isFinite }
    return Double(Int(value)) == value
  }
}

extension JSONDecimal: Comparable {
  static func < (lhs: JSONDecimal, rhs: JSONDecimal) -> Bool {
    if lhs.digits.isEmpty { return !rhs.digits.isEmpty && !rhs.isNegative }
    if rhs.digits.isEmpty { return lhs.isNegative }
    if lhs.isNegative != rhs.isNegative { return lhs.isNegative }
    let isSmaller =
      lhs.exponent == rhs.exponent
      ? lhs.digits.lexicographicallyPrecedes(rhs.digits) : lhs.exponent < rhs.exponent
    return lhs.isNegative ? !isSmaller && lhs != rhs : isSmaller
  }
}
