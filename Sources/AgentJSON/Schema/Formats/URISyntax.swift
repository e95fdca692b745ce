/// Checks the syntax of URIs by RFC 3986 and, with Unicode, of IRIs by RFC 3987.
struct URISyntax {
  let allowsUnicode: Bool

  func accepts(_ text: String, isReference: Bool) -> Bool {
    let uri = URIReference(text)
    guard isReference || uri.scheme != nil else { return false }
    if let scheme = uri.scheme, !Self.isScheme(scheme) { return false }
    if let authority = uri.authority, !isAuthority(authority) { return false }
    // Without a scheme a first segment with a colon would be taken for one.
    if uri.scheme == nil, uri.authority == nil, uri.path.prefix(while: { $0 != "/" }).contains(":") { return false }
    return isMade(uri.path, of: "/:@") && isMade(uri.query ?? "", of: "/:@?") && isMade(uri.fragment ?? "", of: "/:@?")
  }

  private static func isScheme(_ scheme: String) -> Bool {
    guard let first = scheme.utf8.first, FormatScanner.isLetter(first) else { return false }
    return scheme.utf8.allSatisfy {
      FormatScanner.isLetter($0) || FormatScanner.isDigit($0) || "+-.".utf8.contains($0)
    }
  }

  private func isAuthority(_ authority: String) -> Bool {
    var rest = Substring(authority)
    if let at = rest.firstIndex(of: "@") {
      guard isMade(String(rest[..<at]), of: ":") else { return false }
      rest = rest[rest.index(after: at)...]
    }
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { return false }
      let literal = Array(rest[rest.index(after: rest.startIndex)..<end].utf8)
      guard FormatScanner.isIPv6(literal[...]) || isFutureAddress(literal) else { return false }
      rest = rest[rest.index(after: end)...]
      return rest.isEmpty || (rest.hasPrefix(":") && rest.dropFirst().utf8.allSatisfy(FormatScanner.isDigit))
    }
    if let colon = rest.firstIndex(of: ":") {
      guard rest[rest.index(after: colon)...].utf8.allSatisfy(FormatScanner.isDigit) else { return false }
      rest = rest[..<colon]
    }
    return isMade(String(rest), of: "")
  }

  /// `v1.…`, the form kept for later versions.
  private func isFutureAddress(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes.first, first | 0x20 == UInt8(ascii: "v"), let dot = bytes.firstIndex(of: 0x2E) else {
      return false
    }
    let version = bytes[1..<dot]
    let address = String(decoding: bytes[(dot + 1)...], as: UTF8.self)
    return !version.isEmpty && version.allSatisfy(FormatScanner.isHexDigit) && !address.isEmpty
      && isMade(address, of: ":")
  }

  /// Whether a text is made of unreserved characters, sub-delimiters, %XX and those given.
  private func isMade(_ text: String, of more: String) -> Bool {
    var scalars = text.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      guard scalar.isASCII else {
        guard allowsUnicode, isUnicode(scalar) else { return false }
        continue
      }
      let byte = UInt8(truncatingIfNeeded: scalar.value)
      if byte == UInt8(ascii: "%") {
        guard let high = scalars.next(), let low = scalars.next(), high.isASCII, low.isASCII,
          Character(high).isHexDigit, Character(low).isHexDigit
        else { return false }
      } else if !FormatScanner.isLetter(byte), !FormatScanner.isDigit(byte), !"-._~!$&'()*+,;=".utf8.contains(byte),
        !more.utf8.contains(byte)
      {
        return false
      }
    }
    return true
  }

  /// `ucschar` and `iprivate` of RFC 3987, less strict about where the latter may stand.
  private func isUnicode(_ scalar: UnicodeScalar) -> Bool {
    scalar.value >= 0xA0 && scalar.value & 0xFFFE != 0xFFFE && !(0xFDD0...0xFDEF).contains(scalar.value)
  }
}

extension FormatScanner {
  /// Checks a URI template by RFC 6570.
  mutating func uriTemplate() -> Bool {
    while let byte = next() {
      switch byte {
      case UInt8(ascii: "{"): guard templateExpression() else { return false }
      case UInt8(ascii: "%"):
        guard let high = next(), let low = next(), Self.isHexDigit(high), Self.isHexDigit(low) else { return false }
      case 0x00...0x20, 0x7F: return false
      default: if "\"'<>\\^`|}".utf8.contains(byte) { return false }
      }
    }
    return true
  }

  private mutating func templateExpression() -> Bool {
    if let byte = peek, "+#./;?&=,!@|".utf8.contains(byte) { _ = next() }
    repeat {
      guard templateVariable() else { return false }
      if take(":") {
        guard let first = peek, first != UInt8(ascii: "0"), (1...4).contains(takeDigits()) else { return false }
      } else {
        _ = take("*")
      }
    } while take(",")
    return take("}")
  }

  private mutating func templateVariable() -> Bool {
    var length = 0
    while let byte = peek {
      if byte == UInt8(ascii: "%") {
        _ = next()
        guard let high = next(), let low = next(), Self.isHexDigit(high), Self.isHexDigit(low) else { return false }
      } else if Self.isLetter(byte) || Self.isDigit(byte) || byte == UInt8(ascii: "_") {
        _ = next()
      } else if byte == UInt8(ascii: "."), length > 0 {
        _ = next()
      } else {
        break
      }
      length += 1
    }
    return length > 0
  }
}
