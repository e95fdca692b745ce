import Testing

@testable import AgentRuntime

struct PromptTests {
  /// A history in short: u and a are messages of user and assistant, c calls a tool, t is a tool's result.
  private func messages(_ text: String) -> [Message] {
    text.enumerated().map { index, letter in
      switch letter {
      case "u": .user("\(index)")
      case "a": .assistant("\(index)")
      case "c": .calls("\(index)")
      case "t": .result("\(index)")
      default: .system("\(index)")
      }
    }
  }

  /// What is left of history and request, in the same letters.
  private func kept(_ history: String, _ added: String, last count: Int) -> String {
    var prompt = Prompt(messages(added), systemPrompt: nil)
    prompt.history = messages(history)
    return String(
      prompt.messages(last: count).map { message -> Character in
        switch message.role {
        case .user: "u"
        case .assistant: message.hasToolCalls ? "c" : "a"
        case .tool: "t"
        case .system, .developer: "s"
        }
      })
  }

  @Test(arguments: [
    ("", "u", 1, "u"), ("uaua", "u", 5, "uauau"), ("uaua", "u", 100, "uauau"),
    // The new message counts.
    ("uaua", "u", 4, "uau"), ("uaua", "u", 3, "uau"), ("uaua", "u", 2, "u"), ("uaua", "u", 1, "u"),
    // The cut moves on to a user message.
    ("ucta", "u", 4, "u"), ("ucta", "u", 2, "u"), ("ucta", "u", 5, "uctau"), ("uaucttau", "u", 6, "uu"),
    ("uaucttau", "u", 7, "ucttauu"),
    // The tool exchange under way is not cut.
    ("uauc", "t", 1, "uct"), ("uauc", "tt", 2, "uctt"), ("uauctctct", "", 2, "uctctct"), ("", "uct", 1, "uct"),
    ("", "uct", 2, "uct"), ("uaucta", "uct", 3, "uct"), ("ua", "uctct", 2, "uctct"),
    // A request that brings its own history, stateless.
    ("", "uauauau", 3, "uau"), ("", "suauau", 3, "suau"), ("", "uasu", 1, "su"),
    // Nobody asked at all: whole exchanges nevertheless.
    ("", "a", 1, "a"), ("", "aa", 1, "a"), ("", "act", 1, "ct"), ("", "actt", 2, "ctt"), ("", "ctct", 1, "ct"),
  ])
  func cuts(history: String, added: String, count: Int, expected: String) {
    #expect(kept(history, added, last: count) == expected)
  }

  @Test func noCutSplitsAToolExchange() {
    var random = SeededRandom(seed: 7)
    for _ in 0..<3000 {
      var text = ""
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        text += random.pick(["ua", "ucta", "uctta", "uctcta", "u", "uct"])
      }
      let split = Int.random(in: 0...text.count, using: &random)
      let count = Int.random(in: 1...20, using: &random)
      let kept = kept(String(text.prefix(split)), String(text.dropFirst(split)), last: count)
      #expect(kept.first == "u", "\(text) cut to \(kept) by \(count)")
      #expect(text.hasSuffix(kept))
      // Longer than asked for only where the last user's message is further back.
      #expect(kept.count <= count || kept.lastIndex(of: "u") == kept.startIndex)
    }
  }

  @Test(
    arguments: [
      ([.user("q")], "prompt", ["system: prompt", "user: q"]), ([.user("q")], nil, ["user: q"]),
      ([.user("q")], "", ["user: q"]),
      ([.system("own"), .user("q")], "prompt", ["system: own", "user: q"]),
      ([Message(.developer, "own"), .user("q")], "prompt", ["developer: own", "user: q"]),
      ([.user("q"), .system("late")], "prompt", ["system: late", "user: q"]),
      ([.system("one"), .user("q"), Message(.developer, "two")], nil, ["system: one", "developer: two", "user: q"]),
    ] as [([Message], String?, [String])])
  func systemMessagesGoFirst(messages: [Message], prompt: String?, expected: [String]) {
    // They do not count.
    #expect(Prompt(messages, systemPrompt: prompt).messages(last: 1).map(\.short) == expected)
  }

  @Test(arguments: [
    ("u", false), ("uau", true), ("a", true), ("uct", false), ("ctu", false), ("uctau", true), ("t", false),
    ("uctcta", true),
  ])
  func bringsHistory(text: String, expected: Bool) {
    #expect(Prompt.bringsHistory(messages(text)) == expected)
  }
}
