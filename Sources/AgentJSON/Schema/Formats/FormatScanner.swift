/// Reads a text of ASCII form byte by byte.
struct FormatScanner {
  private var bytes: ArraySlice<UInt8>

  init(_ text: String) { bytes = Array(text.utf8)[...] }

  var isAtEnd: Bool { bytes.isEmpty }
  var rest: ArraySlice<UInt8> { bytes }
  var peek: UInt8? { bytes.first }

  mutating func next() -> UInt8? { bytes.popFirst() }

  mutating func take(_ scalar: UnicodeScalar) -> Bool {
    guard let byte = bytes.first, UInt32(byte) == scalar.value else { return false }
    bytes.removeFirst()
    return true
  }

  /// Takes a letter, given in lower case, in either case.
  mutating func takeLetter(_ letter: UnicodeScalar) -> Bool {
    guard let byte = bytes.first, UInt32(byte | 0x20) == letter.value else { return false }
    bytes.removeFirst()
    return true
  }

  /// The value of that many digits.
  mutating func digits(_ count: Int) -> Int? {
    guard bytes.count >= count else { return nil }
    var value = 0
    for byte in bytes.prefix(count) {
      guard Self.isDigit(byte) else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    bytes.removeFirst(count)
    return value
  }

  /// Takes all digits that are next; says how many.
  mutating func takeDigits() -> Int {
    let count = bytes.prefix(while: Self.isDigit).count
    bytes.removeFirst(count)
    return count
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }

  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 <= 25 }

  static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 0x61 <= 5 }
}

extension FormatScanner {
  mutating func uuid() -> Bool {
    for (index, count) in [8, 4, 4, 4, 12].enumerated() {
      if index > 0, !take("-") { return false }
      guard bytes.prefix(count).count == count, bytes.prefix(count).allSatisfy(Self.isHexDigit) else { return false }
      bytes.removeFirst(count)
    }
    return true
  }

  /// Takes a JSON Pointer by RFC 6901.
  mutating func jsonPointer() -> Bool {
    guard isAtEnd || peek == UInt8(ascii: "/") else { return false }
    while let byte = next() {
      if byte == UInt8(ascii: "~"), !take("0"), !take("1") { return false }
    }
    return true
  }

  mutating func relativeJSONPointer() -> Bool {
    let startsWithZero = peek == UInt8(ascii: "0")
    let count = takeDigits()
    guard count > 0, count == 1 || !startsWithZero else { return false }
    return take("#") || jsonPointer()
  }
}
