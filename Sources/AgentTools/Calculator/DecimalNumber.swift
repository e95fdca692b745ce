/// A decimal number of any size up to its limits: no digit is lost without word.
///
/// Foundation's `Decimal` ends at 38 digits and rounds there silently.
struct DecimalNumber: Hashable, Sendable {
  /// More significant digits than these are an error.
  static let digitsMax = 300
  /// Numbers of 10 to this power, or to minus this, are an error.
  static let magnitudeMax = 10_000
  /// To so many digits quotients are rounded.
  static let precision = 34

  struct LimitError: Error {
    let message: String
  }

  /// Least significant digit first, without zeros at either end; empty for zero.
  private(set) var digits: [UInt8]
  /// Of ten: the value is `digits` times 10 to it.
  private(set) var exponent: Int
  private(set) var isNegative: Bool

  static let zero = DecimalNumber(0)

  init(_ value: Int) {
    self.init(unchecked: String(value.magnitude).utf8.reversed().map { $0 - 0x30 }, 0, value < 0)
  }

  private init(unchecked digits: [UInt8], _ exponent: Int, _ isNegative: Bool) {
    var digits = digits
    while digits.last == 0 { digits.removeLast() }
    let zeros = digits.prefix { $0 == 0 }.count
    digits.removeFirst(zeros)
    self.digits = digits
    self.exponent = digits.isEmpty ? 0 : exponent + zeros
    self.isNegative = isNegative && !digits.isEmpty
  }

  /// Throws a `LimitError` if the number is too long or too large.
  init(_ digits: [UInt8], _ exponent: Int, isNegative: Bool) throws {
    self.init(unchecked: digits, exponent, isNegative)
    guard self.digits.count <= Self.digitsMax else {
      throw LimitError(message: "the exact result has \(self.digits.count) digits, more than \(Self.digitsMax)")
    }
    guard isZero || abs(top) <= Self.magnitudeMax else {
      throw LimitError(message: "the result is beyond 10^±\(Self.magnitudeMax)")
    }
  }

  /// Reads `12.5e-3`; nil if it is not of that form. Throws a `LimitError`.
  init?(text: String) throws {
    let parts = text.lowercased().split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let isNegative = mantissa[0].hasPrefix("-")
    let whole = isNegative ? mantissa[0].dropFirst() : mantissa[0]
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    let all = Array((whole + fraction).utf8)
    guard mantissa.count <= 2, !all.isEmpty, all.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    var exponent = 0
    if parts.count == 2 {
      guard let given = Int(parts[1]) else { return nil }
      guard abs(given) <= 2 * Self.magnitudeMax else {
        throw LimitError(message: "the number is beyond 10^±\(Self.magnitudeMax)")
      }
      exponent = given
    }
    try self.init(all.reversed().map { $0 - 0x30 }, exponent - fraction.utf8.count, isNegative: isNegative)
  }

  var isZero: Bool { digits.isEmpty }
  var isInteger: Bool { exponent >= 0 }
  /// The power of ten just above the number's size.
  var top: Int { digits.count + exponent }
  var negated: DecimalNumber { DecimalNumber(unchecked: digits, exponent, !isNegative) }
  var magnitude: DecimalNumber { DecimalNumber(unchecked: digits, exponent, false) }

  /// The number if it is whole and fits.
  var intValue: Int? { isInteger && top <= 18 ? Int(plainText) : nil }

  /// The nearest one; infinite beyond its range.
  var doubleValue: Double { Double(scientificText) ?? .nan }
}

extension DecimalNumber: Comparable {
  static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
    if left.isNegative != right.isNegative { return left.isNegative }
    return left.isNegative ? right.isBelowInSize(left) : left.isBelowInSize(right)
  }

  private func isBelowInSize(_ other: DecimalNumber) -> Bool {
    if isZero || other.isZero { return isZero && !other.isZero }
    if top != other.top { return top < other.top }
    return digits.reversed().lexicographicallyPrecedes(other.digits.reversed())
  }
}

extension DecimalNumber: CustomStringConvertible {
  /// Plain where that adds few zeros, else `1.5e+40`.
  var description: String {
    if isZero { return "0" }
    return exponent > 30 || top < -20 ? scientificText : plainText
  }

  private var plainText: String {
    let shown = String(decoding: digits.reversed().map { $0 + 0x30 }, as: UTF8.self)
    let sign = isNegative ? "-" : ""
    if isZero { return "0" }
    if exponent >= 0 { return sign + shown + String(repeating: "0", count: exponent) }
    if top <= 0 { return sign + "0." + String(repeating: "0", count: -top) + shown }
    return sign + shown.prefix(top) + "." + shown.dropFirst(top)
  }

  private var scientificText: String {
    guard !isZero else { return "0" }
    let shown = String(decoding: digits.reversed().map { $0 + 0x30 }, as: UTF8.self)
    let fraction = shown.count > 1 ? ".\(shown.dropFirst())" : ""
    return "\(isNegative ? "-" : "")\(shown.prefix(1))\(fraction)e\(top > 0 ? "+" : "")\(top - 1)"
  }
}
