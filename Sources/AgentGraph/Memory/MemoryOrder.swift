import AgentJSON

/// How two values of one type compare.
enum MemoryOrder: Equatable {
  case less, equal, greater

  private init<T: Comparable>(comparing left: T, _ right: T) {
    self = left < right ? .less : left == right ? .equal : .greater
  }

  /// Compares by UTF-8 bytes, which is by code points; Swift's own order is that of normalized text.
  init(_ left: String, _ right: String) {
    if left.utf8.elementsEqual(right.utf8) {
      self = .equal
    } else {
      self = left.utf8.lexicographicallyPrecedes(right.utf8) ? .less : .greater
    }
  }

  /// Compares by exact decimal value; nil unless both are numbers that have one.
  init?(numbers left: JSONValue, _ right: JSONValue) {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): self.init(comparing: left, right)
    case (.double(let left), .double(let right)):
      if left.isNaN || right.isNaN { return nil }
      self.init(comparing: left, right)
    default:
      guard left.isNumber, right.isNumber else { return nil }
      if left == right {
        self = .equal
      } else {
        guard let left = Decimal(left.encodedText), let right = Decimal(right.encodedText) else { return nil }
        self.init(left, right)
      }
    }
  }

  private init?(_ left: Decimal, _ right: Decimal) {
    guard left.sign == right.sign else {
      self.init(comparing: left.sign, right.sign)
      return
    }
    let isGreaterInSize: Bool
    if left.exponent != right.exponent {
      isGreaterInSize = left.exponent > right.exponent
    } else {
      // Exponents that were cut may be equal or not: nothing is known.
      guard !left.isCut else { return nil }
      isGreaterInSize = right.digits.lexicographicallyPrecedes(left.digits)
    }
    self = isGreaterInSize == (left.sign > 0) ? .greater : .less
  }
}

/// A number's exact value: sign × 0.d₁d₂…dₙ × 10^exponent with d₁ and dₙ other than 0.
private struct Decimal {
  /// Leaves room for counting digits.
  private static let exponentMax = Int.max / 8

  /// -1, 0 or 1.
  var sign = 1
  var digits: [UInt8] = []
  var exponent = 0
  /// Whether the exponent was too large to keep.
  var isCut = false

  /// Nil for a text that is no number by RFC 8259, such as that of NaN.
  init?(_ text: String) {
    guard JSONNumber(text) != nil else { return nil }
    let parts = text.utf8.split(maxSplits: 1) { $0 | 0x20 == UInt8(ascii: "e") }
    guard let mantissa = parts.first else { return nil }
    var sawPoint = false
    for byte in mantissa {
      switch byte {
      case UInt8(ascii: "-"): sign = -1
      case UInt8(ascii: "."): sawPoint = true
      default:
        let isLeadingZero = digits.isEmpty && byte == UInt8(ascii: "0")
        if !isLeadingZero { digits.append(byte) }
        if sawPoint == isLeadingZero { exponent += sawPoint ? -1 : 1 }
      }
    }
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    if digits.isEmpty {
      sign = 0
      exponent = 0
    } else if parts.count > 1 {
      addExponent(Substring(parts[1]))
    }
  }

  private mutating func addExponent(_ text: Substring) {
    if let written = Int(text), written.magnitude < Self.exponentMax {
      exponent += written
    } else {
      isCut = true
      exponent = text.first == "-" ? -Self.exponentMax : Self.exponentMax
    }
  }
}
