import Testing

/// A text that is a JSON document, and how it is written again.
struct ValidDocument: Sendable, CustomTestStringConvertible {
  let text: String
  let written: String

  init(_ text: String, _ written: String? = nil) {
    self.text = text
    self.written = written ?? text
  }

  var testDescription: String { String(text.prefix(60)) }

  static let all: [ValidDocument] = literals + numbers + strings + structures

  private static let literals = [
    ValidDocument("null"), ValidDocument("true"), ValidDocument("false"), ValidDocument(" \t\r\n null\r\n", "null"),
  ]

  private static let numbers = [
    ValidDocument("0"), ValidDocument("-0", "-0.0"), ValidDocument("-0.0"), ValidDocument("1"), ValidDocument("-1"),
    ValidDocument("10"), ValidDocument("9223372036854775807"), ValidDocument("-9223372036854775808"),
    ValidDocument("9223372036854775808"), ValidDocument("-9223372036854775809"),
    ValidDocument("18446744073709551616"), ValidDocument("99999999999999999999999999999999999999"),
    ValidDocument("1.0"), ValidDocument("1.5"), ValidDocument("-1.5"), ValidDocument("0.1"),
    ValidDocument("1e2", "100.0"), ValidDocument("1E+2", "100.0"), ValidDocument("1e-2", "0.01"),
    ValidDocument("0e5", "0.0"), ValidDocument("0E-99999999999", "0.0"), ValidDocument("1.25e1", "12.5"),
    ValidDocument("1e22", "1e+22"), ValidDocument("1e23", "1e+23"), ValidDocument("5e-324"),
    ValidDocument("1.7976931348623157e308", "1.7976931348623157e+308"), ValidDocument("2.2250738585072014e-308"),
    ValidDocument("0.30000000000000004"), ValidDocument("0.10000000000000001"), ValidDocument("1e999"),
    ValidDocument("-1E400"), ValidDocument("1e-400"), ValidDocument("1e99999999999999999999"),
    ValidDocument("3.141592653589793238462643383279"), ValidDocument("1.50", "1.5"),
    ValidDocument("123456789012345680.0", "1.2345678901234568e+17"), ValidDocument("123456789012345678.0"),
  ]

