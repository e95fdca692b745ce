import Testing

@testable import apus

@Suite struct TerminalTextTests {
  @Test(arguments: [
    ("", 0), ("abc", 3), ("Grüß", 4), ("e\u{301}", 1), ("分析需求", 8), ("ｆｕｌｌ", 8), ("한국", 4),
    ("\u{1112}\u{1161}\u{11AB}", 2),
    ("😀", 2), ("✓ ⠋ ✗ ○ ↻ …", 11), ("⌛", 2), ("❤", 1), ("❤\u{FE0F}", 2), ("🇩🇪", 2), ("1\u{FE0F}\u{20E3}", 2),
    ("a\u{200B}b", 2), ("ｶﾞ", 2), ("𠀀", 2), ("👍🏽", 4),
  ])
  func width(_ text: String, _ columns: Int) { #expect(TerminalText.width(text) == columns) }

  @Test(arguments: [
    ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abcd", 1, "…"), ("abcd", 0, ""), ("分析需求", 8, "分析需求"),
    ("分析需求", 7, "分析需…"), ("分析需求", 6, "分析…"), ("分析需求", 2, "…"), ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
    ("abc", -1, ""),
  ])
  func cut(_ text: String, _ columns: Int, _ expected: String) {
    let cut = TerminalText.cut(text, to: columns)
    #expect(cut == expected && TerminalText.width(cut) <= max(columns, 0))
  }
}
