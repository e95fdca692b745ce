import AgentJSON

/// One setting of a template: `@Setting("对话历史长度", .range(5...100)) var historyLength = 10`.
///
/// The declaration is all there is: the decoder, the checks, `configSchema` and `jsonSchema` are read from it.
@propertyWrapper
public struct Setting<Value: SettingValue>: Sendable, Decodable {
  /// The setting's value; in a template's default instance, its default.
  public var wrappedValue: Value
  let label: String
  let description: String
  let rules: [SettingRule]

  /// Declares a setting with its label, what it does, and what its value must satisfy.
  public init(wrappedValue: Value, _ label: String, _ description: String = "", _ rules: SettingRule...) {
    self.wrappedValue = wrappedValue
    self.label = label
    self.description = description
    self.rules = rules
  }

  /// Declares a setting without a description.
  public init(wrappedValue: Value, _ label: String, _ rule: SettingRule, _ more: SettingRule...) {
    self.wrappedValue = wrappedValue
    self.label = label
    description = ""
    rules = [rule] + more
  }

  /// Reads the setting out of a `template_config`; only `TemplateSettings.decode` can call it.
  public init(from decoder: any Decoder) throws {
    guard let field = decoder as? SettingDecoder, let declared = field.declaration as? Setting<Value> else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "Settings are read by TemplateSettings.decode alone."))
    }
    self = declared
    if let value = field.value.flatMap({ declared.read($0, at: field.path, into: field.findings) }) {
      wrappedValue = value
    } else if field.value == nil, declared.isRequired {
      field.findings.add(field.path, "is required", "missing")
    } else if field.value == nil, declared.rules.contains(.advised) {
      let place = Fault(path: field.path.filter { $0 != .key("body") }, message: "", type: "").pathText
      field.findings.warnings.append(
        "\(place) is not set; the default is used: \(declared.wrappedValue.settingJSON.encodedText)")
    }
  }

  private func read(_ json: JSONValue, at path: [Fault.Step], into findings: SettingFindings) -> Value? {
    guard let value = Value.read(json) else {
      findings.add(path, "\(json.excerpt) is not \(Value.expectation)", "wrong_type")
      return nil
    }
    let faults = rules.compactMap { $0.fault(of: value.settingJSON) }
    for fault in faults { findings.add(path, fault.message, fault.type) }
    return faults.isEmpty ? value : nil
  }
}

/// What the schemas need to know of a setting, whatever its type.
protocol AnySetting {
  var isRequired: Bool { get }
  func formField(id: String) -> JSONValue
  var schema: JSONValue { get }
}

extension Setting: AnySetting {
  var isRequired: Bool { rules.contains(.required) }

  func formField(id: String) -> JSONValue {
    let kind: SettingKind = rules.contains(.multiline) ? .textarea : Value.settingKind
    var field: JSONObject = [
      "id": .string(id), "type": .string(kind.rawValue), "label": .string(label), "description": .string(description),
      "required": .bool(isRequired),
    ]
    if !isRequired { field["defaultValue"] = wrappedValue.settingJSON }
    if !Value.choices.isEmpty {
      field["options"] = .array(Value.choices.map { ["value": .string($0.value), "label": .string($0.label)] })
    }
    var validation: JSONObject = [:]
    for rule in rules {
      for (key, value) in rule.formKeywords { validation[key] = value }
    }
    if Value.schemaType == "integer" { validation["integer"] = true }
    if !validation.isEmpty { field["validation"] = .object(validation) }
    return .object(field)
  }

  var schema: JSONValue {
    var schema: JSONObject = ["type": .string(Value.schemaType), "title": .string(label)]
    if !description.isEmpty { schema["description"] = .string(description) }
    if !isRequired { schema["default"] = wrappedValue.settingJSON }
    if !Value.choices.isEmpty { schema["enum"] = .array(Value.choices.map { .string($0.value) }) }
    var items: JSONObject = ["type": "string"]
    for rule in rules {
      let (keywords, ofTexts) = rule.schemaKeywords
      for (key, value) in keywords {
        if ofTexts && Value.settingKind == .array { items[key] = value } else { schema[key] = value }
      }
    }
    if Value.settingKind == .array { schema["items"] = .object(items) }
    if Value.settingKind == .number, !schema.contains(key: "minimum") {
      // A number that the Swift type cannot hold is refused, so the schema must refuse it too.
      let isWhole = Value.schemaType == "integer"
      schema["minimum"] = isWhole ? .integer(.min) : .double(-.greatestFiniteMagnitude)
      schema["maximum"] = isWhole ? .integer(.max) : .double(.greatestFiniteMagnitude)
    }
    return .object(schema)
  }
}
