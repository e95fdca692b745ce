/// Why and where a text is no JSON document by RFC 8259.
public struct JSONParseError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A stable snake_case name of the fault, one of `codes`.
  public let code: String
  /// What is wrong and what would be allowed.
  public let message: String
  /// The first byte at fault, counted from 0; for a repeated key its opening quote.
  public let offset: Int
  /// The line of that byte, counted from 1.
  public let line: Int
  /// The place in the line, counted from 1 in code points.
  public let column: Int

  /// All values of `code`.
  public static var codes: [String] { JSONFault.Code.allCases.map(\.rawValue) }

  /// The message with its place.
  public var description: String { "\(message) (line \(line), column \(column), byte \(offset))" }

  init(_ fault: JSONFault, in bytes: Span<UInt8>) {
    var line = 1
    var column = 1
    for index in 0..<min(fault.offset, bytes.count) {
      if bytes[index] == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if bytes[index] & 0xC0 != 0x80 {
        column += 1
      }
    }
    code = fault.code.rawValue
    message = fault.message(in: bytes)
    offset = fault.offset
    self.line = line
    self.column = column
  }
}

/// A fault in the parser's own terms: small, so that throwing costs nothing on the way.
struct JSONFault: Error {
  enum Code: String, CaseIterable {
    case byteOrderMark = "byte_order_mark"
    case controlCharacter = "control_character"
    case depthExceeded = "depth_exceeded"
    case duplicateKey = "duplicate_key"
    case invalidEscape = "invalid_escape"
    case invalidLiteral = "invalid_literal"
    case invalidNumber = "invalid_number"
    case invalidUTF8 = "invalid_utf8"
    case loneSurrogate = "lone_surrogate"
    case trailingContent = "trailing_content"
    case unexpectedByte = "unexpected_byte"
    case unexpectedEnd = "unexpected_end"
  }

  /// What the parser looked for.
  enum Expected: String {
    case value = "a value"
    case valueOrEnd = "a value or ]"
    case key = "a key in double quotes"
    case keyOrEnd = "a key in double quotes or }"
    case colon = "a colon"
    case commaOrArrayEnd = "a comma or ]"
    case commaOrObjectEnd = "a comma or }"
    case digit = "a digit"
    case literal = "true, false or null"
    case numberEnd = "no digit after a leading 0"
    case escape = "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u"
    case hexDigit = "four hexadecimal digits after \\u"
    case lowSurrogate = "a low surrogate \\uDC00 to \\uDFFF after a high one"
    case highSurrogate = "a high surrogate \\uD800 to \\uDBFF before a low one"
    case stringEnd = "the closing quote"
    case end = "the end of the text"
    case utf8 = "well-formed UTF-8"
    case noMark = "no byte order mark"
    case lessDepth = "fewer open arrays and objects"
    case uniqueKey = "a key that the object does not have yet"
    case escaped = "control characters escaped, as in \\n or \\u0001"
  }

  let code: Code
  let offset: Int
  let expected: Expected

  init(_ code: Code, _ offset: Int, _ expected: Expected) {
    self.code = code
    self.offset = offset
    self.expected = expected
  }

  func message(in bytes: Span<UInt8>) -> String {
    switch code {
    case .depthExceeded: "the arrays and objects are nested too deeply; expected \(expected.rawValue)"
    case .duplicateKey: "a key stands twice in one object; expected \(expected.rawValue)"
    case .unexpectedEnd: "the text ends too early; expected \(expected.rawValue)"
    default: "found \(Self.render(offset < bytes.count ? bytes[offset] : nil)); expected \(expected.rawValue)"
    }
  }

  private static func render(_ byte: UInt8?) -> String {
    guard let byte else { return "the end" }
    if (0x21...0x7E).contains(byte) { return String(UnicodeScalar(byte)) }
    let digits = String(byte, radix: 16, uppercase: true)
    return "byte 0x" + (digits.utf8.count < 2 ? "0" : "") + digits
  }
}
