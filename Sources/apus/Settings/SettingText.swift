import FoundationEssentials

extension String {
  /// Without blanks and line breaks at either end.
  var trimmed: String { String(self[...].trimmed) }

  /// In quotes, on one line, and cut where it is long.
  var quoted: String {
    let shown = unicodeScalars.prefix(80).map { scalar in
      scalar.isControl ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return "\"\(shown.joined())\(unicodeScalars.count > 80 ? "…" : "")\""
  }

  /// Whether all of it is ASCII that leaves ink, so that it can stand in a header.
  var isVisibleASCII: Bool { utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}

extension Substring {
  /// Without blanks and line breaks at either end.
  var trimmed: Substring {
    var text = self
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}

extension Unicode.Scalar {
  /// Whether a terminal might obey it, or it breaks the line.
  var isControl: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
    default: false
    }
  }
}
