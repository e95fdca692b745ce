extension SchemaEvaluator {
  mutating func apply(
    _ parts: SchemaParts, _ keyword: String, _ node: SchemaNode, _ value: JSONValue, _ outcome: inout SchemaOutcome
  ) {
    switch parts {
    case .members(let members): applyMembers(members, node, value, &outcome)
    case .propertyNames(let target): applyNames(target, value, &outcome)
    case .items(let prefix, let rest): applyItems(prefix, rest, keyword, value, &outcome)
    case .contains(let target, let least, let most):
      applyContains(target, least, most, node, value, &outcome)
    case .unevaluatedItems(let target): applyUnevaluatedItems(target, value, &outcome)
    case .unevaluatedProperties(let target): applyUnevaluatedMembers(target, value, &outcome)
    }
  }

  mutating func applyMembers(
    _ members: SchemaMembers, _ node: SchemaNode, _ value: JSONValue, _ outcome: inout SchemaOutcome
  ) {
    guard let object = value.objectValue else { return }
    for (position, member) in object.enumerated() {
      guard spend(1 + member.key.utf8.count / 64) else { return }
      var isEvaluated = false
      if let target = members.properties[ByteKey(text: member.key)] {
        isEvaluated = true
        requireMember(target, member, "properties", &outcome)
      }
      for (pattern, target) in members.patterns where matches(pattern, member.key) {
        isEvaluated = true
        requireMember(target, member, "patternProperties", &outcome)
      }
      if !isEvaluated, let additional = members.additional {
        isEvaluated = true
        applyAdditional(additional, members, node, member, &outcome)
      }
      if isEvaluated, program.tracksEvaluated { outcome.evaluated.insert(position) }
      if !outcome.isValid, isDone { return }
    }
  }

  private mutating func requireMember(
    _ target: Int, _ member: JSONObject.Element, _ keyword: String, _ outcome: inout SchemaOutcome
  ) {
    if !evaluate(target, member.value, at: .key(member.key), for: keyword).isValid { outcome.isValid = false }
  }

  private mutating func applyAdditional(
    _ target: Int, _ members: SchemaMembers, _ node: SchemaNode, _ member: JSONObject.Element,
    _ outcome: inout SchemaOutcome
  ) {
    guard program.nodes[target].always == false else {
      return requireMember(target, member, "additionalProperties", &outcome)
    }
    outcome.isValid = false
    failMember(member.key, "additionalProperties", at: program.nodes[target].path, members)
  }

  private mutating func failMember(_ key: String, _ keyword: String, at path: String, _ members: SchemaMembers) {
    var allowed = members.names.prefix(20).map { JSONValue.string($0).brief }
    if members.names.count > 20 { allowed.append("…") }
    allowed += members.patterns.prefix(5).map { "names that match \(JSONValue.string($0.pattern.source).brief)" }
    let list = allowed.isEmpty ? "no members" : allowed.joined(separator: ", ")
    withComponent(.key(key)) { evaluator in
      evaluator.fail(keyword, at: path, "the member \(JSONValue.string(key).brief) is not allowed; allowed: \(list)")
    }
  }

  mutating func applyNames(_ target: Int, _ value: JSONValue, _ outcome: inout SchemaOutcome) {
    guard let object = value.objectValue else { return }
    for (key, _) in object {
      if !evaluate(target, .string(key), at: .key(key), for: "propertyNames").isValid { outcome.isValid = false }
      if !outcome.isValid, isDone { return }
    }
  }

  mutating func applyUnevaluatedMembers(_ target: Int, _ value: JSONValue, _ outcome: inout SchemaOutcome) {
    guard let object = value.objectValue else { return }
    for (position, member) in object.enumerated() where !outcome.evaluated.contains(position) {
      requireMember(target, member, "unevaluatedProperties", &outcome)
      if !outcome.isValid, isDone { return }
    }
    outcome.evaluated.insertPrefix(object.count)
  }
}
