extension Bool: JSONReadable {
  /// Reads `true` or `false`.
  public init(json: JSONCodingReader) throws {
    guard case .bool(let value) = json.value else { throw json.mismatch(Bool.self, "true or false") }
    self = value
  }
}

extension String: JSONReadable {
  /// Reads a string.
  public init(json: JSONCodingReader) throws {
    guard case .string(let value) = json.value else { throw json.mismatch(String.self, "a string") }
    self = value
  }
}

extension Double: JSONReadable {
  /// Reads the double nearest to a number; throws for one beyond the range.
  public init(json: JSONCodingReader) throws {
    switch json.value {
    case .double(let value): self = value
    case .integer(let value): self = Double(value)
    case .number(let number):
      guard let value = number.doubleValue else { throw json.fault("the number is beyond the range of Double") }
      self = value
    default: self = try json.nonFiniteValue(Double.self)
    }
  }
}

extension Float: JSONReadable {
  /// Reads the float nearest to a number; throws for one beyond the range.
  public init(json: JSONCodingReader) throws {
    let value: Float?
    switch json.value {
    case .double(let double): value = Float.nearest(to: double)
    case .integer(let integer): value = Float(integer)
    case .number(let number): value = Float(number.literal).flatMap { $0.isFinite ? $0 : nil }
    default: value = Float(try json.nonFiniteValue(Float.self))
    }
    guard let value else { throw json.fault("the number is beyond the range of Float") }
    self = value
  }

  /// The float nearest to the number that a double's shortest text denotes, which rounding twice may miss; nil if
  /// it is beyond the range.
  private static func nearest(to double: Double) -> Float? {
    let rounded = Float(double)
    if Double(rounded) == double || !double.isFinite { return rounded }
    guard let exact = Float(double.description), exact.isFinite else { return nil }
    return exact
  }
}

extension JSONCodingReader {
  /// One of the strings that stand for numbers that are not finite, if the options allow them.
  fileprivate func nonFiniteValue(_ type: Any.Type) throws -> Double {
    guard nonFinite == .strings else { throw mismatch(type, "a number") }
    switch value {
    case "inf": return .infinity
    case "-inf": return -.infinity
    case "nan": return .nan
    default: throw mismatch(type, "a number or one of \"inf\", \"-inf\" and \"nan\"")
    }
  }
}

extension JSONReadable where Self: FixedWidthInteger {
  /// Reads an integer, also one written as `1.0` or `1e2`; throws if it does not fit.
  public init(json: JSONCodingReader) throws {
    if case .integer(let integer) = json.value, let value = Self(exactly: integer) {
      self = value
      return
    }
    guard json.value.isNumber else { throw json.mismatch(Self.self, "an integer") }
    guard let decimal = json.value.decimal, let value = Self(decimal) else {
      throw json.fault("the number is no integer from \(Self.min) to \(Self.max)")
    }
    self = value
  }

  /// Nil if the number is not integral or does not fit.
  private init?(_ decimal: JSONDecimal) {
    self = 0
    guard !decimal.digits.isEmpty else { return }
    // No type has more than 39 digits.
    guard decimal.isIntegral, decimal.exponent <= 40 else { return nil }
    for index in 0..<decimal.exponent {
      let digit = index < decimal.digits.count ? Self(decimal.digits[index]) : 0
      let (product, overflows) = multipliedReportingOverflow(by: 10)
      let (sum, overflowsToo) =
        decimal.isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      guard !overflows, !overflowsToo else { return nil }
      self = sum
    }
  }
}

extension Int: JSONReadable {}
extension Int8: JSONReadable {}
extension Int16: JSONReadable {}
extension Int32: JSONReadable {}
extension Int64: JSONReadable {}
extension Int128: JSONReadable {}
extension UInt: JSONReadable {}
extension UInt8: JSONReadable {}
extension UInt16: JSONReadable {}
extension UInt32: JSONReadable {}
extension UInt64: JSONReadable {}
extension UInt128: JSONReadable {}
