import AgentJSON
import AgentRuntime
import Testing

struct SettingsTests {
  private typealias Settings = SampleTemplate.Settings

  @Test func absentSettingsKeepTheirDefaults() throws {
    let settings = try #require(Settings.decode(["general": ["body": "x"]]).settings)
    #expect(settings.general.body == "x")
    #expect(settings.general.count == 5 && settings.general.enabled && settings.general.entryPoint == "main")
    #expect(settings.lists.format == .structured && settings.lists.steps == ["one", "two"])
  }

  @Test func allSettingsAreRead() throws {
    let reading = Settings.decode([
      "general": ["enabled": false, "count": -3, "ratio": 2.25, "name": "任务", "entryPoint": "_a9", "body": "b\n"],
      "lists": ["format": "json", "steps": ["a"], "names": ["x", "Y1"]],
      "free": ["integer": 1e3, "number": 7, "text": ""],
    ])
    let settings = try #require(reading.settings)
    #expect(reading.faults.isEmpty && reading.warnings.isEmpty)
    #expect(settings.general.count == -3 && settings.general.ratio == 2.25 && !settings.general.enabled)
    #expect(settings.general.name == "任务" && settings.general.entryPoint == "_a9" && settings.general.body == "b\n")
    #expect(settings.lists.format == .json && settings.lists.steps == ["a"] && settings.lists.names == ["x", "Y1"])
    #expect(settings.free.integer == 1000 && settings.free.number == 7)
  }

  @Test(
    arguments: [
      (["general": ["body": "x", "enabled": "yes"]], ["c.general.enabled: wrong_type"]),
      (["general": ["body": "x", "count": 13]], ["c.general.count: out_of_range"]),
      (["general": ["body": "x", "count": 1.5]], ["c.general.count: wrong_type"]),
      (["general": ["body": "x", "count": "5"]], ["c.general.count: wrong_type"]),
      (["general": ["body": "x", "count": .null]], ["c.general.count: wrong_type"]),
      (["general": ["body": "x", "ratio": 0.25]], ["c.general.ratio: out_of_range"]),
      (["general": ["body": "x", "ratio": true]], ["c.general.ratio: wrong_type"]),
      (["general": ["body": "x", "name": "a"]], ["c.general.name: wrong_length"]),
      (["general": ["body": "x", "name": "👩‍👩‍👧‍👧"]], ["c.general.name: wrong_length"]),
      (["general": ["body": "x", "entryPoint": "9a"]], ["c.general.entryPoint: pattern"]),
      (["general": ["body": "x", "entryPoint": "a\n"]], ["c.general.entryPoint: pattern"]),
      (["general": ["body": "x", "entryPoint": ""]], ["c.general.entryPoint: pattern"]),
      (["general": ["body": " \u{3000}\n"]], ["c.general.body: blank"]),
      (["general": [:]], ["c.general.body: missing"]),
      (["general": ["body": "x"], "lists": ["format": "xml"]], ["c.lists.format: wrong_type"]),
      (["general": ["body": "x"], "lists": ["steps": []]], ["c.lists.steps: wrong_count"]),
      (["general": ["body": "x"], "lists": ["steps": ["a", 1]]], ["c.lists.steps: wrong_type"]),
      (["general": ["body": "x"], "lists": ["steps": ["a", " "]]], ["c.lists.steps: blank"]),
      (["general": ["body": "x"], "lists": ["steps": ["abcdef"]]], ["c.lists.steps: wrong_length"]),
      (["general": ["body": "x"], "lists": ["names": ["ok", "no no"]]], ["c.lists.names: pattern"]),
      (["general": ["body": "x"], "lists": []], ["c.lists: wrong_type"]),
    ] as [(JSONObject, [String])])
  func faultsNameTheirPlace(config: JSONObject, expected: [String]) {
    let reading = Settings.decode(config, path: [.key("c")])
    #expect(reading.faults.map { "\($0.pathText): \($0.type)" } == expected)
    #expect(reading.settings == nil)
  }

  @Test func allFaultsComeAtOnce() {
    let reading = Settings.decode([
      "general": ["count": 99, "name": "", "entryPoint": "-"], "lists": ["format": 1, "steps": ["", "too long"]],
    ])
    #expect(
      Set(reading.faults.map { "\($0.pathText): \($0.type)" }) == [
        "general.count: out_of_range", "general.name: wrong_length", "general.entryPoint: pattern",
        "general.body: missing", "lists.format: wrong_type", "lists.steps: blank", "lists.steps: wrong_length",
      ])
    #expect(reading.faults.allSatisfy { !$0.message.isEmpty })
  }

  @Test func aRequiredSectionIsMissed() {
    let faults = Settings.decode([:]).faults.map { "\($0.pathText): \($0.type)" }
    #expect(faults.contains("general: missing"))
  }

  @Test func messagesNameValueAndRule() {
    let faults = Settings.decode(["general": ["body": "x", "count": 13, "ratio": "a"]]).faults
    #expect(faults.map(\.message) == ["13 is not from -3 to 12", "\"a\" is not a number"])
  }

  @Test func unknownNamesAreWarnings() {
    let reading = Settings.decode(["general": ["body": "x", "colour": 1], "steps": ["a"], "other": .null])
    #expect(reading.faults.isEmpty)
    #expect(reading.warnings.count == 3)
    #expect(reading.warnings.contains { $0.contains("template_config.general.colour") })
    #expect(reading.warnings.contains { $0.contains("template_config.steps") && $0.contains("lists.steps") })
  }

  @Test func aLongValueIsShortenedInMessages() {
    let long = JSONValue.string(String(repeating: "x", count: 10_000))
    let faults = Settings.decode([
      "general": ["body": "x", "count": long, "entryPoint": .string("-" + long.encodedText)]
    ])
    #expect(faults.faults.count == 2)
    #expect(faults.faults.allSatisfy { $0.message.count < 250 })
  }
}
