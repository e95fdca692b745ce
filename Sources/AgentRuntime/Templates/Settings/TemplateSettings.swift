public import AgentJSON

/// A group of settings, shown as one section of a platform's form.
public protocol SettingsSection: Sendable, Decodable {
  /// What a form shows above the section.
  static var title: String { get }
  /// What the section is about.
  static var description: String { get }
  /// Whether `template_config` must have the section.
  static var isRequired: Bool { get }
  /// The section with its defaults.
  init()
}

extension SettingsSection {
  /// No description.
  public static var description: String { "" }
  /// A section may be left out.
  public static var isRequired: Bool { false }
}

/// The settings of one version of a template: a struct whose stored properties are sections.
///
/// A released version's settings never change (a test compares both schemas with the stored ones); a change is a new
/// version with a type of its own.
public protocol TemplateSettings: Sendable, Decodable {
  /// All defaults.
  init()
}

/// What came of reading a `template_config`.
public struct SettingsReading<Settings: TemplateSettings>: Sendable {
  /// The settings; nil where there are faults.
  public var settings: Settings?
  /// All faults, each with its path.
  public var faults: [Fault]
  /// What is odd but allowed, such as names that no setting has.
  public var warnings: [String]
}

extension TemplateSettings {
  /// Reads and checks a `template_config`. `path` leads to it: `["body", "template_config"]`.
  public static func decode(_ config: JSONObject, path: [Fault.Step] = []) -> SettingsReading<Self> {
    let findings = SettingFindings()
    let outline = SettingsOutline(Self())
    outline.checkNames(of: config, path: path, into: findings)
    let settings = try? Self(from: SettingsDecoder(outline: outline, config: config, path: path, findings: findings))
    if settings == nil, findings.faults.isEmpty {
      findings.add(path, "cannot be read as \(Self.self)", "invalid")
    }
    return SettingsReading(
      settings: findings.faults.isEmpty ? settings : nil, faults: findings.faults, warnings: findings.warnings)
  }

  /// The form's description of the settings: contract §3's `sections`.
  public static var formSections: JSONValue { SettingsOutline(Self()).formSections }

  /// The settings as JSON Schema draft 2020-12.
  public static var jsonSchema: JSONObject { SettingsOutline(Self()).jsonSchema }
}
