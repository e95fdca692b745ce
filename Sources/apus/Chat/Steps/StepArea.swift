/// An area of a terminal that is drawn again and again in place. The cursor rests at the start of the line below it.
struct StepArea {
  let hasColour: Bool
  // How wide what was drawn last is, line by line.
  private var drawn: [Int] = []

  init(hasColour: Bool) { self.hasColour = hasColour }

  /// What a terminal of so many columns must be sent for it to show these lines instead of those before.
  mutating func show(_ lines: [String], columns: Int) -> String {
    guard !(lines.isEmpty && drawn.isEmpty) else { return "" }
    // A terminal that was made narrower has broken the lines that are too long for it now.
    let rows = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / max(columns, 1)) }
    drawn = lines.map(TerminalText.width)
    let up = rows > 0 ? "\r\u{1B}[\(rows)A" : "\r"
    return up + lines.map { coloured($0) + "\u{1B}[K\n" }.joined() + "\u{1B}[J"
  }

  private func coloured(_ line: String) -> String {
    guard hasColour, let mark = line.first else { return line }
    let colour =
      switch mark {
      case "✓": "32"
      case "✗": "31"
      case "○", "…": "2"
      default: "36"
      }
    return "\u{1B}[\(colour)m\(mark)\u{1B}[0m\(line.dropFirst())"
  }
}
