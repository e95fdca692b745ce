/// The extent and the digits of a number literal.
struct JSONNumberScan {
  /// The offset behind the literal.
  private(set) var end: Int
  private(set) var isNegative = false
  /// Whether there is neither fraction nor exponent.
  private(set) var isPlainInteger = true
  /// The digits as an integer; exact if `significantDigits` is at most 19.
  private(set) var mantissa: UInt64 = 0
  /// How many digits there are without leading zeros.
  private(set) var significantDigits = 0
  /// The power of ten to multiply `mantissa` with; of exponents with more than 9 digits only a bound.
  private(set) var scale = 0

  init(_ bytes: Span<UInt8>, from start: Int) throws(JSONFault) {
    end = start
    if end < bytes.count, bytes[end] == UInt8(ascii: "-") {
      isNegative = true
      end += 1
    }
    let firstDigit = end
    try digits(bytes)
    if bytes[firstDigit] == UInt8(ascii: "0"), end > firstDigit + 1 {
      throw JSONFault(.invalidNumber, firstDigit + 1, .numberEnd)
    }
    if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
      isPlainInteger = false
      end += 1
      let firstFraction = end
      try digits(bytes)
      scale = firstFraction - end
    }
    if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
      isPlainInteger = false
      try exponent(bytes)
    }
  }

  private mutating func digits(_ bytes: Span<UInt8>) throws(JSONFault) {
    let first = end
    while end < bytes.count {
      let digit = bytes[end] &- UInt8(ascii: "0")
      guard digit <= 9 else { break }
      end += 1
      if significantDigits > 0 || digit > 0 { significantDigits += 1 }
      // Wraps beyond 19 digits, where nobody uses it.
      mantissa = mantissa &* 10 &+ UInt64(digit)
    }
    try requireDigit(bytes, first)
  }

  private mutating func exponent(_ bytes: Span<UInt8>) throws(JSONFault) {
    end += 1
    let isMinus = end < bytes.count && bytes[end] == UInt8(ascii: "-")
    if isMinus || (end < bytes.count && bytes[end] == UInt8(ascii: "+")) { end += 1 }
    let first = end
    var written = 0
    while end < bytes.count, bytes[end] &- UInt8(ascii: "0") <= 9 {
      if written < 100_000_000 { written = written * 10 + Int(bytes[end] - UInt8(ascii: "0")) }
      end += 1
    }
    try requireDigit(bytes, first)
    scale += isMinus ? -written : written
  }

  private func requireDigit(_ bytes: Span<UInt8>, _ first: Int) throws(JSONFault) {
    guard end == first else { return }
    throw JSONFault(end < bytes.count ? .invalidNumber : .unexpectedEnd, end, .digit)
  }
}

extension JSONNumberScan {
  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
    1e20, 1e21, 1e22,
  ]

  /// The value if it fits `Int`; nil for -0, which has none.
  var integer: Int? {
    guard isPlainInteger, significantDigits <= 19, !(isNegative && significantDigits == 0) else { return nil }
    if !isNegative { return Int(exactly: mantissa) }
    guard mantissa <= UInt64(Int.max) + 1 else { return nil }
    return Int(truncatingIfNeeded: 0 &- mantissa)
  }

  /// The value if digits and scale are so small that one exact operation gives it (Clinger's fast path).
  ///
  /// Such a number has at most 15 digits, so that the shortest text of the double denotes the same number.
  var fastDouble: Double? {
    guard significantDigits <= 15 else { return nil }
    guard significantDigits > 0 else { return isNegative ? -0.0 : 0.0 }
    guard scale >= -22, scale <= 22 else { return nil }
    let digits = Double(mantissa)
    let value = scale < 0 ? digits / Self.powersOfTen[-scale] : digits * Self.powersOfTen[scale]
    return isNegative ? -value : value
  }

  /// Whether both denote the same number, as far as 19 digits can tell.
  func isSameNumber(as other: JSONNumberScan) -> Bool {
    guard significantDigits <= 19, other.significantDigits <= 19 else { return false }
    let (left, right) = (trimmed, other.trimmed)
    return isNegative == other.isNegative && left.mantissa == right.mantissa && left.scale == right.scale
  }

  private var trimmed: (mantissa: UInt64, scale: Int) {
    guard mantissa != 0 else { return (0, 0) }
    var (mantissa, scale) = (mantissa, scale)
    while mantissa % 10 == 0 {
      mantissa /= 10
      scale += 1
    }
    return (mantissa, scale)
  }
}

extension JSONParser {
  mutating func number(_ bytes: Span<UInt8>) throws(JSONFault) -> JSONValue {
    let start = position
    let scan = try JSONNumberScan(bytes, from: start)
    position = scan.end
    if let integer = scan.integer { return .integer(integer) }
    // A plain integer gets here as -0, else because it does not fit.
    if !scan.isPlainInteger || scan.significantDigits == 0, let value = scan.fastDouble { return .double(value) }
    let literal = Self.ascii(bytes, start..<position)
    if !scan.isPlainInteger, let value = Self.exactDouble(literal, scan) { return .double(value) }
    return .number(JSONNumber(unchecked: literal))
  }

  /// The double whose shortest text denotes just that number, if there is one.
  private static func exactDouble(_ literal: String, _ scan: JSONNumberScan) -> Double? {
    guard scan.significantDigits <= 19, let value = Double(literal), value.isFinite else { return nil }
    guard let shortest = try? JSONNumberScan(value.description.utf8.span, from: 0) else { return nil }
    return shortest.isSameNumber(as: scan) ? value : nil
  }
}
