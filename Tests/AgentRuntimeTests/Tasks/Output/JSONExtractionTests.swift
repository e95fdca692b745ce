import AgentJSON
import Testing

@testable import AgentRuntime

struct JSONExtractionTests {
  @Test(
    arguments: [
      (#"{"a":1}"#, #"{"a":1}"#), ("  \n{\"a\": 1}\n ", #"{"a": 1}"#), ("[1, 2]", "[1, 2]"), ("42", "42"),
      (#""text""#, #""text""#), ("null", "null"), ("\u{FEFF}{\"a\":1}", #"{"a":1}"#), ("\u{FEFF} [ ]", "[ ]"),
      // Fences.
      ("```json\n{\"a\":1}\n```", #"{"a":1}"#), ("```\n{\"a\":1}\n```", #"{"a":1}"#), ("```JSON\n[1]\n```", "[1]"),
      ("~~~json\n{\"a\":1}\n~~~", #"{"a":1}"#), ("```json\r\n{\"a\":1}\r\n```\r\n", #"{"a":1}"#),
      ("Sure:\n\n```json\n{\n  \"a\": 1\n}\n```\nThat is all.", "{\n  \"a\": 1\n}"),
      ("1. Here:\n   ```json\n   {\"a\":1}\n   ```", #"{"a":1}"#), ("````json\n{\"a\":\"```\"}\n````", #"{"a":"```"}"#),
      ("```json\n7\n```", "7"), ("```json\n{\"a\":1}", #"{"a":1}"#),
      ("```python\nx = {\"b\": 2}\n```\n```json\n{\"a\":1}\n```", #"{"a":1}"#),
      ("```python\nprint(1)\n```\nso: {\"a\":1}", #"{"a":1}"#),
      ("```json\n{\"a\":1}\n```\nand again\n```json\n{ \"a\": 1 }\n```", #"{"a":1}"#),
      // Prose.
      (#"Here it is: {"a":1}"#, #"{"a":1}"#), (#"{"a":1} I hope it helps."#, #"{"a":1}"#),
      ("By [1] and [2], with {name}:\n{\"a\":[3]}\nSee [4].", #"{"a":[3]}"#),
      (#"The list: [1,2,3]."#, "[1,2,3]"), ("So:\n  [\"x\"]\nDone", #"["x"]"#),
      (#"Braces {in prose} and {"a":"}{ \" ]["} here"#, #"{"a":"}{ \" ]["}"#),
      (#"As in {"x": 1, y} you get {"a":1}"#, #"{"a":1}"#), (#"[see {"a":1}]"#, #"{"a":1}"#),
      (#"{"a":{"b":{"c":[{}]}}} ok"#, #"{"a":{"b":{"c":[{}]}}}"#), ("Ünïcödé 日本 {\"ä\":\"日\"} 語", #"{"ä":"日"}"#),
    ])
  func isFound(text: String, json: String) throws {
    #expect(JSONExtraction(from: text) == .found(try JSONValue(parsing: json), text: json))
  }

  @Test(
    arguments: [
      ("", "There is no JSON in it."), ("I cannot do that.", "There is no JSON in it."),
      ("see [1] and [2]", "There is no JSON in it."), ("{name}", "There is no JSON in it."),
      ("```\nsome text\n```", "There is no JSON in it."), ("```json\n```", "There is no JSON in it."),
      // Not strict JSON: nothing is mended.
      (#"{"a":1,}"#, "found }"), ("[1,2,]", "found ]"), ("{'a':1}", "no JSON"), (#"{"a":1 // one"#, "found /"),
      (#"{"a":NaN}"#, "found N"), (#"{"a":1,"a":2}"#, "twice"), ("```json\n{\"a\":1,}\n```", "found }"),
      // Cut off: what is within is not the answer.
      (#"{"a":{"b":1},"c":"#, "ends too early"), (#"Here: {"a":[{"b":1}"#, "ends too early"),
      ("```json\n{\"a\":[1,2", "ends too early"), (#"{"a":"x"#, "ends too early"),
      (#"{"a":{"b":1,},"c":{"d":1}}"#, "found }"), (#"{"a":{"b":1},}"#, "found }"),
      // Several.
      (#"{"a":1} {"b":2}"#, "2 JSON values"), ("{\"a\":1}\n{\"b\":2}\n{\"c\":3}", "3 JSON values"),
      ("```json\n{\"a\":1}\n```\n```json\n{\"b\":2}\n```", "2 JSON values"),
      ("first:\n[1]\nsecond:\n[2]", "2 JSON values"),
    ])
  func isNotFound(text: String, words: String) {
    guard case .fault(let fault) = JSONExtraction(from: text) else {
      Issue.record("found something in \(text)")
      return
    }
    #expect(fault.contains(words) || words == "no JSON" && fault == "There is no JSON in it.")
  }

  @Test func whatIsHugeTakesItsTimeOnce() throws {
    let list = JSONValue.array((0..<50_000).map { ["n": .integer($0), "t": "{[\"text\"]}"] }).encodedText
    let prose = String(repeating: "{x} [y] \"z ", count: 50_000)
    let object = "{\"list\":\(list)}"
    #expect(JSONExtraction(from: object) == .found(try JSONValue(parsing: object), text: object))
    #expect(
      JSONExtraction(from: "\(prose)\n\(object)\n\(prose)") == .found(try JSONValue(parsing: object), text: object))
    for broken in [String(repeating: "[", count: 500_000), String(repeating: #"{"a":"#, count: 100_000), prose] {
      guard case .fault = JSONExtraction(from: broken) else {
        Issue.record("found something")
        continue
      }
    }
  }

  /// Whatever stands around it, as long as it holds no JSON itself, the value is found as it is.
  @Test func isFoundInAnySurroundings() throws {
    var random = SeededRandom(seed: 7)
    let before = ["", "Sure! ", "See [1]:\n", "{name}, here:\n\n", "```json\n", "Note \"this\":\n```\n"]
    for _ in 0..<500 {
      let value = Self.object(&random, depth: 3)
      let text = String(decoding: value.encoded(pretty: random.isOne(in: 2)), as: UTF8.self)
      let opening = random.pick(before)
      let closing =
        opening.contains("```")
        ? "\n```\nBye {x}." : random.pick(["", "\nThat is all [2].", " {}".replacing("{}", with: "ok")])
      #expect(JSONExtraction(from: opening + text + closing) == .found(value, text: text))
    }
  }

  static func object(_ random: inout SeededRandom, depth: Int) -> JSONValue {
    var object: JSONObject = [:]
    for index in 0..<Int.random(in: 1...3, using: &random) {
      let texts = ["x", "}", "{\"", "\\", "```", "[1]", "\n```\n", "日本", "a\"b"]
      object["k\(index)"] =
        depth > 0 && random.isOne(in: 2)
        ? Self.object(&random, depth: depth - 1) : random.isOne(in: 3) ? [1, .null, true] : .string(random.pick(texts))
    }
    return .object(object)
  }
}
