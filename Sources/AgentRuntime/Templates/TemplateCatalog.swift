public import AgentJSON

/// One version of a template with its type erased.
public struct TemplateVersion: Sendable {
  /// What the platform is told.
  public let about: TemplateDescription
  /// The template as `GET /v1/schema` and `GET /v1/templates` show it.
  public let json: JSONObject
  /// Reads a `template_config`; where it is well formed, and a sandbox's time is to be spent on it, the template looks
  /// at it, too.
  let check: @Sendable (JSONObject, TemplateContext, _ isDeep: Bool) async throws -> TemplateFindings
  let program: @Sendable (JSONObject) -> AgentProgram?

  init<Template: AgentTemplate>(_ type: Template.Type) {
    let about = Template.about
    self.about = about
    json = Self.describe(about, sections: Template.Settings.formSections, schema: Template.Settings.jsonSchema)
    check = { config, context, isDeep in
      let reading = Template.Settings.decode(config, path: context.path)
      var findings = TemplateFindings(faults: reading.faults, warnings: reading.warnings)
      guard isDeep, let settings = reading.settings else { return findings }
      let more = try await Template().check(settings, context)
      findings.faults += more.faults
      findings.warnings += more.warnings
      return findings
    }
    program = { config in
      guard let settings = Template.Settings.decode(config).settings else { return nil }
      return Template().prepare(settings)
    }
  }

  private static func describe(
    _ about: TemplateDescription, sections: JSONValue, schema: JSONObject
  ) -> JSONObject {
    var schema = schema
    schema["title"] = .string(about.displayName)
    let needs = about.requirements
    return [
      "template_name": .string(about.displayName), "template_id": .string(about.id), "type": .string(about.type),
      "version": .string(about.version), "displayName": .string(about.displayName),
      "description": .string(about.description),
      "runtimeRequirements": [
        "memory": .string(needs.memory), "cpu": .string(needs.cpu), "gpu": .bool(needs.gpu),
        "estimatedLatency": .string(needs.estimatedLatency),
      ],
      "configSchema": [
        "template_name": .string(about.displayName), "template_id": .string(about.id), "sections": sections,
      ],
      "jsonSchema": .object(schema),
    ]
  }
}

/// The templates this runtime has, in every version.
public struct TemplateCatalog: Sendable {
  /// The newest version of each template, in the order of registration.
  public let newest: [TemplateVersion]
  private let versions: [String: [TemplateVersion]]

  /// Registers templates; of one with several versions the last named is the newest.
  public init(_ templates: [any AgentTemplate.Type]) {
    var versions: [String: [TemplateVersion]] = [:]
    var order: [String] = []
    for template in templates {
      let version = TemplateVersion(template)
      if versions[version.about.id] == nil { order.append(version.about.id) }
      versions[version.about.id, default: []].append(version)
    }
    self.versions = versions
    newest = order.compactMap { versions[$0]?.last }
  }

  /// The ids of all templates.
  public var ids: [String] { newest.map(\.about.id) }

  /// A version of a template; the newest one for nil.
  public func version(_ version: String?, of id: String) -> TemplateVersion? {
    guard let version else { return versions[id]?.last }
    return versions[id]?.first { $0.about.version == version }
  }

  /// The versions of a template, oldest first.
  public func versionNames(of id: String) -> [String] { versions[id]?.map(\.about.version) ?? [] }
}
