extension JSONParser {
  /// Parses the string whose opening quote stands at `position`.
  mutating func string(_ bytes: Span<UInt8>) throws(JSONFault) -> String {
    position += 1
    let start = position
    let (end, isASCII) = Self.runEnd(bytes, from: start)
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
      position = Self.runEnd(bytes, from: start).end
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
      guard position < bytes.count else { throw JSONFault(.unexpectedEnd, position, .lowSurrogate) }
      guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
      else { throw JSONFault(.loneSurrogate, first, .lowSurrogate) }
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

  /// Where the run of bytes that stand for themselves ends: at a quote, a backslash, a control character or the end;
  /// and whether it holds ASCII alone, as far as that is known.
  private static func runEnd(_ bytes: Span<UInt8>, from start: Int) -> (end: Int, isASCII: Bool) {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var position = start
    var seen: UInt64 = 0
    let raw = unsafe bytes.bytes
    while position + 8 <= bytes.count {
      // Any bit pattern is a valid UInt64, and the load is bounds-checked.
      let word = UInt64(littleEndian: unsafe raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
      seen |= word
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      // The high bit of the lowest byte at fault is exact; borrows can only falsify those above it.
      let hits =
        ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- (ones &* 0x20)) & ~word) & highs
      // What follows the run in its last word counts as seen, too: at worst that costs a validation.
      if hits != 0 { return (position + hits.trailingZeroBitCount / 8, seen & highs == 0) }
      position += 8
    }
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x22 || byte == 0x5C || byte < 0x20 { break }
      seen |= UInt64(byte)
      position += 1
    }
    return (position, seen & highs == 0)
  }
}

extension [UInt8] {
  mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
