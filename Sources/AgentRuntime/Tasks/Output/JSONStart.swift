/// Tells where a JSON object or array may begin and end in other text, without parsing it.
enum JSONStart {
  /// Whether what begins with a bracket may be JSON, by what stands behind it; nil where more has to be seen.
  static func isPlausible(_ bytes: some Sequence<UInt8>) -> Bool? {
    var bytes = bytes.makeIterator()
    guard let bracket = bytes.next() else { return nil }
    while let byte = bytes.next() {
      if isSpace(byte) { continue }
      if bracket == UInt8(ascii: "{") { return byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "}") }
      // A list that begins with true, false or null looks like prose, and is rarer than [that].
      return [UInt8](#"{["]-0123456789"#.utf8).contains(byte)
    }
    return nil
  }

  /// Where the brackets that the bytes begin with are closed; nil where they are not.
  static func balancedEnd(of bytes: ArraySlice<UInt8>) -> Int? {
    var nesting = JSONNesting()
    for index in bytes.indices where nesting.take(bytes[index]) { return index + 1 }
    return nil
  }

  static func isBracket(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// How deep in brackets a text is, read byte by byte from its first bracket on.
struct JSONNesting: Sendable, Hashable {
  private var depth = 0
  private var isInString = false
  private var isEscaped = false

  /// Returns whether the byte closes the first bracket.
  mutating func take(_ byte: UInt8) -> Bool {
    if isInString {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInString = false
      }
      return false
    }
    switch byte {
    case UInt8(ascii: "\""): isInString = true
    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      depth -= 1
      return depth <= 0
    default: break
    }
    return false
  }
}
