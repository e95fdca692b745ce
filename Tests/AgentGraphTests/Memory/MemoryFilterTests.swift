import AgentJSON
import Testing

@testable import AgentGraph

@Suite struct MemoryFilterTests {
  /// Each less than the next.
  private static let numbers = [
    "-1e99999999999999999999", "-1e400", "-9223372036854775809", "-9223372036854775808", "-1.5", "-1", "-1e-400", "0",
    "1e-400", "0.1", "0.1000000000000000055511151231257827", "1", "1.5", "9007199254740991.0", "9007199254740992",
    "9007199254740993", "4611686018427387904", "4.611686018427388e18", "9223372036854775807", "9223372036854775808",
    "123456789012345678901234567890", "1e400", "1e99999999999999999999",
  ]

  @Test("G39 numbers are ordered by their exact values")
  func numberOrder() throws {
    let values = try Self.numbers.map { try JSONValue(parsing: $0) }
    for (left, first) in values.enumerated() {
      for (right, second) in values.enumerated() {
        let wanted: MemoryOrder = left < right ? .less : left == right ? .equal : .greater
        #expect(MemoryOrder(numbers: first, second) == wanted, "\(first) and \(second)")
      }
    }
  }

  @Test(
    "G39 one number written differently is one number",
    arguments: [
      ("1", "1.0"), ("100", "1e2"), ("0", "-0.0"), ("1e400", "10E+399"),
      ("9223372036854775808", "9223372036854775808.0"),
    ])
  func equalNumbers(left: String, right: String) throws {
    let (first, second) = (try JSONValue(parsing: left), try JSONValue(parsing: right))
    #expect(MemoryOrder(numbers: first, second) == .equal)
    #expect(MemoryOrder(numbers: second, first) == .equal)
    #expect(MemoryFilter([], .eq, first).matches(second))
    #expect(MemoryFilter([], .lte, first).matches(second))
  }

  @Test("G39 numbers whose exponents are too large to keep are neither less nor greater")
  func hugeExponents() throws {
    let values = try ["1e99999999999999999998", "1e99999999999999999999"].map { try JSONValue(parsing: $0) }
    #expect(MemoryOrder(numbers: values[0], values[1]) == nil)
    #expect(MemoryFilter([], .ne, values[0]).matches(values[1]))
    #expect(MemoryOrder(numbers: .double(.nan), 1) == nil)
  }

  @Test("G39 seeded: the order of numbers is that of doubles where those are exact")
  func seededNumbers() {
    var generator = SeededNumbers(state: 39)
    for _ in 0..<20_000 {
      let scale = [1.0, 0.5, 0.125, 1024][Int.random(in: 0..<4, using: &generator)]
      let left = Double(Int.random(in: -1000...1000, using: &generator)) * scale
      let right = Int.random(in: -1000...1000, using: &generator)
      let wanted: MemoryOrder = left < Double(right) ? .less : left == Double(right) ? .equal : .greater
      #expect(MemoryOrder(numbers: .double(left), .integer(right)) == wanted)
    }
  }

  @Test("G39 a namespace's bytes are in its order and can be read back")
  func sortBytes() throws {
    let labels = [["a"], ["a", "A"], ["a", "b"], ["a "], ["a!"], ["ab"], ["b"], ["\u{E9}"], ["😀"]]
    let all = try labels.map { try MemoryNamespace($0) }
    for (first, second) in zip(all, all.dropFirst()) {
      #expect(first < second)
      #expect(first != second)
    }
    for namespace in all {
      #expect(try MemoryNamespace(sortBytes: namespace.sortBytes) == namespace)
      #expect(namespace.sortBytes.lexicographicallyPrecedes(namespace.sortBytesEnd))
    }
    for bytes in [[], [0x61], [0x1F], [0x61, 0x1F, 0x62], [0x61, 0x1F, 0x1F]] as [[UInt8]] {
      #expect(throws: MemoryStoreError.self) { try MemoryNamespace(sortBytes: bytes) }
    }
  }

  @Test("G39 the arithmetic of expiry stays within signed integers")
  func lifetimes() {
    #expect(MemoryLifetime.end(from: 5, timeToLive: nil) == nil)
    #expect(MemoryLifetime.end(from: 5, timeToLive: 7) == 12)
    #expect(MemoryLifetime.end(from: .max, timeToLive: .max) == UInt64(Int64.max))
    #expect(MemoryLifetime.end(from: 5, timeToLive: .max) == UInt64(Int64.max))
    #expect(MemoryLifetime.isLive(until: 5, at: 4) && !MemoryLifetime.isLive(until: 5, at: 5))
  }
}

/// SplitMix64.
private struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
