import AgentJSON
import Testing

/// Patterns, through the keyword that uses them.
@Suite struct PatternTests {
  private func matches(_ pattern: String, _ text: String) throws -> Bool {
    try JSONSchema(["pattern": .string(pattern)]).isValid(.string(text))
  }

  @Test(arguments: [
    ("", ""), ("", "x"), ("abc", "xxabcxx"), ("^abc$", "abc"), ("a|b", "xb"), ("^(a|b)*$", "abba"),
    ("^(?:ab)+$", "abab"),
    ("^(?<name>a)$", "a"), ("^a{3}$", "aaa"), ("^a{2,}$", "aaaa"), ("^a{1,3}?$", "aa"), ("^a+?b*?c??$", "aab"),
    ("^.$", "😀"), ("^[^a-c]$", "d"), ("^[a\\-z]+$", "a-z"), ("^[\\w-.]+$", "a-."), ("^[^]]$", "a]"), ("^[\\]]$", "]"),
    ("\\bfoo\\b", "a foo b"), ("\\Boo", "foo"), ("^\\u0041\\x42\\u{43}$", "ABC"), ("^\\ud83d\\ude00$", "😀"),
    ("^\\p{Lu}\\P{Lu}$", "Éé"), ("^\\p{gc=Nd}+$", "৪২"), ("^[\\p{L}\\d]+$", "é1"),
    ("^[^\\D]$", "5"), ("^[\\W]$", "é"), ("^\\cJ$", "\n"), ("^\\0$", "\0"), ("^[\\b]$", "\u{8}"), ("^{a}$", "{a}"),
    ("^a{,2}$", "a{,2}"), ("^]$", "]"), ("^\\@\\_\\-\\/$", "@_-/"), ("^(a*)*$", "aaa"), ("^(|a)+$", "aa"),
    ("^(){9}x", "x"),
    ("(^a|b$)", "cb"), ("^[-a]$", "-"), ("^[a-]$", "-"), ("a$|^b", "bc"), ("^\\p{Emoji}$", "😀"),
    ("^(a{2}){2}$", "aaaa"), ("^(ab?){2,3}$", "aba"), ("^x*y{0}z$", "xz"), ("^[🐲-🐵]$", "🐳"), ("^\\s$", "\u{FEFF}"),
  ])
  func matching(pattern: String, text: String) throws {
    #expect(try matches(pattern, text))
  }

  @Test(arguments: [
    ("^abc$", "abc\n"), ("^a{3}$", "aa"), ("^a{2,3}$", "aaaa"), (".", "\n"), (".", "\u{2028}"), ("[]", "a"),
    ("^[^]$", ""),
    ("\\bfoo\\b", "food"), ("^\\w$", "é"), ("^\\d$", "৪"), ("^[a-c]$", "d"), ("^(a|b)+$", "abc"), ("^\\p{Lu}$", "é"),
    ("^[^\\p{L}]$", "é"), ("^\\S$", "\u{A0}"), ("a^", "a"), ("$a", "a"), ("^e$", "e\u{301}"),
  ])
  func notMatching(pattern: String, text: String) throws {
    #expect(try !matches(pattern, text))
  }

  @Test(arguments: [
    ("(?=a)", "lookaround"), ("(?!a)", "lookaround"), ("(?<=a)b", "lookaround"), ("(?<!a)b", "lookaround"),
    ("(?i)a", "inline flags"), ("(a)\\1", "backreferences"), ("\\k<n>", "backreferences"), ("(a", "not closed"),
    ("a)", "closes no group"), ("[a", "not closed"), ("*a", "before a quantifier"), ("a**", "follows another"),
    ("a++", "follows another"), ("^*", "behind an assertion"), ("a{2,1}", "out of order"), ("[b-a]", "out of order"),
    ("\\a", "no escape"), ("\\", "backslash"), ("\\x4", "hexadecimal"), ("\\u{110000}", "no code point"),
    ("\\ud800", "no code point"), ("\\p{Greek}", "not supported"), ("\\p{Script=Greek}", "not supported"),
    ("\\pL", "braces"), ("a{99999}", "too large"), ("(a{999}){999}", "too large"), ("\\01", "octal"),
    ("\\c1", "letter"),
    (String(repeating: "(", count: 60), "too deeply"), ("(?<>a)", "malformed"),
  ])
  func refusedPatterns(pattern: String, reason: String) {
    let error = #expect(throws: JSONSchemaError.self) { try matches(pattern, "") }
    #expect(error?.code == .unsupportedPattern)
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test func timeIsLinearWhereBacktrackingIsExponential() throws {
    let text = String(repeating: "a", count: 2_000)
    for pattern in ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"] {
      #expect(try !matches(pattern, text + "!"))
    }
  }
}
