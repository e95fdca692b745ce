import AgentJSON

/// A JSON Schema as services take it that have a model keep to one: each member is required, no other is allowed, and
/// of the keywords those remain that all of them know. What it leaves out is checked when the answer is there.
enum StrictSchema {
  private static let kept: Set<String> = [
    "description", "enum", "items", "maxItems", "maximum", "minItems", "minimum", "properties", "type",
  ]
  /// Bounds beyond it say what Swift's types can hold, and grammars are not made of them.
  private static let boundMax = 1e15

  static func of(_ schema: JSONValue) -> JSONValue {
    guard let object = schema.objectValue else { return schema }
    var strict: JSONObject = [:]
    for (key, value) in object where kept.contains(key) {
      switch key {
      case "items": strict[key] = of(value)
      case "properties":
        let members = value.objectValue ?? [:]
        strict[key] = .object(JSONObject(members.map { ($0.key, of($0.value)) }))
        strict["required"] = .array(members.keys.map { .string($0) })
        strict["additionalProperties"] = false
      case "maximum", "minimum":
        if let bound = value.doubleValue, abs(bound) <= boundMax { strict[key] = value }
      default: strict[key] = value
      }
    }
    return .object(strict)
  }
}
