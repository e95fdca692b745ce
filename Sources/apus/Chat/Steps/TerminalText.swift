/// How wide text is on a terminal, in columns.
enum TerminalText {
  /// East Asian wide and full-width characters of Unicode 16 (UAX #11), emoji aside; unassigned ones between them too.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2630...0x2637, 0x268A...0x268F, 0x2E80...0x303E, 0x3041...0xA4CF,
    0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
    0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1D300...0x1D376, 0x1F200...0x1F265, 0x20000...0x3FFFD,
  ]

  /// The columns that a text without control characters takes.
  static func width(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width($1) } }

  /// The text, or as much of it as stands in so many columns with an ellipsis.
  static func cut(_ text: String, to columns: Int) -> String {
    guard width(text) > columns else { return text }
    guard columns > 0 else { return "" }
    var kept = String.UnicodeScalarView()
    // The ellipsis takes one.
    var left = columns - 1
    for scalar in text.unicodeScalars {
      left -= width(scalar)
      guard left >= 0 else { break }
      kept.append(scalar)
    }
    return String(kept) + "…"
  }

  /// Of what a terminal joins or not, as emoji with modifiers, the sum of the parts: it is never too little.
  private static func width(_ scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 { return scalar.value == 0 ? 0 : 1 }
    switch scalar.properties.generalCategory {
    // U+FE0F asks for the picture, which is wide, of a character that is narrow without it.
    case .nonspacingMark, .enclosingMark, .format: return scalar.value == 0xFE0F ? 1 : 0
    default: break
    }
    // Vowels and finals of Hangul join the syllable that was begun.
    if (0x1160...0x11FF).contains(scalar.value) { return 0 }
    // Two regional indicators make a flag.
    let isFlag = (0x1F1E6...0x1F1FF).contains(scalar.value)
    let isWide = wide.contains { $0.contains(scalar.value) } || scalar.properties.isEmojiPresentation && !isFlag
    return isWide ? 2 : 1
  }
}
