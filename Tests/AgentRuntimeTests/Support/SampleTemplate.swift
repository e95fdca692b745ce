import AgentJSON
import AgentRuntime

/// A template with a setting of every kind and every rule.
struct SampleTemplate: AgentTemplate {
  struct Settings: TemplateSettings {
    struct General: SettingsSection {
      static let title = "General"
      static let description = "What must be there"
      static let isRequired = true
      @Setting("Enabled", "Whether it is on") var enabled = true
      @Setting("Count", "", .range(-3...12)) var count = 5
      @Setting("Ratio", "", .range(0.5...2.25)) var ratio = 1.5
      @Setting("Name", "", .length(2...6)) var name = "four"
      @Setting("Entry point", "", .identifier) var entryPoint = "main"
      @Setting("Body", "", .required, .notBlank, .multiline) var body = ""
    }
    struct Lists: SettingsSection {
      static let title = "Lists"
      @Setting("Format") var format = Format.structured
      @Setting("Steps", "", .items(1...4), .notBlank, .length(0...5)) var steps = ["one", "two"]
      @Setting("Names", "", .identifier) var names: [String] = []
    }
    struct Free: SettingsSection {
      static let title = "Without rules"
      @Setting("Any integer") var integer = 1
      @Setting("Any number") var number = 0.5
      @Setting("Any text") var text = ""
    }
    var general = General()
    var lists = Lists()
    var free = Free()
  }

  enum Format: String, SettingChoice {
    case json, text, structured
  }

  static let about = TemplateDescription(
    id: "sample", type: "sample-type", version: "2.0.0", displayName: "Sample", description: "For tests",
    requirements: RuntimeRequirements(memory: "1MB", cpu: "1 core", gpu: true, estimatedLatency: "none"))

  func execute(_ run: AgentRun, settings: Settings) async throws -> ChatCompletion {
    try await run.answer([Message(.user, settings.general.body)])
  }
}

/// The template before, which had no body.
struct SampleTemplate1: AgentTemplate {
  struct Settings: TemplateSettings {
    struct General: SettingsSection {
      static let title = "General"
      @Setting("Count", "", .range(0...9)) var count = 5
    }
    var general = General()
  }

  static let about = TemplateDescription(
    id: "sample", type: "sample-type", version: "1.0.0", displayName: "Sample", description: "For tests",
    requirements: RuntimeRequirements(memory: "1MB", cpu: "1 core", estimatedLatency: "none"))

  func execute(_ run: AgentRun, settings: Settings) async throws -> ChatCompletion {
    try await run.answer([Message(.user, "\(settings.general.count)")])
  }
}
