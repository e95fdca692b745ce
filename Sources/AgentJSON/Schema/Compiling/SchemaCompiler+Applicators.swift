extension SchemaCompiler {
  mutating func addMembers(_ source: SchemaSource, to rules: inout [SchemaRule]) throws(JSONSchemaError) {
    var members = SchemaMembers()
    for (key, location) in try self.members(source, "properties") {
      members.properties[ByteKey(text: key)] = try node(at: location)
      members.names.append(key)
    }
    for (text, location) in try self.members(source, "patternProperties") {
      let pattern = try pattern(text, "patternProperties", source)
      members.patterns.append((pattern, try node(at: location)))
    }
    members.additional = try child(source, "additionalProperties")
    let isEmpty = members.names.isEmpty && members.patterns.isEmpty && members.additional == nil
    // The faults lie in the subschemas; only additionalProperties has any of its own.
    if !isEmpty { rules.append("additionalProperties", .members(members)) }
    if let child = try child(source, "propertyNames") { rules.append("propertyNames", .propertyNames(child)) }
  }

  mutating func addItems(
    _ source: SchemaSource, isOlder: Bool, to rules: inout [SchemaRule]
  ) throws(JSONSchemaError) {
    if isOlder, let items = source.object["items"], let elements = items.arrayValue {
      let prefix = elements.isEmpty ? [] : try children(source, "items") ?? []
      rules.append("additionalItems", .items(prefix: prefix, rest: try child(source, "additionalItems")))
      return
    }
    let prefix = try children(source, "prefixItems") ?? []
    let rest = try child(source, "items")
    if !prefix.isEmpty || rest != nil { rules.append("items", .items(prefix: prefix, rest: rest)) }
  }

  mutating func addContains(
    _ source: SchemaSource, asserts: Bool, to rules: inout [SchemaRule]
  ) throws(JSONSchemaError) {
    let least = asserts ? try size(source, "minContains") : nil
    let most = asserts ? try size(source, "maxContains") : nil
    guard let child = try child(source, "contains") else { return }
    rules.append("contains", .contains(child, min: least ?? 1, max: most))
  }

  /// `dependentSchemas`, and `dependencies`, into which older drafts put both kinds.
  mutating func addDependencies(_ source: SchemaSource, to rules: inout [SchemaRule]) throws(JSONSchemaError) {
    var schemas: [(key: String, node: Int)] = []
    for (key, location) in try members(source, "dependentSchemas") { schemas.append((key, try node(at: location))) }
    if !schemas.isEmpty { rules.append("dependentSchemas", .dependentSchemas(schemas)) }
    var olderSchemas: [(key: String, node: Int)] = []
    var required: [(key: String, required: [String])] = []
    for (key, location) in try members(source, "dependencies") {
      if case .array = location.value {
        required.append((key, try strings(location.value, source, "dependencies")))
      } else {
        olderSchemas.append((key, try node(at: location)))
      }
    }
    if !olderSchemas.isEmpty { rules.append("dependencies", .dependentSchemas(olderSchemas)) }
    if !required.isEmpty { rules.append("dependencies", .dependentRequired(required)) }
  }

  mutating func addLogic(_ source: SchemaSource, to rules: inout [SchemaRule]) throws(JSONSchemaError) {
    if let nodes = try children(source, "allOf") { rules.append("allOf", .allOf(nodes)) }
    if let nodes = try children(source, "anyOf") { rules.append("anyOf", .anyOf(nodes)) }
    if let nodes = try children(source, "oneOf") { rules.append("oneOf", .oneOf(nodes)) }
    if let node = try child(source, "not") { rules.append("not", .not(node)) }
    let then = try child(source, "then")
    let otherwise = try child(source, "else")
    if let condition = try child(source, "if") {
      rules.append("if", .conditional(condition: condition, then: then, else: otherwise))
    }
  }
}
