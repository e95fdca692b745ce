extension DecimalNumber {
  /// Exact. Throws a `LimitError`.
  func adding(_ other: DecimalNumber) throws -> DecimalNumber {
    if isZero { return other }
    if other.isZero { return self }
    let low = min(exponent, other.exponent)
    let left = try shifted(by: exponent - low)
    let right = try other.shifted(by: other.exponent - low)
    if isNegative == other.isNegative {
      return try DecimalNumber(Self.sum(left, right), low, isNegative: isNegative)
    }
    let isLeftLarger = !Self.isBelow(left, right)
    let digits = isLeftLarger ? Self.difference(left, right) : Self.difference(right, left)
    return try DecimalNumber(digits, low, isNegative: isLeftLarger ? isNegative : other.isNegative)
  }

  /// Exact. Throws a `LimitError`.
  func subtracting(_ other: DecimalNumber) throws -> DecimalNumber { try adding(other.negated) }

  /// Exact. Throws a `LimitError`.
  func multiplied(by other: DecimalNumber) throws -> DecimalNumber {
    try DecimalNumber(Self.product(digits, other.digits), exponent + other.exponent, isNegative: hasOtherSign(other))
  }

  /// The product, cut to so many digits if it would be longer than an exact number may be. Throws a `LimitError`.
  func multiplied(by other: DecimalNumber, cutTo count: Int) throws -> (DecimalNumber, isExact: Bool) {
    var product = Self.product(digits, other.digits)
    let surplus = product.count > Self.digitsMax ? product.count - count : 0
    product.removeFirst(surplus)
    let number = try DecimalNumber(
      product, exponent + other.exponent + surplus, isNegative: hasOtherSign(other))
    return (number, surplus == 0)
  }

  /// The quotient, rounded to `precision` digits where it does not end before. The divisor must not be zero.
  ///
  /// Throws a `LimitError`.
  func divided(by divisor: DecimalNumber) throws -> (DecimalNumber, isExact: Bool) {
    let shift = max(0, Self.precision + 2 + divisor.digits.count - digits.count)
    let scaled = [UInt8](repeating: 0, count: shift) + digits
    let (quotient, rest) = Self.division(scaled, divisor.digits)
    return try Self.rounded(
      quotient, exponent - divisor.exponent - shift, hasOtherSign(divisor), hasRest: !rest.isEmpty)
  }

  /// What is left of a division with a whole quotient; it has the sign of the dividend. Throws a `LimitError`.
  func remainder(by divisor: DecimalNumber) throws -> DecimalNumber {
    let low = min(exponent, divisor.exponent)
    let (_, rest) = Self.division(
      try shifted(by: exponent - low), try divisor.shifted(by: divisor.exponent - low))
    return try DecimalNumber(rest, low, isNegative: isNegative)
  }

  /// To so many decimals (below zero: tens, hundreds …). Throws a `LimitError`.
  func rounded(_ rule: FloatingPointRoundingRule, places: Int = 0) throws -> DecimalNumber {
    let dropped = -places - exponent
    guard dropped > 0, !isZero else { return self }
    let kept = Array(digits.dropFirst(dropped))
    let half = dropped <= digits.count ? digits[dropped - 1] : 0
    let goesUp: Bool
    switch rule {
    case .up: goesUp = !isNegative
    case .down: goesUp = isNegative
    case .towardZero: goesUp = false
    default: goesUp = half >= 5
    }
    return try DecimalNumber(goesUp ? Self.sum(kept, [1]) : kept, -places, isNegative: isNegative)
  }

  /// To the shown precision. Throws a `LimitError`.
  func shortened() throws -> (DecimalNumber, isExact: Bool) {
    try Self.rounded(digits, exponent, isNegative, hasRest: false)
  }

  private func hasOtherSign(_ other: DecimalNumber) -> Bool { isNegative != other.isNegative }

  private func shifted(by zeros: Int) throws -> [UInt8] {
    guard zeros + digits.count <= 2 * Self.digitsMax else {
      throw LimitError(message: "the numbers lie so far apart that an exact result needs over \(Self.digitsMax) digits")
    }
    return [UInt8](repeating: 0, count: zeros) + digits
  }
}

// MARK: - Digits, least significant first

extension DecimalNumber {
  /// Rounds half to even. Throws a `LimitError`.
  private static func rounded(
    _ digits: [UInt8], _ exponent: Int, _ isNegative: Bool, hasRest: Bool
  ) throws -> (DecimalNumber, isExact: Bool) {
    let dropped = digits.count - precision
    guard dropped > 0 else { return (try DecimalNumber(digits, exponent, isNegative: isNegative), !hasRest) }
    let kept = Array(digits.dropFirst(dropped))
    let hasMore = hasRest || digits.prefix(dropped - 1).contains { $0 != 0 }
    let half = digits[dropped - 1]
    let goesUp = half > 5 || half == 5 && (hasMore || kept[0] % 2 == 1)
    let number = try DecimalNumber(goesUp ? sum(kept, [1]) : kept, exponent + dropped, isNegative: isNegative)
    return (number, half == 0 && !hasMore)
  }

  private static func sum(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var carry: UInt8 = 0
    for index in 0..<max(left.count, right.count) {
      let digit = (index < left.count ? left[index] : 0) + (index < right.count ? right[index] : 0) + carry
      result.append(digit % 10)
      carry = digit / 10
    }
    return carry == 0 ? result : result + [carry]
  }

  /// `left` must not be below `right`.
  private static func difference(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    var result = left
    var borrow: UInt8 = 0
    for index in left.indices {
      let taken = (index < right.count ? right[index] : 0) + borrow
      borrow = result[index] < taken ? 1 : 0
      result[index] = result[index] + borrow * 10 - taken
    }
    while result.last == 0 { result.removeLast() }
    return result
  }

  private static func product(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    var sums = [Int](repeating: 0, count: left.count + right.count)
    for (offset, digit) in left.enumerated() {
      for (index, other) in right.enumerated() { sums[offset + index] += Int(digit) * Int(other) }
    }
    var carry = 0
    return sums.map { sum in
      carry += sum
      defer { carry /= 10 }
      return UInt8(carry % 10)
    }
  }

  /// By hand, as at school: at most ten subtractions a digit. `divisor` must not be zero.
  private static func division(_ dividend: [UInt8], _ divisor: [UInt8]) -> (quotient: [UInt8], rest: [UInt8]) {
    var quotient: [UInt8] = []
    var rest: [UInt8] = []
    for digit in dividend.reversed() {
      if !rest.isEmpty || digit != 0 { rest.insert(digit, at: 0) }
      var count: UInt8 = 0
      while !isBelow(rest, divisor) {
        rest = difference(rest, divisor)
        count += 1
      }
      if count != 0 || !quotient.isEmpty { quotient.append(count) }
    }
    return (quotient.reversed(), rest)
  }

  /// Compares digits whose most significant one is not zero.
  private static func isBelow(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    if left.count != right.count { return left.count < right.count }
    return left.reversed().lexicographicallyPrecedes(right.reversed())
  }
}