  private static let strings = [
    ValidDocument(#""""#), ValidDocument(#""a""#), ValidDocument(#""\"\\\b\f\n\r\t""#),
    ValidDocument(#""\/""#, #""/""#),
    ValidDocument(#""\u0041""#, #""A""#), ValidDocument(#""\u00e9\u00E9""#, #""éé""#),
    ValidDocument(#""\ud83d\ude00""#, #""😀""#), ValidDocument(#""\uD834\uDD1E""#, #""𝄞""#),
    ValidDocument(#""\u0000\u001f""#), ValidDocument(#""\u007f""#, "\"\u{7F}\""), ValidDocument("\"\u{7F}\""),
    ValidDocument(#""\u2028""#, "\"\u{2028}\""), ValidDocument("\"\u{FEFF}\""), ValidDocument(#""é漢字😀""#),
    ValidDocument(#""e\u0301""#, "\"e\u{301}\""), ValidDocument(#""\uffff""#, "\"\u{FFFF}\""),
    ValidDocument(#""abcdefg\nabcdefgh\"""#), ValidDocument("\"\u{10FFFF}\""), ValidDocument(#""\\u0041""#),
  ]

  private static let structures = [
    ValidDocument("[]"), ValidDocument("[ ]", "[]"), ValidDocument("{}"), ValidDocument("{\n}", "{}"),
    ValidDocument("[1,2]"), ValidDocument("[ 1 , 2 ]", "[1,2]"), ValidDocument("[[],{},[{}]]"),
    ValidDocument(#"{"b":1,"a":2}"#), ValidDocument(#"{"":0}"#), ValidDocument(#"{ "a" : [ ] }"#, #"{"a":[]}"#),
    ValidDocument("{\"\u{E9}\":1,\"e\u{301}\":2}"), ValidDocument("{\"\u{F900}\":1,\"\u{8C48}\":2}"),
    ValidDocument(#"{"a":{"a":{"a":null}}}"#), ValidDocument(#"{"A":1,"a":2}"#),
  ]
}

/// Bytes that are no JSON document, with the fault to be reported.
struct InvalidDocument: Sendable, CustomTestStringConvertible {
  let bytes: [UInt8]
  let code: String
  let offset: Int

  init(_ text: String, _ code: String, _ offset: Int) {
    self.init(Array(text.utf8), code, offset)
  }

  init(_ bytes: [UInt8], _ code: String, _ offset: Int) {
    self.bytes = bytes
    self.code = code
    self.offset = offset
  }

  var testDescription: String { String(String(decoding: bytes, as: UTF8.self).prefix(60)) }

  static let all: [InvalidDocument] = ends + values + numbers + structures + strings + encodings

  private static let ends = [
    InvalidDocument("", "unexpected_end", 0), InvalidDocument("  ", "unexpected_end", 2),
    InvalidDocument("n", "unexpected_end", 1), InvalidDocument("tru", "unexpected_end", 3),
    InvalidDocument("[", "unexpected_end", 1), InvalidDocument("[1", "unexpected_end", 2),
    InvalidDocument("[1,", "unexpected_end", 3), InvalidDocument("{", "unexpected_end", 1),
    InvalidDocument(#"{"a""#, "unexpected_end", 4), InvalidDocument(#"{"a":"#, "unexpected_end", 5),
    InvalidDocument(#"{"a":1"#, "unexpected_end", 6), InvalidDocument(#"{"a":1,"#, "unexpected_end", 7),
    InvalidDocument("\"abc", "unexpected_end", 4), InvalidDocument("\"a\\", "unexpected_end", 3),
    InvalidDocument(#""\u12"#, "unexpected_end", 5), InvalidDocument(#""\ud800"#, "unexpected_end", 7),
    InvalidDocument("-", "unexpected_end", 1), InvalidDocument("1.", "unexpected_end", 2),
    InvalidDocument("1e", "unexpected_end", 2), InvalidDocument("1e-", "unexpected_end", 3),
  ]

  private static let values = [
    InvalidDocument("nul!", "invalid_literal", 3), InvalidDocument("nULL", "invalid_literal", 1),
    InvalidDocument("True", "unexpected_byte", 0), InvalidDocument("[tru]", "invalid_literal", 4),
    InvalidDocument("NaN", "unexpected_byte", 0), InvalidDocument("Infinity", "unexpected_byte", 0),
    InvalidDocument("undefined", "unexpected_byte", 0), InvalidDocument("'a'", "unexpected_byte", 0),
    InvalidDocument("// x\n1", "unexpected_byte", 0), InvalidDocument("/* */1", "unexpected_byte", 0),
    InvalidDocument("1 2", "trailing_content", 2), InvalidDocument("null,", "trailing_content", 4),
    InvalidDocument("{}}", "trailing_content", 2), InvalidDocument("[]]", "trailing_content", 2),
    InvalidDocument("\"a\"b", "trailing_content", 3), InvalidDocument("truefalse", "trailing_content", 4),
    InvalidDocument("1\0", "trailing_content", 1), InvalidDocument("\u{A0}1", "unexpected_byte", 0),
    InvalidDocument("\u{0C}1", "unexpected_byte", 0), InvalidDocument("1\u{2028}", "trailing_content", 1),
  ]

  private static let numbers = [
    InvalidDocument("01", "invalid_number", 1), InvalidDocument("-01", "invalid_number", 2),
    InvalidDocument("00", "invalid_number", 1), InvalidDocument("-x", "invalid_number", 1),
    InvalidDocument("--1", "invalid_number", 1), InvalidDocument("-Infinity", "invalid_number", 1),
    InvalidDocument("+1", "unexpected_byte", 0), InvalidDocument(".5", "unexpected_byte", 0),
    InvalidDocument("[1.]", "invalid_number", 3), InvalidDocument("1.e5", "invalid_number", 2),
    InvalidDocument("1e+x", "invalid_number", 3), InvalidDocument("1e5.5", "trailing_content", 3),
    InvalidDocument("1.2.3", "trailing_content", 3), InvalidDocument("0x1F", "trailing_content", 1),
    InvalidDocument("1_000", "trailing_content", 1), InvalidDocument("[1e]", "invalid_number", 3),
    InvalidDocument("-.5", "invalid_number", 1), InvalidDocument("1f", "trailing_content", 1),
    InvalidDocument("[0123]", "invalid_number", 2), InvalidDocument("１", "unexpected_byte", 0),
  ]

  private static let structures = [
    InvalidDocument("[1,]", "unexpected_byte", 3), InvalidDocument("[,1]", "unexpected_byte", 1),
    InvalidDocument("[1 2]", "unexpected_byte", 3), InvalidDocument("[1,,2]", "unexpected_byte", 3),
    InvalidDocument("[}", "unexpected_byte", 1), InvalidDocument("[1}", "unexpected_byte", 2),
    InvalidDocument("]", "unexpected_byte", 0), InvalidDocument("}", "unexpected_byte", 0),
    InvalidDocument("[1:2]", "unexpected_byte", 2), InvalidDocument(#"{"a"}"#, "unexpected_byte", 4),
    InvalidDocument(#"{"a" 1}"#, "unexpected_byte", 5), InvalidDocument(#"{"a":}"#, "unexpected_byte", 5),
    InvalidDocument(#"{"a":1,}"#, "unexpected_byte", 7), InvalidDocument(#"{,"a":1}"#, "unexpected_byte", 1),
    InvalidDocument(#"{"a":1 "b":2}"#, "unexpected_byte", 7), InvalidDocument("{a:1}", "unexpected_byte", 1),
    InvalidDocument("{1:1}", "unexpected_byte", 1), InvalidDocument("{null:1}", "unexpected_byte", 1),
    InvalidDocument(#"{"a":1]"#, "unexpected_byte", 6), InvalidDocument(#"{"a"::1}"#, "unexpected_byte", 5),
    InvalidDocument(#"{"a":1,"a":2}"#, "duplicate_key", 7), InvalidDocument(#"{"a":1,"\u0061":2}"#, "duplicate_key", 7),
    InvalidDocument(#"[{"b":1, "b" :2}]"#, "duplicate_key", 9), InvalidDocument(#"{"":1,"":2}"#, "duplicate_key", 6),
    InvalidDocument(String(repeating: "[", count: 129), "depth_exceeded", 128),
    InvalidDocument(String(repeating: #"{"a":"#, count: 129), "depth_exceeded", 640),
  ]

  private static let strings = [
    InvalidDocument("\"a\nb\"", "control_character", 2), InvalidDocument("\"\t\"", "control_character", 1),
    InvalidDocument("\"\0\"", "control_character", 1), InvalidDocument("\"abcdefghij\u{1F}\"", "control_character", 11),
    InvalidDocument("\"a\r\n\"", "control_character", 2), InvalidDocument("{\"\n\":1}", "control_character", 2),
    InvalidDocument(#""\x41""#, "invalid_escape", 2), InvalidDocument(#""\'""#, "invalid_escape", 2),
    InvalidDocument(#""\0""#, "invalid_escape", 2), InvalidDocument(#""\U0041""#, "invalid_escape", 2),
    InvalidDocument(#""\u00g0""#, "invalid_escape", 5), InvalidDocument(#""\u+123""#, "invalid_escape", 3),
    InvalidDocument(#""\u{41}""#, "invalid_escape", 3), InvalidDocument(#""\u12""#, "invalid_escape", 5),
    InvalidDocument("\"\\\n\"", "invalid_escape", 2), InvalidDocument(#""\ud800\uzzzz""#, "invalid_escape", 9),
    InvalidDocument(#""\ud800""#, "lone_surrogate", 1), InvalidDocument(#""\udc00""#, "lone_surrogate", 1),
    InvalidDocument(#""\ud800x""#, "lone_surrogate", 1), InvalidDocument(#""\ud800\n""#, "lone_surrogate", 1),
    InvalidDocument(#""\ud800\ud800""#, "lone_surrogate", 1), InvalidDocument(#""\ud83d\u0041""#, "lone_surrogate", 1),
    InvalidDocument(#""ab\ude00\ud83d""#, "lone_surrogate", 3),
  ]

  private static func quoted(_ bytes: UInt8...) -> [UInt8] { [0x22] + bytes + [0x22] }

  private static let encodings = [
    InvalidDocument([0xEF, 0xBB, 0xBF, 0x31], "byte_order_mark", 0),
    InvalidDocument([0xFE, 0xFF, 0x00, 0x31], "unexpected_byte", 0),
    InvalidDocument([0x31, 0x00], "trailing_content", 1),
    InvalidDocument([0xFF], "unexpected_byte", 0),
    InvalidDocument(quoted(0x80), "invalid_utf8", 1),
    InvalidDocument(quoted(0x61, 0xBF), "invalid_utf8", 2),
    InvalidDocument(quoted(0xC0, 0x80), "invalid_utf8", 1),
    InvalidDocument(quoted(0xC1, 0xBF), "invalid_utf8", 1),
    InvalidDocument(quoted(0xC3), "invalid_utf8", 1),
    InvalidDocument(quoted(0xC3, 0x41), "invalid_utf8", 1),
    InvalidDocument(quoted(0xE0, 0x80, 0x80), "invalid_utf8", 1),
    InvalidDocument(quoted(0xE2, 0x82), "invalid_utf8", 1),
    InvalidDocument(quoted(0xED, 0xA0, 0x80), "invalid_utf8", 1),
    InvalidDocument(quoted(0xED, 0xBF, 0xBF), "invalid_utf8", 1),
    InvalidDocument(quoted(0xF0, 0x80, 0x80, 0x80), "invalid_utf8", 1),
    InvalidDocument(quoted(0xF0, 0x9F, 0x98), "invalid_utf8", 1),
    InvalidDocument(quoted(0xF4, 0x90, 0x80, 0x80), "invalid_utf8", 1),
    InvalidDocument(quoted(0xF5, 0x80, 0x80, 0x80), "invalid_utf8", 1),
    InvalidDocument(quoted(0xC3, 0xA9, 0xFE), "invalid_utf8", 3),
    InvalidDocument(quoted(0x5C, 0x6E, 0xC3, 0xA9, 0xE9), "invalid_utf8", 5),
    InvalidDocument(quoted(0xC3, 0x5C, 0x6E), "invalid_utf8", 1),
    InvalidDocument([0x22, 0xE2, 0x82], "invalid_utf8", 1),
    InvalidDocument(Array("{\"".utf8) + [0xFF] + Array("\":1}".utf8), "invalid_utf8", 2),
  ]
}
