import AgentJSON
import AgentRuntime
import Testing

@testable import apus

@Suite(.timeLimit(.minutes(1))) struct YAMLFileTests {
  private func value(_ text: String) throws -> JSONValue { try YAMLFile(name: "f", text: text).value }

  private func lines(_ text: String) -> [String] {
    do {
      _ = try YAMLFile(name: "f", text: text)
      return []
    } catch {
      return error.lines
    }
  }

  @Test(
    arguments: [
      ("true", true), ("False", false), ("TRUE", true), ("yes", "yes"), ("on", "on"), ("tRUE", "tRUE"),
      ("null", nil), ("~", nil), ("NULL", nil), ("", nil), ("nil", "nil"),
      ("0", 0), ("-7", -7), ("+12", 12), ("012", 12), ("0o17", 15), ("0x1F", 31), ("0xG", "0xG"), ("0o8", "0o8"),
      ("0b1", "0b1"), ("1_000", "1_000"), ("12:30", "12:30"), ("2001-01-01", "2001-01-01"), ("-", nil),
      ("1.5", 1.5), ("-.5", -0.5), ("2.", 2.0), ("1e3", 1000.0), ("1E-2", 0.01), ("1.5e+2", 150.0), (".", "."),
      ("e3", "e3"), ("1e", "1e"), ("1.2.3", "1.2.3"), ("9223372036854775807", .integer(.max)),
      ("99999999999999999999", 1e20), ("\"1\"", "1"), ("'true'", "true"), ("!!str 5", "5"), ("! 5", "5"),
      ("!!int 5", 5), ("!!float 5", 5), ("!!null ''", nil), ("!!bool \"true\"", true), ("|\n  a\n  b", "a\nb\n"),
      (">\n  a\n  b", "a b\n"), ("\"\\u00e9\\t\"", "é\t"), ("a # b", "a"), ("a#b", "a#b"), ("ä€😀", "ä€😀"),
    ] as [(String, JSONValue?)])
  func scalarsFollowTheCoreSchema(_ text: String, _ expected: JSONValue?) throws {
    if text == "-" {
      #expect(try value("v:\n  -") == ["v": [.null]])
    } else {
      #expect(try value("v: \(text)\n") == ["v": expected ?? .null])
    }
  }

  @Test(
    arguments: [
      ("a: {b: [1, {c: x}], d: }", ["a": ["b": [1, ["c": "x"]], "d": .null]]),
      ("- 1\n-\n  - 2\n- a: b\n  c: d\n", [1, [2], ["a": "b", "c": "d"]]),
      ("1: a\ntrue: b\n", ["1": "a", "true": "b"]), ("---\na: 1\n...\n", ["a": 1]), ("", .null),
      ("# only this\n", .null),
      ("a: &x {b: 1}\nc: *x\n", ["a": ["b": 1], "c": ["b": 1]]),
      ("a: !!map {}\nb: !!seq []\n", ["a": [:], "b": []]),
      ("a: 1\r\nb: 2\r\n", ["a": 1, "b": 2]), ("a: \"line\n  fold\"\n", ["a": "line fold"]),
      ("&k a: 1\nb: *k\n", ["a": 1, "b": "a"]), ("\"<<\": x", ["<<": "x"]),
    ] as [(String, JSONValue)])
  func documentsBecomeJSON(_ text: String, _ expected: JSONValue) throws {
    #expect(try value(text) == expected)
  }

  @Test(arguments: [
    ("a: b: c\n", "f:1:5: mapping values are not allowed in this context"),
    ("a: [1, 2\nb: 3\n", "f:2:"), ("a:\n\t- x\n", "f:2:1:"), ("a: \"x\n", "f:2:"), ("a: *nope\n", "f:1:4:"),
    ("a: &x [*x]\n", "f:1:8:"), ("a: 1\n---\nb: 2\n", "f:2:1:"), ("a: @x\n", "f:1:4:"), ("a: %x\n", "f:1:4:"),
    ("x: 1\na: 1\nb: 2\na: 3\n", "f:2: more than one value for \"a\""),
    ("x:\n  1: a\n  \"1\": b\n", "f:2: more than one value for \"1\""),
    ("a: 1\n? [b]\n: 2\n", "f:2: a key that is a mapping or a sequence"), ("a: 1\n{b: c}: 2\n", "f:2: a key that is"),
    ("a: 1\nb: !thing 5\n", "f:2: b: the tag \"!thing\" is not known"), ("a: !!set {b}\n", "f:1: a: the tag"),
    ("a: !!omap []\n", "f:1: a: the tag"), ("a: !!int x\n", "f:1: a: \"x\" is not what its tag !!int says"),
    ("a:\n  - .inf\n", "f:2: a[0]: .inf is no number"), ("a: 1e999\n", "f:1: a: \"1e999\" is too large"),
    ("a: 0xFFFFFFFFFFFFFFFFFF\n", "f:1: a: "), ("b: &b {x: 1}\na:\n  <<: *b\n", "f:3: a.<<: merge keys"),
    ("a: \u{7}\n", "f:1: control characters are not allowed (U+7)"), ("a: \"\\ud800\"\n", "f:1:"),
    ("é\r\nb: \u{1}\n", "f:2: control"),
  ])
  func whatIsWrongIsToldWithItsLine(_ text: String, _ beginning: String) throws {
    let line = try #require(lines(text).first)
    #expect(line.hasPrefix(beginning), "\(line)")
  }

  @Test func allFaultsOfTheTreeAreToldInOrder() {
    #expect(
      lines("a: .nan\nb:\n  c: !x y\n  ? [z]\n  : 1\nd: -.inf\n").map { $0.prefix { $0 != " " } } == [
        "f:1:", "f:3:", "f:4:", "f:6:",
      ])
  }

  @Test func deepNestingIsRefused() {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(lines(nested(60)).isEmpty)
    #expect(lines(nested(100)).first?.contains("more than 64 levels") == true)
    #expect(lines(nested(5000)).count == 1)
    #expect(lines(String(repeating: "[", count: 500_000)).count == 1)
    #expect(lines(String(repeating: "{a: ", count: 500_000)).count == 1)
    #expect(lines(String(repeating: "- ", count: 500_000)).count == 1)
    #expect(lines(String(repeating: "? ", count: 500_000)).count == 1)
  }

  /// Nine of nine of nine … of nothing.
  private func laughs(_ levels: Int) -> String {
    "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
      + (1...levels).map { level in
        "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n"
      }.joined()
  }

  @Test func aBillionLaughsAreRefused() {
    #expect(lines(laughs(2)).isEmpty)
    for levels in [5, 9, 50] {
      #expect(lines(laughs(levels)).first?.contains("more than 50000 values") == true)
    }
  }

  @Test(arguments: [
    "? *a9\n: x\n", "*a9 : x\n", "[*a9] : x\n", "[[*a9]]: x\n", "{y: *a9}: x\n", "k: {? [*a9] : x}\n", "- ? *a9\n",
    "k: [[*a9]: x]\n", "k: {[*a9]: x}\n", "k: {*a9 : x}\n", "k: [? *a9 : x]\n", "k:\n  ? - *a9\n  : x\n",
    "k: 1\r? *a9\r: x\r", "k: 1\u{2028}? *a9\n: x\n",
  ])
  func laughsInAKeyAreRefusedBeforeTheyAreHashed(_ key: String) {
    #expect(lines(laughs(9) + key).first?.contains("a key that is an alias, a mapping or a sequence") == true)
  }

  @Test func endlessChainsOfAliasesAreRefused() {
    let chain = "a0: &a0 [x]\n" + (1...20_000).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()
    #expect(lines(chain).first?.contains("more than 1000 aliases") == true)
    let short = "a0: &a0 [x]\n" + (1...900).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()
    #expect(lines(short).first?.contains("levels") == true)
  }

  @Test func textThatOnlyLooksLikeAliasesIsTaken() throws {
    let text = "t: |\n" + String(repeating: "  *note: this* is ? *so* and }: ]: **x**\n", count: 12)
    #expect(try value(text)["t"]?.stringValue?.contains("*note") == true)
  }
}
