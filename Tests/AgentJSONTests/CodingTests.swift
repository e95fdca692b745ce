import AgentJSON
import Testing

@Suite("Coding: the general shapes")
struct CodingTests {
  /// Encodes to just that text, and back to an equal value from the text and from its `JSONValue`.
  private func expect<T: Codable & Equatable>(
    _ value: T, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(try JSONCoder.text(value) == text, sourceLocation: sourceLocation)
    #expect(try JSONCoder.decode(T.self, from: text) == value, sourceLocation: sourceLocation)
    let json = try JSONCoder.value(of: value)
    #expect(json.encodedText == text, sourceLocation: sourceLocation)
    #expect(try JSONCoder.decode(T.self, from: json) == value, sourceLocation: sourceLocation)
  }

  @Test func scalars() throws {
    try expect(true, "true")
    try expect("a\"b\u{1}é😀", #""a\"b\u0001é😀""#)
    try expect(1.0, "1.0")
    try expect(Int?.none, "null")
    try expect(Int?.some(3), "3")
    try expect(Coded.Level.high, "2")
    try expect(Coded.Name.second, #""second""#)
    try expect(Coded.Nothing(), "{}")
  }

  @Test func structsAndEnums() throws {
    let message = Coded.Message(
      id: "m1", role: "user", parts: [.text("hi"), .image(url: "u", width: 3), .end, .quoted(.quoted(.end))],
      score: nil)
    try expect(
      message,
      #"{"id":"m1","role":"user","parts":[{"text":{"_0":"hi"}},{"image":{"url":"u","width":3}},{"end":{}},"#
        + #"{"quoted":{"_0":{"quoted":{"_0":{"end":{}}}}}}]}"#)
    try expect([[message.parts[2]], []], #"[[{"end":{}}],[]]"#)
    try expect(Coded.List.node(1, .node(2, .end)), #"{"node":{"_0":1,"_1":{"node":{"_0":2,"_1":{"end":{}}}}}}"#)
    try expect(Coded.Tree(children: [Coded.Tree(), Coded.Tree.line(2)]), treeText)
  }

  private let treeText = #"{"children":[{"children":[]},{"children":[{"children":[]}]}]}"#

  @Test func arrays() throws {
    try expect([String](), "[]")
    try expect(["a", "\n"], #"["a","\n"]"#)
    try expect([1, -2, .max, .min], "[1,-2,9223372036854775807,-9223372036854775808]")
    try expect([UInt8]([0, 255]), "[0,255]")
    try expect([nil, 1.5, nil], "[null,1.5,null]")
    try expect([[1], [], [2, 3]], "[[1],[],[2,3]]")
    try expect([true, false], "[true,false]")
    try expect(ContiguousArray([1, 2]), "[1,2]")
    try expect([Coded.Nothing(), Coded.Nothing()], "[{},{}]")
    try expect([Coded.Level.low, .high], "[1,2]")
  }

  @Test func dictionariesAndSetsAreSorted() throws {
    try expect(["b": 1, "a": 2, "é": 3, "": 4, "B": 5], #"{"":4,"B":5,"a":2,"b":1,"é":3}"#)
    try expect([10: "x", 9: "y", -1: "z"], #"{"-1":"z","9":"y","10":"x"}"#)
    try expect([Coded.Name.second: [1], .first: []], #"{"first":[],"second":[1]}"#)
    try expect([Coded.Level.high: true, .low: false], #"{"1":false,"2":true}"#)
    try expect(
      [Coded.Place(row: 2, column: 1): "b", Coded.Place(row: 1, column: 9): "a"],
      #"[{"row":1,"column":9},"a",{"row":2,"column":1},"b"]"#)
    try expect([Coded.Place: Int](), "[]")
    try expect([String: Coded.Place](), "{}")
    try expect(["p": Coded.Place(row: 1, column: 2)], #"{"p":{"row":1,"column":2}}"#)
    try expect(["p": nil, "q": 1], #"{"p":null,"q":1}"#)
    try expect(Set(["b", "a", "c"]), #"["a","b","c"]"#)
    try expect(Set<Int>(), "[]")
  }

  @Test(arguments: 0..<20) func equalDictionariesHaveEqualBytes(extra: Int) throws {
    // Capacity and insertions change a dictionary's own order.
    var grown = [String: [Int: Set<Int>]](minimumCapacity: 1 << (extra % 8))
    var plain: [String: [Int: Set<Int>]] = [:]
    let keys = 0..<30
    for key in keys { plain["k\(key)"] = [key: [1, key], -key - 1: []] }
    for key in keys.reversed() { grown["k\(key)"] = [-key - 1: [], key: [key, 1]] }
    for key in 0..<extra { grown["gone\(key)"] = [:] }
    for key in 0..<extra { grown["gone\(key)"] = nil }
    #expect(grown == plain)
    #expect(try JSONCoder.encode(grown) == JSONCoder.encode(plain))
  }

  @Test func classes() throws {
    let apart = Coded.Apart(name: "n", size: 3)
    #expect(try JSONCoder.text(apart) == #"{"super":{"name":"n"},"size":3}"#)
    let apartAgain = try JSONCoder.decode(Coded.Apart.self, from: JSONCoder.encode(apart))
    #expect((apartAgain.name, apartAgain.size) == ("n", 3))
    let shared = Coded.Shared(name: "n", size: 3)
    #expect(try JSONCoder.text(shared) == #"{"name":"n","size":3}"#)
    let sharedAgain = try JSONCoder.decode(Coded.Shared.self, from: JSONCoder.encode(shared))
    #expect((sharedAgain.name, sharedAgain.size) == ("n", 3))
    #expect(try JSONCoder.text([shared] as [Coded.Base]) == #"[{"name":"n","size":3}]"#)
  }

  @Test func bytesAreAppendedOrLeftAlone() throws {
    var bytes = Array("x,".utf8)
    try JSONCoder.encode([1, 2], into: &bytes)
    #expect(bytes == Array("x,[1,2]".utf8))
    #expect(throws: EncodingError.self) { try JSONCoder.encode([1, Double.nan], into: &bytes) }
    #expect(bytes == Array("x,[1,2]".utf8))
  }

  @Test func userInfoReachesTheTypes() throws {
    let key = try #require(CodingUserInfoKey(rawValue: "k"))
    let options = JSONCodingOptions(userInfo: [key: "v"])
    let value = Coded.Scripted { encoder in
      var container = encoder.unkeyedContainer()
      try container.encode(encoder.userInfo[key] as? String)
    }
    #expect(try JSONCoder.text([value], options: options) == #"[["v"]]"#)
    struct Read: Decodable {
      let info: String?
      init(from decoder: any Decoder) throws {
        info = CodingUserInfoKey(rawValue: "k").flatMap { decoder.userInfo[$0] as? String }
      }
    }
    #expect(try JSONCoder.decode([Read].self, from: "[0]", options: options).first?.info == "v")
  }
}
