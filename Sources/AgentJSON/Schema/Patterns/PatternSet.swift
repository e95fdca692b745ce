/// A set of code points, as of a character class.
struct PatternSet: Sendable {
  private var ranges: [ClosedRange<UInt32>] = []
  private var properties: [(property: PatternProperty, isNegated: Bool)] = []
  private var isNegated = false
  /// Membership of the first 128 code points, for speed.
  private var ascii: (UInt64, UInt64) = (0, 0)

  init(ranges: [ClosedRange<UInt32>] = []) { self.ranges = ranges }

  init(_ scalar: UnicodeScalar) { ranges = [scalar.value...scalar.value] }

  init(_ property: PatternProperty, isNegated: Bool) { properties = [(property, isNegated)] }

  mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }

  mutating func formUnion(_ other: PatternSet) {
    // Only plain sets without properties are ever negated within a class, and those are complemented first.
    ranges += other.isNegated ? Self.complement(other.ranges) : other.ranges
    properties += other.properties
  }

  mutating func negate() { isNegated.toggle() }

  /// Sorts and joins the ranges; to be called once all are in.
  mutating func finish() {
    ranges = Self.joined(ranges)
    for code in UInt32(0)..<128 {
      guard let scalar = UnicodeScalar(code), search(scalar) else { continue }
      if code < 64 { ascii.0 |= 1 << code } else { ascii.1 |= 1 << (code - 64) }
    }
  }

  func contains(_ scalar: UnicodeScalar) -> Bool {
    switch scalar.value {
    case 0..<64: ascii.0 >> scalar.value & 1 == 1
    case 64..<128: ascii.1 >> (scalar.value - 64) & 1 == 1
    default: search(scalar)
    }
  }

  private func search(_ scalar: UnicodeScalar) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar.value { low = middle + 1 } else { high = middle }
    }
    if low < ranges.count, ranges[low].contains(scalar.value) { return !isNegated }
    let hasProperty = properties.contains { $0.property.holds(for: scalar) != $0.isNegated }
    return hasProperty != isNegated
  }

  private static func joined(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var joined: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = joined.last, range.lowerBound <= last.upperBound {
        joined[joined.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        joined.append(range)
      }
    }
    return joined
  }

  private static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var gaps: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in joined(ranges) {
      if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
    return gaps
  }
}

extension PatternSet {
  /// `\d` of ECMA-262.
  static let digits = PatternSet(ranges: [0x30...0x39])
  /// `\w` of ECMA-262.
  static let wordCharacters = PatternSet(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  /// `\s` of ECMA-262: WhiteSpace and LineTerminator.
  static let whitespace = PatternSet(ranges: [
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
    0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ])
  /// What `.` leaves out.
  static let lineTerminators = PatternSet(ranges: [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])

  static func isWordCharacter(_ scalar: UnicodeScalar?) -> Bool {
    guard let scalar else { return false }
    return switch scalar.value {
    case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
    default: false
    }
  }
}
