import AgentJSON

/// The sections and settings of a settings type, read once from its default instance.
struct SettingsOutline {
  struct Section {
    var id: String
    var type: any SettingsSection.Type
    var settings: [(id: String, setting: any AnySetting)]
  }

  let sections: [Section]

  init(_ defaults: any TemplateSettings) {
    sections = Mirror(reflecting: defaults).children.compactMap { child in
      guard let id = child.label, let section = child.value as? any SettingsSection else { return nil }
      let settings = Mirror(reflecting: section).children.compactMap { field -> (String, any AnySetting)? in
        // The storage of a wrapped property is named with a leading underscore.
        guard let name = field.label?.dropFirst(), let setting = field.value as? any AnySetting else { return nil }
        return (String(name), setting)
      }
      return Section(id: id, type: type(of: section), settings: settings)
    }
  }

  func checkNames(of config: JSONObject, path: [Fault.Step], into findings: SettingFindings) {
    for (key, value) in config {
      guard let section = sections.first(where: { $0.id == key }) else {
        findings.warnings.append(unknown(key))
        continue
      }
      guard let members = value.objectValue else {
        findings.add(path + [.key(key)], "\(value.excerpt) is not an object", "wrong_type")
        continue
      }
      for name in members.keys where !section.settings.contains(where: { $0.id == name }) {
        findings.warnings.append(unknown("\(key).\(name)"))
      }
    }
    for section in sections where section.type.isRequired && config[section.id] == nil {
      findings.add(path + [.key(section.id)], "is required", "missing")
    }
  }

  private func unknown(_ name: String) -> String {
    let homes = sections.filter { $0.settings.contains { $0.id == name } }.map { "\($0.id).\(name)" }
    let hint = homes.isEmpty ? "" : "; did you mean \(homes.joined(separator: " or "))?"
    return "template_config.\(name) is not a setting of this template and is ignored\(hint)"
  }

  var formSections: JSONValue {
    .array(
      sections.map { section in
        [
          "id": .string(section.id), "title": .string(section.type.title),
          "description": .string(section.type.description), "required": .bool(section.type.isRequired),
          "fields": .array(section.settings.map { $0.setting.formField(id: $0.id) }),
        ]
      })
  }

  var jsonSchema: JSONObject {
    var properties: JSONObject = [:]
    for section in sections {
      var members: JSONObject = [:]
      for (id, setting) in section.settings { members[id] = setting.schema }
      var schema: JSONObject = ["type": "object", "title": .string(section.type.title)]
      if !section.type.description.isEmpty { schema["description"] = .string(section.type.description) }
      schema["properties"] = .object(members)
      let required = section.settings.filter { $0.setting.isRequired }.map { JSONValue.string($0.id) }
      if !required.isEmpty { schema["required"] = .array(required) }
      properties[section.id] = .object(schema)
    }
    var schema: JSONObject = [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": .object(properties),
    ]
    let required = sections.filter { $0.type.isRequired || $0.settings.contains { $0.setting.isRequired } }
    if !required.isEmpty { schema["required"] = .array(required.map { .string($0.id) }) }
    return schema
  }
}
