/// Versions as PEP 440 writes them.
enum PythonVersion {
  /// Whether a text is one version in the normal form: `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`.
  static func isOne(_ text: Substring) -> Bool {
    var text = text
    if let mark = text.firstIndex(of: "!") {
      guard isNumber(text[..<mark]) else { return false }
      text = text[text.index(after: mark)...]
    }
    if let plus = text.firstIndex(of: "+") {
      guard isLocal(text[text.index(after: plus)...]) else { return false }
      text = text[..<plus]
    }
    takeSegment(".dev", from: &text)
    takeSegment(".post", from: &text)
    for mark in ["rc", "a", "b"] where takeSegment(mark, from: &text) { break }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isNumber)
  }

  /// Cuts a segment with its number off the end, where there is one.
  @discardableResult
  private static func takeSegment(_ mark: String, from text: inout Substring) -> Bool {
    var head = text
    while let last = head.utf8.last, (0x30...0x39).contains(last) { head.removeLast() }
    guard head.count < text.count, head.hasSuffix(mark) else { return false }
    text = head.dropLast(mark.count)
    return true
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func isLocal(_ text: Substring) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false)
      .allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(\.isDigitOrLowercase) }
  }
}
