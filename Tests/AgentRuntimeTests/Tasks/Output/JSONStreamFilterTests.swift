import AgentJSON
import Testing

@testable import AgentRuntime

struct JSONStreamFilterTests {
  private func filtered(_ pieces: [String], takesArrays: Bool = true) -> [String] {
    var filter = JSONStreamFilter(takesArrays: takesArrays)
    return pieces.map { filter.take($0) }
  }

  @Test(
    arguments: [
      (["{", "\"a\"", ":1}"], ["{", "\"a\"", ":1}"]), (["{\"a\":1}", "\n", " "], ["{\"a\":1}", "", ""]),
      (["\u{FEFF} \n", "[1", "]", "x"], ["", "[1", "]", ""]),
      (["```", "json\n", "{\"a\"", ":1}\n``", "`"], ["", "", "{\"a\"", ":1}", ""]),
      (["Sure", ":\n{", " ", "\"a\":1}", "!"], ["", "", "", "{ \"a\":1}", ""]),
      (["Hi {name},\n{x}\n{", "y}\n", "{}"], ["", "", "{}"]),
      (["See {\"a\":1}"], [""]), (["42"], [""]), (["no"], [""]), (["\"{\\\"a\\\":1}\""], [""]),
      (["{\"a\":\"}\\\"{\"", ",\"b\":[]}{\"c\":1}"], ["{\"a\":\"}\\\"{\"", ",\"b\":[]}"]),
      (["note\n[", "the", " list]\n[", "1]"], ["", "", "", "[1]"]),
      (["{\"a\":1}\r\n", "ok"], ["{\"a\":1}", ""]),
    ])
  func letsTheValueThrough(pieces: [String], passed: [String]) {
    #expect(filtered(pieces) == passed)
  }

  @Test func arraysMayBeUnwanted() {
    #expect(filtered(["[1]\n{\"a\":", "[1]}"], takesArrays: false) == ["{\"a\":", "[1]}"])
  }

  @Test func aBracketThatNothingFollowsIsLetGo() {
    var filter = JSONStreamFilter(takesArrays: true)
    #expect(filter.take("x\n{") == "")
    for _ in 0..<1000 { #expect(filter.take(" ") == "") }
    #expect(filter.take("\n{\"a\":1}") == "{\"a\":1}")
  }

  /// However a text is cut into pieces, the same goes through; where the value begins a line, it is what is extracted.
  @Test func piecesMakeNoDifference() {
    var random = SeededRandom(seed: 3)
    for _ in 0..<500 {
      let value = JSONExtractionTests.object(&random, depth: 2)
      let text = String(decoding: value.encoded(pretty: random.isOne(in: 2)), as: UTF8.self)
      let around = random.pick([("", ""), ("Sure {n} [1]:\n", "\nbye"), ("```json\n", "\n```\n"), (" \n\t", " ok {x}")])
      let whole = around.0 + text + around.1
      var filter = JSONStreamFilter(takesArrays: false)
      var (passed, rest) = ("", whole.unicodeScalars[...])
      while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...9, using: &random))
        rest = rest.dropFirst(piece.count)
        passed += filter.take(String(piece))
      }
      #expect(passed == text)
    }
  }
}
