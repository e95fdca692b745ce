import AgentJSON
import Testing

/// SplitMix64, so that a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func text() -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0...12, using: &self) {
      let ranges: [ClosedRange<UInt32>] = [0...0x7F, 0x20...0x7E, 0x80...0x7FF, 0x800...0xFFFF, 0x10000...0x10FFFF]
      let range = ranges[Int.random(in: 0..<ranges.count, using: &self)]
      if let scalar = UnicodeScalar(UInt32.random(in: range, using: &self)) { text.unicodeScalars.append(scalar) }
    }
    return text
  }

  mutating func double() -> Double {
    let value = Double(bitPattern: next())
    return value.isFinite ? value : Double(Int.random(in: -1000...1000, using: &self)) / 8
  }

  mutating func number() -> JSONValue {
    let digits = (0..<Int.random(in: 20...40, using: &self)).map { _ in
      String(Int.random(in: 1...9, using: &self))
    }
    return JSONNumber(digits.joined()).map(JSONValue.number) ?? .null
  }

  mutating func value(depth: Int = 0) -> JSONValue {
    switch Int.random(in: 0...(depth < 5 ? 8 : 5), using: &self) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &self))
    case 2: return .integer(Int(truncatingIfNeeded: next()) >> Int.random(in: 0...63, using: &self))
    case 3: return .double(double())
    case 4: return number()
    case 5: return .string(text())
    case 6: return .array((0..<Int.random(in: 0...6, using: &self)).map { _ in value(depth: depth + 1) })
    default:
      let count = Int.random(in: 0...(depth == 0 ? 40 : 5), using: &self)
      return .object(JSONObject((0..<count).map { _ in (text(), value(depth: depth + 1)) }))
    }
  }
}

@Suite struct RoundTripTests {
  @Test(arguments: 0..<300 as Range<UInt64>) func valuesSurviveWritingAndParsing(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let value = generator.value()
    for bytes in [value.encoded(), value.encoded(pretty: true)] {
      let parsed = try JSONValue(parsing: bytes)
      #expect(parsed == value)
      #expect(parsed.hashValue == value.hashValue)
      #expect(parsed.encoded() == value.encoded())
    }
  }

  @Test(arguments: 0..<100 as Range<UInt64>) func changedBytesAreParsedOrRefusedWithinTheText(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var bytes = generator.value().encoded()
    for _ in 0..<20 {
      let place = Int.random(in: bytes.indices, using: &generator)
      bytes[place] = UInt8.random(in: 0...255, using: &generator)
      do {
        let value = try JSONValue(parsing: bytes)
        #expect(throws: Never.self) { try JSONValue(parsing: value.encoded()) }
      } catch {
        #expect((0...bytes.count).contains(error.offset))
      }
    }
  }

  @Test(arguments: 0..<50 as Range<UInt64>) func doublesKeepEveryBit(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let value = generator.double()
      guard case .double(let parsed) = try JSONValue(parsing: JSONValue.double(value).encoded()) else {
        Issue.record("\(value) is no double any more")
        continue
      }
      #expect(parsed.bitPattern == value.bitPattern)
    }
  }

  @Test(arguments: 0..<50 as Range<UInt64>) func decimalLiteralsKeepTheirValue(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let digits = Int.random(in: 1...999_999_999_999, using: &generator)
      let scale = Int.random(in: -40...40, using: &generator)
      let literal = "\(digits)e\(scale)"
      let value = try JSONValue(parsing: literal)
      #expect(value.doubleValue == Double(literal))
      #expect(JSONNumber(literal).map(JSONValue.number) == value)
    }
  }
}
