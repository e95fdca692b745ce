import AgentJSON
import AgentRuntime
import Testing

/// Contract §3: decoding and `jsonSchema` come from one declaration and cannot disagree.
struct SettingsAgreementTests {
  private typealias Settings = SampleTemplate.Settings
  private static let names: [(section: String, fields: [String])] = [
    ("general", ["enabled", "count", "ratio", "name", "entryPoint", "body"]), ("lists", ["format", "steps", "names"]),
    ("free", ["integer", "number", "text"]),
  ]

  /// Numbers as a client may write them, each one that `Double` keeps, or far beyond.
  private static let numbers = [
    "0", "-0", "-0.0", "1", "5", "12", "13", "-3", "-4", "12.0", "1.2e1", "120e-1", "12.5", "0.5", "0.25", "2.25",
    "2.5",
    "1e2", "1E400", "-1e400", "1e30", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e-400",
  ]
  private static let texts = [
    "", " ", "\t\n", "\u{3000}", "\u{FEFF}", "\u{85}", "\u{200B}", "a", "ab", "abcdef", "abcdefg", "任务", "👩‍👩‍👧", "_x9",
    "9x",
    "a-b", "a\n", "\na", "json", "text", "JSON", "structured", "e\u{301}e\u{301}", "main",
  ]

  @Test(arguments: 0..<4)
  func decodingAndSchemaAgree(seed: Int) throws {
    let schema = try JSONSchema(.object(Settings.jsonSchema))
    var random = SeededRandom(seed: seed)
    var valid = 0
    for _ in 0..<800 {
      let config = Self.config(&random)
      let reading = Settings.decode(config)
      let faults = schema.validate(.object(config))
      #expect(
        reading.faults.isEmpty == faults.isEmpty,
        "\(config): decoding says \(reading.faults), the schema \(faults)")
      #expect((reading.settings != nil) == reading.faults.isEmpty)
      if reading.faults.isEmpty { valid += 1 }
    }
    #expect(valid > 40, "too few valid configurations to tell anything")
  }

  @Test func eachValueInEachSetting() throws {
    let schema = try JSONSchema(.object(Settings.jsonSchema))
    let values = try Self.numbers.map { try JSONValue(parsing: $0) } + Self.texts.map { .string($0) }
    let lists = values.map { JSONValue.array([$0]) }
    for (section, fields) in Self.names {
      for field in fields {
        for value in values + lists + [.null, true, [:], []] {
          var config: JSONObject = ["general": ["body": "x"]]
          var members = config[section]?.objectValue ?? [:]
          members[field] = value
          config[section] = .object(members)
          let (decodes, isValid) = (Settings.decode(config).faults.isEmpty, schema.isValid(.object(config)))
          #expect(decodes == isValid, "\(section).\(field): \(value) decodes: \(decodes), is valid: \(isValid)")
        }
      }
    }
  }

  private static func config(_ random: inout SeededRandom) -> JSONObject {
    var config: JSONObject = [:]
    for (section, fields) in names where !random.isOne(in: 12) {
      var members: JSONObject = [:]
      for field in fields where random.isOne(in: 3) || field == "body" {
        members[field] = random.isOne(in: 3) ? anyValue(&random) : likelyValue(field, &random)
      }
      if random.isOne(in: 8) { members["unknown"] = anyValue(&random) }
      config[section] = random.isOne(in: 40) ? anyValue(&random) : .object(members)
    }
    if random.isOne(in: 10) { config["steps"] = anyValue(&random) }
    return config
  }

  private static func likelyValue(_ field: String, _ random: inout SeededRandom) -> JSONValue {
    switch field {
    case "enabled": .bool(.random(using: &random))
    case "count": .integer(.random(in: -4...13, using: &random))
    case "ratio": .double(Double(Int.random(in: 0...10, using: &random)) / 4)
    case "format": .string(random.pick(["json", "text", "structured"]))
    case "steps", "names": .array((0..<Int.random(in: 0...5, using: &random)).map { _ in .string(random.pick(texts)) })
    case "integer", "number": (try? JSONValue(parsing: random.pick(numbers))) ?? .null
    default: .string(random.pick(texts))
    }
  }

  private static func anyValue(_ random: inout SeededRandom) -> JSONValue {
    switch Int.random(in: 0..<7, using: &random) {
    case 0: .null
    case 1: .bool(.random(using: &random))
    case 2: (try? JSONValue(parsing: random.pick(numbers))) ?? .null
    case 3: .string(random.pick(texts))
    case 4: .array((0..<Int.random(in: 0...3, using: &random)).map { _ in anyValue(&random) })
    case 5: [:]
    default: ["body": .string(random.pick(texts))]
    }
  }
}
