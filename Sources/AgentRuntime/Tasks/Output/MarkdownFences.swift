/// Finds fenced code blocks, as CommonMark has them.
enum MarkdownFences {
  /// The contents of the fences that say that they hold JSON, or do not say what they hold.
  static func contents(of text: String) -> [String] {
    var (contents, open, lines) = ([String](), Fence?.none, [Substring]())
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      guard let fence = open else {
        open = Fence(line)
        lines = []
        continue
      }
      guard fence.isClosed(by: line) else {
        lines.append(line)
        continue
      }
      if fence.mayHoldJSON { contents.append(lines.joined(separator: "\n")) }
      open = nil
    }
    // One that is never closed ends with the text: the model was cut off.
    if let open, open.mayHoldJSON { contents.append(lines.joined(separator: "\n")) }
    return contents
  }

  private struct Fence {
    let mark: Character
    let length: Int
    let language: String

    init?(_ line: Substring) {
      let line = line.drop { $0 == " " || $0 == "\t" }
      guard let mark = line.first, mark == "`" || mark == "~" else { return nil }
      let rest = line.drop { $0 == mark }
      length = line.count - rest.count
      // In one line with its end it is no block.
      guard length >= 3, mark == "~" || !rest.contains("`") else { return nil }
      self.mark = mark
      language = rest.split(whereSeparator: \.isWhitespace).first?.lowercased() ?? ""
    }

    var mayHoldJSON: Bool { language.isEmpty || language.hasPrefix("json") }

    func isClosed(by line: Substring) -> Bool {
      let line = line.drop { $0 == " " || $0 == "\t" }
      let rest = line.drop { $0 == mark }
      return line.count - rest.count >= length && rest.allSatisfy(\.isWhitespace)
    }
  }
}
