import AgentJSON
import Testing

@Suite("Coding: numbers to the last bit")
struct CodingNumberTests {
  private static let strings = JSONCodingOptions(nonFinite: .strings)

  private func expectSame<T: Codable & FixedWidthInteger>(_ type: T.Type) throws {
    for value in [T.min, T.max, 0, 1, T.max / 2] {
      #expect(try JSONCoder.text(value) == String(value))
      #expect(try JSONCoder.decode(T.self, from: JSONCoder.encode(value)) == value)
      #expect(try JSONCoder.decode([T].self, from: JSONCoder.encode([value, value])) == [value, value])
      #expect(try JSONCoder.decode([String: T].self, from: JSONCoder.encode(["k": value])) == ["k": value])
      let boxed = try JSONCoder.decode(Box<T>.self, from: JSONCoder.encode(Box(value: value, optional: value)))
      #expect(boxed == Box(value: value, optional: value))
    }
    #expect(throws: DecodingError.self) { try JSONCoder.decode(T.self, from: "\(T.max)0") }
    #expect(throws: DecodingError.self) { try JSONCoder.decode(T.self, from: "1.5") }
    #expect(throws: DecodingError.self) { try JSONCoder.decode(T.self, from: "1e99999999999999999999") }
    #expect(throws: DecodingError.self) { try JSONCoder.decode(T.self, from: T.min < 0 ? "\(T.min)0" : "-1") }
    #expect(try JSONCoder.decode([T].self, from: "[1.0,1e2,0.0,-0,120e-1]") == [1, 100, 0, 0, 12])
  }

  private struct Box<T: Codable & Equatable>: Codable, Equatable {
    var value: T
    var optional: T?
  }

  @Test func integers() throws {
    try expectSame(Int.self)
    try expectSame(Int8.self)
    try expectSame(Int16.self)
    try expectSame(Int32.self)
    try expectSame(Int64.self)
    try expectSame(Int128.self)
    try expectSame(UInt.self)
    try expectSame(UInt8.self)
    try expectSame(UInt16.self)
    try expectSame(UInt32.self)
    try expectSame(UInt64.self)
    try expectSame(UInt128.self)
  }

  /// Through every way a double can take: alone, in arrays, members, optionals, dictionaries, by hand.
  private func everyWay<T: Codable>(_ value: T) throws -> [T] {
    let options = Self.strings
    let fromArray = try JSONCoder.decode([T].self, from: JSONCoder.encode([value], options: options), options: options)
    let box = Pair(value: value, optional: value)
    let read = try JSONCoder.decode(Pair<T>.self, from: JSONCoder.encode(box, options: options), options: options)
    let map = try JSONCoder.decode(
      [String: T?].self, from: JSONCoder.encode(["k": value], options: options), options: options)
    return try fromArray + [read.value] + [read.optional, map["k"] ?? nil].compactMap { $0 }
      + [JSONCoder.decode(T.self, from: JSONCoder.encode(value, options: options), options: options)]
  }

  private struct Pair<T: Codable>: Codable {
    var value: T
    var optional: T?
  }

  @Test(arguments: 0..<40 as Range<UInt64>) func doublesKeepEveryBit(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let special: [Double] = [
      0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude, .pi,
      0.1, 1e22, 1e23, 9_007_199_254_740_992, 1e15, 1e16, -1e19,
    ]
    for value in special + (0..<50).map({ _ in Double(bitPattern: generator.next()) }) where !value.isNaN {
      let read = try everyWay(value)
      #expect(read.count == 5)
      #expect(read.allSatisfy { $0.bitPattern == value.bitPattern }, "\(value)")
    }
    #expect(try everyWay(Double.nan).filter(\.isNaN).count == 5)
  }

  @Test(arguments: 0..<40 as Range<UInt64>) func floatsKeepEveryBit(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let special: [Float] = [
      0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude, 0.1,
    ]
    let random = (0..<200).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }
    for value in special + random where !value.isNaN {
      let read = try everyWay(value)
      #expect(read.count == 5)
      #expect(read.allSatisfy { $0.bitPattern == value.bitPattern }, "\(value)")
    }
    #expect(try everyWay(Float.nan).filter(\.isNaN).count == 5)
  }

  @Test func aFloatIsRoundedOnce() throws {
    // The middle between 1 and the next float, and a bit more: by way of a double it would round to 1.
    for literal in ["1.0000000596046448", "1.00000005960464477540"] {
      #expect(try JSONCoder.decode(Float.self, from: literal) == Float(1).nextUp)
    }
    #expect(Float(1.0000000596046448 as Double) == 1)
    #expect(throws: DecodingError.self) { try JSONCoder.decode(Float.self, from: "1e39") }
    #expect(throws: DecodingError.self) { try JSONCoder.decode(Double.self, from: "1e309") }
    #expect(try JSONCoder.decode(Double.self, from: "12345678901234567890123") == 1.2345678901234568e22)
  }

  @Test func nonFiniteNumbersAreRefusedWithTheirPlace() throws {
    struct Row: Codable { var values: [Double] }
    #expect(try JSONCoder.text([Double.infinity, -.infinity, .nan], options: Self.strings) == #"["inf","-inf","nan"]"#)
    let cases: [(any Encodable, String)] = [
      (["rows": [Row(values: [1]), Row(values: [1, .nan])]], "rows[1].values[1]"),
      (["a": Double.infinity], "a"), ([Float.nan], "[0]"), ([[-Double.infinity]], "[0][0]"),
      ([Coded.Fast(id: "f", next: [Coded.Fast(id: "g", score: .nan)])], "[0].next[0].score"),
      (JSONValue.array([.double(.nan)]), "the top level"),
    ]
    for (value, place) in cases {
      let error = #expect(throws: EncodingError.self) { try JSONCoder.encode(value) }
      guard case .invalidValue(_, let context) = error else { continue }
      #expect(context.debugDescription.contains("(at \(place))"), "\(context.debugDescription)")
    }
    #expect(throws: DecodingError.self) { try JSONCoder.decode(Double.self, from: #""inf""#) }
    #expect(throws: DecodingError.self) { try JSONCoder.decode(Double.self, from: #""x""#, options: Self.strings) }
    #expect(try JSONCoder.decode(String.self, from: #""inf""#, options: Self.strings) == "inf")
  }
}
