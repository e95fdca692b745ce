import AgentJSON
import Foundation
import Testing

@Suite("Coding: JSONValue, types by hand, and Foundation's coders")
struct CodingValueTests {
  private struct Holder: Codable, Equatable {
    var value: JSONValue
    var object: JSONObject
    var list: [JSONValue]
    var map: [String: JSONValue]
    var optional: JSONValue?
  }

  @Test(arguments: 0..<200 as Range<UInt64>) func valuesStayWhatTheyAre(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let value = generator.value()
    #expect(try JSONCoder.encode(value) == value.encoded())
    #expect(try JSONCoder.decode(JSONValue.self, from: value.encoded()).encoded() == value.encoded())
    #expect(try JSONCoder.value(of: value).encoded() == value.encoded())
    #expect(try JSONCoder.decode(JSONValue.self, from: value).encoded() == value.encoded())
    let holder = Holder(value: value, object: ["z": value, "a": 1], list: [value, 1], map: ["k": value])
    let text = try JSONCoder.text(holder)
    let parts = #"{"value":\#(value),"object":{"z":\#(value),"a":1},"list":[\#(value),1],"map":{"k":\#(value)}}"#
    #expect(text == parts)
    #expect(try JSONCoder.text(JSONCoder.decode(Holder.self, from: text)) == text)
  }

  @Test func foundationsCodersTakeThemToo() throws {
    let value: JSONValue = [
      "null": .null, "bool": true, "int": -3, "big": .integer(.max), "double": 0.5, "text": "é", "list": [1, [], [:]],
      "unsigned": JSONNumber("18446744073709551615").map(JSONValue.number) ?? .null, "object": ["k": ["x": false]],
    ]
    let data = try JSONEncoder().encode(value)
    #expect(try JSONValue(parsing: Array(data)) == value)
    #expect(try JSONDecoder().decode(JSONValue.self, from: data) == value)
    #expect(try JSONDecoder().decode(JSONObject.self, from: data) == value.objectValue)
    let fast = Coded.Fast(id: "a\"", parts: [.text("x"), .end], next: [Coded.Fast(id: "")])
    let fastData = try JSONEncoder().encode([fast])
    #expect(try JSONDecoder().decode([Coded.Fast].self, from: fastData) == [fast])
    #expect(try JSONCoder.decode([Coded.Fast].self, from: Array(fastData)) == [fast])
  }

  @Test func plainTypesReadWhatFoundationWritesAndTheOtherWayRound() throws {
    let message = Coded.Message(id: "\u{0}\u{7F}", role: "/", parts: [.image(url: "u", width: -1), .end], score: 1e300)
    let list = [message, message]
    #expect(try JSONCoder.decode([Coded.Message].self, from: Array(JSONEncoder().encode(list))) == list)
    #expect(try JSONDecoder().decode([Coded.Message].self, from: Data(JSONCoder.encode(list))) == list)
    let map: [Coded.Level: [Int: Date]] = [.low: [1: Date(timeIntervalSinceReferenceDate: 0.25)], .high: [:]]
    #expect(try JSONCoder.decode([Coded.Level: [Int: Date]].self, from: Array(JSONEncoder().encode(map))) == map)
    #expect(try JSONDecoder().decode([Coded.Level: [Int: Date]].self, from: Data(JSONCoder.encode(map))) == map)
    let id = UUID()
    #expect(try JSONCoder.decode([UUID].self, from: JSONCoder.encode([id])) == [id])
    #expect(try JSONCoder.decode(Data.self, from: JSONCoder.encode(Data([1, 255]))) == Data([1, 255]))
  }

  @Test func typesByHandWriteWhatTheySay() throws {
    let fast = Coded.Fast(id: "a\"", score: -0.0, parts: [.text("x")], next: [Coded.Fast(id: "")])
    let inner = #"{"id":"","count":0,"isDone":true,"score":0.5,"parts":[],"next":[]}"#
    let text =
      #"{"id":"a\"","count":2,"isDone":false,"score":-0.0,"note":"a\"","#
      + #""parts":[{"text":{"_0":"x"}}],"next":[\#(inner)]}"#
    #expect(try JSONCoder.text(fast) == text)
    #expect(try JSONCoder.decode(Coded.Fast.self, from: text) == fast)
    #expect(try JSONCoder.text(["k": [fast], "l": nil]) == #"{"k":[\#(text)],"l":null}"#)
    let read = try JSONCoder.decode([String: [Coded.Fast]?].self, from: #"{"k":[\#(text)],"l":null}"#)
    #expect(read == ["k": [fast], "l": nil])
    let called = Coded.Scripted { encoder in try fast.encode(to: encoder) }
    #expect(try JSONCoder.text([called, called]) == "[\(text),\(text)]")
  }

  @Test(arguments: 0..<200 as Range<UInt64>) func randomMessagesSurvive(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    func part(_ depth: Int) -> Coded.Part {
      switch Int.random(in: 0...(depth < 8 ? 4 : 2), using: &generator) {
      case 0: .text(generator.text())
      case 1: .image(url: generator.text(), width: Int(truncatingIfNeeded: generator.next()))
      case 2: .end
      default: .quoted(part(depth + 1))
      }
    }
    let messages = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
      Coded.Message(
        id: generator.text(), role: generator.text(), parts: (0..<3).map { _ in part(0) },
        score: Bool.random(using: &generator) ? generator.double() : nil)
    }
    let bytes = try JSONCoder.encode(messages)
    #expect(try JSONCoder.decode([Coded.Message].self, from: bytes) == messages)
    #expect(try JSONValue(parsing: bytes).encoded() == bytes)
    let fast = messages.map { Coded.Fast(id: $0.id, score: $0.score ?? 0, parts: $0.parts) }
    #expect(try JSONCoder.decode([Coded.Fast].self, from: JSONCoder.encode(fast)) == fast)
  }
}
