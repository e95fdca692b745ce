import AgentJSON

/// Finds the template that a body names, and checks what depends on it.
struct TemplateChoice {
  let templates: TemplateCatalog
  /// The agent before an update; nil for a new one.
  let previous: AgentDefinition?
  /// What code in a `template_config` is checked by; nil where there is none.
  let sandbox: (any Sandbox)?
  /// What gets that code; nil where there is none.
  let supply: (any CodeSupply)?
  /// Whether packages and repositories are got to be looked at.
  var mayFetch = true

  static let systemPromptMax = 65_536
  static let templateConfigBytesMax = 1 << 20

  /// Completes `agent` from the body. Throws `RuntimeError`: 422 with all faults of form, then 400 for what contract
  /// §1.4 calls a semantic refusal.
  func resolve(_ fields: inout AgentFields, _ agent: inout AgentDefinition) async throws {
    if let id = fields.reader.string("template_id", length: 1...128) { agent.templateID = id }
    let wantedVersion = fields.reader.string("template_version_id")
    let wantedType = fields.reader.string("type")
    if fields.reader.object.contains(key: "template_config") {
      agent.templateConfig = fields.reader.object("template_config") ?? [:]
    }
    if let newest = templates.version(nil, of: agent.templateID) {
      let version = version(wantedVersion, newest, agent, &fields)
      try await check(version, wantedType, agent, &fields)
      warn(version, &fields)
      agent.templateVersionID = version.about.version
      agent.type = version.about.type
    }
    guard fields.reader.faults.isEmpty else { throw RuntimeError.invalid(fields.reader.faults) }
    try refuse(agent)
  }

  /// The version asked for; else the agent's own, while its template stays; else the newest.
  private func version(
    _ wanted: String?, _ newest: TemplateVersion, _ agent: AgentDefinition, _ fields: inout AgentFields
  ) -> TemplateVersion {
    let reset = fields.reader.object["template_version_id"]?.isNull == true
    let kept = previous?.templateID == agent.templateID && !reset ? previous?.templateVersionID : nil
    guard let name = wanted ?? kept else { return newest }
    if let version = templates.version(name, of: agent.templateID) { return version }
    let known = templates.versionNames(of: agent.templateID).joined(separator: ", ")
    fields.reader.fault(
      "template_version_id", "'\(name.prefix(80))' is not a version of \(agent.templateID): \(known)", "not_allowed")
    return newest
  }

  private func check(
    _ version: TemplateVersion, _ type: String?, _ agent: AgentDefinition, _ fields: inout AgentFields
  ) async throws {
    if let type, type != version.about.type {
      fields.reader.fault(
        "type", "'\(type.prefix(80))' is not the type of template \(agent.templateID): \(version.about.type)",
        "not_allowed")
    }
    let path: [Fault.Step] = [.key("body"), .key("template_config")]
    // What is too large is refused below, and is not worth a sandbox's time; nor is what was looked at before.
    let isDeep = Self.size(agent) <= Self.templateConfigBytesMax && !isKept(version, agent)
    var context = TemplateContext(path: path, sandbox: sandbox, supply: supply)
    context.mayFetch = mayFetch
    let findings = try await version.check(agent.templateConfig, context, isDeep)
    fields.reader.add(findings.faults)
    fields.warnings += findings.warnings
  }

  /// Whether an update leaves the settings as they are stored.
  private func isKept(_ version: TemplateVersion, _ agent: AgentDefinition) -> Bool {
    guard let previous else { return false }
    return previous.templateID == version.about.id && previous.templateVersionID == version.about.version
      && previous.templateConfig == agent.templateConfig
  }

  private func warn(_ version: TemplateVersion, _ fields: inout AgentFields) {
    guard let previous, previous.templateVersionID != version.about.version || previous.templateID != version.about.id
    else { return }
    fields.warnings.append(
      "the template changed from \(previous.templateID) \(previous.templateVersionID) to "
        + "\(version.about.id) \(version.about.version)")
  }

  private static func size(_ agent: AgentDefinition) -> Int {
    agent.templateConfig.isEmpty ? 2 : JSONValue.object(agent.templateConfig).encoded().count
  }

  private func refuse(_ agent: AgentDefinition) throws {
    _ = try templates.newestVersion(of: agent.templateID)
    if let count = agent.systemPrompt?.unicodeScalars.count, count > Self.systemPromptMax {
      throw RuntimeError.refused(
        "system_prompt", "has \(count) characters, more than \(Self.systemPromptMax)", "too_long")
    }
    let size = Self.size(agent)
    if size > Self.templateConfigBytesMax {
      throw RuntimeError.refused(
        "template_config", "has \(size) bytes, more than \(Self.templateConfigBytesMax)", "too_long")
    }
  }
}

extension TemplateCatalog {
  /// The newest version of the template that a body names. Throws `RuntimeError` 400 where there is none.
  func newestVersion(of id: String) throws -> TemplateVersion {
    if let version = version(nil, of: id) { return version }
    let known = ids.joined(separator: ", ")
    throw RuntimeError.refused("template_id", "no template '\(id.prefix(128))'; there are: \(known)", "not_allowed")
  }
}

extension RuntimeError {
  /// The 400 for what contract §1.4 calls a semantic refusal of a field of the body.
  fileprivate static func refused(_ field: String, _ message: String, _ type: String) -> RuntimeError {
    let fault = Fault(path: [.key("body"), .key(field)], message: message, type: type)
    return RuntimeError(.validation, "\(fault.pathText): \(message)", status: 400, faults: [fault])
  }
}
