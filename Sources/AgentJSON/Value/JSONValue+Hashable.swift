extension JSONValue: Hashable {
  /// Whether both denote the same value of the JSON data model.
  public static func == (lhs: JSONValue, rhs: JSONValue) -> Bool {
    switch (lhs, rhs) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.integer(let left), .integer(let right)): left == right
    case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
    case (.array(let left), .array(let right)): left == right
    case (.object(let left), .object(let right)): left == right
    default: lhs.isSameNumber(as: rhs)
    }
  }

  /// Hashes the value such that equal values of the JSON data model hash alike.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0 as UInt8)
    case .bool(let value): hasher.combine(value ? 2 : 1 as UInt8)
    case .integer, .double, .number: hashNumber(into: &hasher)
    case .string(let value):
      hasher.combine(4 as UInt8)
      value.hashBytes(into: &hasher)
    case .array(let values):
      hasher.combine(5 as UInt8)
      hasher.combine(values.count)
      for index in values.indices { values[index].hash(into: &hasher) }
    case .object(let object):
      hasher.combine(6 as UInt8)
      object.hash(into: &hasher)
    }
  }

  /// Whether both are numbers with the same decimal value.
  private func isSameNumber(as other: JSONValue) -> Bool {
    guard isNumber, other.isNumber else { return false }
    if case .double(let left) = self, case .double(let right) = other {
      // NaN must equal itself, or a value would not equal its own copy.
      return left == right || (left.isNaN && right.isNaN)
    }
    if case .number(let left) = self, case .number(let right) = other { return left == right }
    guard let left = decimal, let right = other.decimal else { return false }
    return left == right
  }

  private func hashNumber(into hasher: inout Hasher) {
    hasher.combine(3 as UInt8)
    if let integer = intValue {
      hasher.combine(integer)
    } else if let decimal {
      hasher.combine(decimal)
    } else if case .number(let number) = self {
      hasher.combine(number.literal)
    }
  }

  /// The exact decimal value of a number; nil for another type, NaN, infinities, and huge exponents.
  var decimal: JSONDecimal? {
    switch self {
    case .integer(let value): JSONDecimal(value)
    case .double(let value): JSONDecimal(value)
    case .number(let value): value.decimal
    default: nil
    }
  }
}

extension String {
  /// Whether both hold the same UTF-8 bytes; `==` would also take canonically equivalent text for equal.
  @inline(__always)
  func hasSameBytes(as other: String) -> Bool {
    // Both checks are cheap and tell nearly all apart; what == takes for equal may still differ in its bytes.
    utf8.count == other.utf8.count && self == other && hasSameSpan(as: other)
  }

  private func hasSameSpan(as other: String) -> Bool {
    let left = utf8.span
    let right = other.utf8.span
    for index in left.indices where left[index] != right[index] { return false }
    return true
  }

  func hashBytes(into hasher: inout Hasher) {
    let bytes = utf8.span
    unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    hasher.combine(bytes.count)
  }
}
