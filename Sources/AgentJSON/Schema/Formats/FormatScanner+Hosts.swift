extension FormatScanner {
  /// A host name by RFC 1123; of an internationalised one (xn--… or Unicode) only the shape is checked.
  static func isHostname(_ bytes: ArraySlice<UInt8>, allowsUnicode: Bool) -> Bool {
    guard !bytes.isEmpty, bytes.count <= 253 else { return false }
    return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      guard let first = label.first, let last = label.last, label.count <= 63 else { return false }
      let hyphen = UInt8(ascii: "-")
      guard first != hyphen, last != hyphen else { return false }
      // Hyphens at both third and fourth place are reserved for A-labels (RFC 5891).
      let isReserved = label.count >= 4 && label.dropFirst(2).prefix(2).allSatisfy { $0 == hyphen }
      if isReserved, label.prefix(2).map({ $0 | 0x20 }) != Array("xn".utf8) { return false }
      return label.allSatisfy { isLetter($0) || isDigit($0) || $0 == hyphen || (allowsUnicode && $0 >= 0x80) }
    }
  }

  static func isIPv4(_ bytes: ArraySlice<UInt8>) -> Bool {
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        guard (1...3).contains(part.count), part.allSatisfy(isDigit) else { return false }
        guard part.count == 1 || part.first != UInt8(ascii: "0") else { return false }
        return part.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 255
      }
  }

  /// An address by section 2.2 of RFC 4291, without a zone.
  static func isIPv6(_ bytes: ArraySlice<UInt8>) -> Bool {
    var groups = 0
    var hasGap = false
    var rest = bytes
    let colon = UInt8(ascii: ":")
    if rest.starts(with: [colon, colon]) {
      hasGap = true
      rest = rest.dropFirst(2)
    }
    while !rest.isEmpty {
      let group = rest.prefix { $0 != colon }
      if group.contains(UInt8(ascii: ".")) {
        groups += 2
        return group.endIndex == rest.endIndex && isIPv4(group) && (hasGap ? groups < 8 : groups == 8)
      }
      guard (1...4).contains(group.count), group.allSatisfy(isHexDigit) else { return false }
      groups += 1
      rest = rest[group.endIndex...]
      guard !rest.isEmpty else { break }
      rest = rest.dropFirst()
      guard let next = rest.first else { return false }
      guard next == colon else { continue }
      guard !hasGap else { return false }
      hasGap = true
      rest = rest.dropFirst()
    }
    return hasGap ? groups < 8 : groups == 8
  }

  /// An address by section 4.1.2 of RFC 5321, or with Unicode by RFC 6531.
  func email(allowsUnicode: Bool) -> Bool {
    guard let at = rest.lastIndex(of: UInt8(ascii: "@")) else { return false }
    let local = rest[..<at]
    let domain = rest[(at + 1)...]
    return Self.isLocalPart(local, allowsUnicode) && Self.isMailDomain(domain, allowsUnicode)
  }

  private static func isMailDomain(_ domain: ArraySlice<UInt8>, _ allowsUnicode: Bool) -> Bool {
    guard domain.first == UInt8(ascii: "["), domain.last == UInt8(ascii: "]"), domain.count > 2 else {
      return isHostname(domain, allowsUnicode: allowsUnicode)
    }
    let literal = domain.dropFirst().dropLast()
    return literal.starts(with: "IPv6:".utf8) ? isIPv6(literal.dropFirst(5)) : isIPv4(literal)
  }

  private static func isLocalPart(_ local: ArraySlice<UInt8>, _ allowsUnicode: Bool) -> Bool {
    if local.first == UInt8(ascii: "\""), local.last == UInt8(ascii: "\""), local.count > 2 {
      var quoted = local.dropFirst().dropLast()
      while let byte = quoted.popFirst() {
        if byte == UInt8(ascii: "\\") {
          guard let escaped = quoted.popFirst(), (0x20...0x7E).contains(escaped) else { return false }
        } else if byte == UInt8(ascii: "\"") || !((0x20...0x7E).contains(byte) || (allowsUnicode && byte >= 0x80)) {
          return false
        }
      }
      return true
    }
    return local.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
      !atom.isEmpty
        && atom.allSatisfy {
          isLetter($0) || isDigit($0) || (allowsUnicode && $0 >= 0x80) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0)
        }
    }
  }
}
