extension JSONParser {
  /// Parses the string whose opening quote stands at `position`.
  mutating func string(_ bytes: Span<UInt8>) throws(JSONFault) -> String {
    position += 1
    let start = position
    let (end, isASCII) = bytes.plainRun(from: start)
    position = end
    if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
      let text = isASCII ? Self.ascii(bytes, start..<position) : try Self.text(bytes, start..<position)
      position += 1
      return text
    }
    return try escapedString(bytes, from: start)
  }

  /// Goes on with a string whose first run, from `start` to `position`, ends with something other than a quote.
  private mutating func escapedString(_ bytes: Span<UInt8>, from start: Int) throws(JSONFault) -> String {
    unescaped.removeAll(keepingCapacity: true)
    var start = start
    while true {
      try Self.validate(bytes, start..<position)
      unescaped.append(bytes, start..<position)
      guard position < bytes.count else { throw JSONFault(.unexpectedEnd, position, .stringEnd) }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: unescaped, as: UTF8.self)
      case UInt8(ascii: "\\"):
        try escape(bytes)
      default:
        throw JSONFault(.controlCharacter, position, .escaped)
      }
      start = position
      position = bytes.plainRun(from: start).end
    }
  }

  private mutating func escape(_ bytes: Span<UInt8>) throws(JSONFault) {
    guard position + 1 < bytes.count else { throw JSONFault(.unexpectedEnd, position + 1, .escape) }
    let plain: UInt8
    switch bytes[position + 1] {
    case UInt8(ascii: "\""): plain = 0x22
    case UInt8(ascii: "\\"): plain = 0x5C
    case UInt8(ascii: "/"): plain = 0x2F
    case UInt8(ascii: "b"): plain = 0x08
    case UInt8(ascii: "f"): plain = 0x0C
    case UInt8(ascii: "n"): plain = 0x0A
    case UInt8(ascii: "r"): plain = 0x0D
    case UInt8(ascii: "t"): plain = 0x09
    case UInt8(ascii: "u"): return try unicodeEscape(bytes)
    default: throw JSONFault(.invalidEscape, position + 1, .escape)
    }
    unescaped.append(plain)
    position += 2
  }

  private mutating func unicodeEscape(_ bytes: Span<UInt8>) throws(JSONFault) {
    let first = position
    var code = try hexDigits(bytes, from: first + 2)
    position += 6
    switch code {
    case 0xDC00...0xDFFF:
      throw JSONFault(.loneSurrogate, first, .highSurrogate)
    case 0xD800...0xDBFF:
      // Both bytes of the next escape, of which the text's end may cut off any.
      for (index, byte) in [UInt8(ascii: "\\"), UInt8(ascii: "u")].enumerated() {
        guard position + index < bytes.count else { throw JSONFault(.unexpectedEnd, position + index, .lowSurrogate) }
        guard bytes[position + index] == byte else { throw JSONFault(.loneSurrogate, first, .lowSurrogate) }
      }
      let low = try hexDigits(bytes, from: position + 2)
      guard (0xDC00...0xDFFF).contains(low) else { throw JSONFault(.loneSurrogate, first, .lowSurrogate) }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      position += 6
    default:
      break
    }
    guard let scalar = UnicodeScalar(code) else { throw JSONFault(.loneSurrogate, first, .lowSurrogate) }
    unescaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }

  private func hexDigits(_ bytes: Span<UInt8>, from start: Int) throws(JSONFault) -> UInt32 {
    var code: UInt32 = 0
    for index in start..<start + 4 {
      guard index < bytes.count else { throw JSONFault(.unexpectedEnd, bytes.count, .hexDigit) }
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): code = code << 4 | UInt32(byte - 0x30)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): code = code << 4 | UInt32(byte - 0x57)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): code = code << 4 | UInt32(byte - 0x37)
      default: throw JSONFault(.invalidEscape, index, .hexDigit)
      }
    }
    return code
  }

  private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONFault) -> String {
    do {
      return String(copying: try UTF8Span(validating: bytes.extracting(range)))
    } catch {
      throw JSONFault(.invalidUTF8, range.lowerBound + error.byteOffsets.lowerBound, .utf8)
    }
  }

  private static func validate(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONFault) {
    do {
      _ = try UTF8Span(validating: bytes.extracting(range))
    } catch {
      throw JSONFault(.invalidUTF8, range.lowerBound + error.byteOffsets.lowerBound, .utf8)
    }
  }

  /// The text of bytes known to be ASCII, without looking at them again.
  static func ascii(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    unsafe String(copying: UTF8Span(unchecked: bytes.extracting(range), isKnownASCII: true))
  }
}

extension [UInt8] {
  mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
