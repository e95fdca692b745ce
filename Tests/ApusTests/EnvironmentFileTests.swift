import Testing

@testable import apus

@Suite struct EnvironmentFileTests {
  @Test(arguments: [
    ("A=b", "b"), ("A = b ", "b"), ("export A=b", "b"), ("A=", ""), ("A=b # note", "b"), ("A=b#c", "b#c"),
    ("A= # note", ""), ("A=#b", "#b"), ("A=b=c", "b=c"), ("A=\"b # c\"", "b # c"), ("A='b # c' # note", "b # c"),
    ("A=\"b\\n\\t\\\"\\\\ \\$x \\q\"", "b\n\t\"\\ $x \\q"), ("A='b\\n'", "b\\n"), ("A=\"b\nc\"", "b\nc"),
    ("A=b\r\nB=c\r\n", "b"), ("\u{FEFF}A=b", "b"), ("# x\n\n  A=b", "b"), ("A=b\nA=c", "c"), ("A=it's", "it's"),
    ("A=日本 語", "日本 語"), ("A=\"\"", ""), ("A=$B", "$B"),
  ])
  func valueIs(_ text: String, _ value: String) {
    let file = EnvironmentFile(text)
    #expect(file.values["A"] == value)
    #expect(file.faults.isEmpty)
  }

  @Test(arguments: [
    ("hunter2", 1), ("A=b\nhunter2\nB=c", 2), ("A=\"hunter2", 1), ("\n\nA='hunter2\nB=c\n", 3),
    ("A=\"b\"hunter2", 1), ("1A=hunter2", 1), ("=hunter2", 1), ("hunter2 x=y", 1),
  ])
  func wrongLineIsNumberedAndNotShown(_ text: String, _ line: Int) throws {
    let file = EnvironmentFile(text)
    let fault = try #require(file.faults.first)
    #expect(fault.name == ".env line \(line)")
    #expect(!fault.description.contains("hunter2") && file.faults.count == 1)
  }

  @Test func linesBehindAFaultyOneAreRead() {
    let file = EnvironmentFile("A='x\nB=1\nwrong\nC=2")
    #expect(file.values == ["B": "1", "C": "2"])
    #expect(file.faults.map(\.name) == [".env line 1", ".env line 3"])
  }

  @Test func aFaultyLineStopsTheStart() {
    #expect(throws: SettingsError.self) {
      try Settings.load(environment: SettingsTests.needed, dotenv: "wrong line")
    }
  }
}
