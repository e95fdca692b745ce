extension SchemaCompiler {
  mutating func addValueRules(_ source: SchemaSource, to rules: inout [SchemaRule]) throws(JSONSchemaError) {
    if let value = source.object["type"] { rules.append("type", .types(try types(value, source))) }
    if let value = source.object["enum"] {
      guard let allowed = value.arrayValue else { throw invalid(source, "enum", "an array") }
      rules.append("enum", .allowed(allowed))
    }
    if let value = source.object["const"] { rules.append("const", .allowed([value])) }
    if let text = try string(source, "pattern", "a regular expression") {
      rules.append("pattern", .pattern(try pattern(text, "pattern", source)))
    }
    if let value = source.object["uniqueItems"] {
      guard let isUnique = value.boolValue else { throw invalid(source, "uniqueItems", "true or false") }
      if isUnique { rules.append("uniqueItems", .uniqueItems) }
    }
  }

  private func types(_ value: JSONValue, _ source: SchemaSource) throws(JSONSchemaError) -> JSONTypes {
    let allowed = "one of \(JSONTypes.names.joined(separator: ", ")) or an array of them"
    var types: JSONTypes = []
    for name in value.arrayValue ?? [value] {
      guard let name = name.stringValue, let type = JSONTypes(name: name) else {
        throw invalid(source, "type", allowed)
      }
      types.formUnion(type)
    }
    guard !types.isEmpty else { throw invalid(source, "type", allowed) }
    return types
  }

  mutating func addNumberRules(_ source: SchemaSource, to rules: inout [SchemaRule]) throws(JSONSchemaError) {
    let bounds = [
      ("minimum", false, false), ("maximum", true, false), ("exclusiveMinimum", false, true),
      ("exclusiveMaximum", true, true),
    ]
    for (keyword, isUpper, isExclusive) in bounds {
      guard let limit = source.object[keyword] else { continue }
      guard limit.isNumber else { throw invalid(source, keyword, "a number") }
      rules.append(keyword, .bound(SchemaBound(limit: limit, isUpper: isUpper, isExclusive: isExclusive)))
    }
    if let value = source.object["multipleOf"] {
      guard let divisor = SchemaDivisor(value) else {
        let allowed = "a number above 0 with at most \(SchemaDivisor.digitsMax) significant digits"
        throw invalid(source, "multipleOf", allowed)
      }
      rules.append("multipleOf", .multipleOf(divisor))
    }
  }

  mutating func addSizeRules(_ source: SchemaSource, to rules: inout [SchemaRule]) throws(JSONSchemaError) {
    let sizes: [(String, SchemaSize.Unit, Bool)] = [
      ("minLength", .characters, false), ("maxLength", .characters, true), ("minItems", .elements, false),
      ("maxItems", .elements, true), ("minProperties", .members, false), ("maxProperties", .members, true),
    ]
    for (keyword, unit, isUpper) in sizes {
      guard let limit = try size(source, keyword) else { continue }
      rules.append(keyword, .size(SchemaSize(unit: unit, limit: limit, isUpper: isUpper)))
    }
  }

  mutating func addRequiredRules(_ source: SchemaSource, to rules: inout [SchemaRule]) throws(JSONSchemaError) {
    if let value = source.object["required"] {
      rules.append("required", .required(try strings(value, source, "required")))
    }
    var dependencies: [(key: String, required: [String])] = []
    for (key, location) in try members(source, "dependentRequired") {
      dependencies.append((key, try strings(location.value, source, "dependentRequired")))
    }
    if !dependencies.isEmpty { rules.append("dependentRequired", .dependentRequired(dependencies)) }
  }

  mutating func addFormat(_ source: SchemaSource, to rules: inout [SchemaRule]) throws(JSONSchemaError) {
    guard let name = try string(source, "format", "a string") else { return }
    if let format = SchemaFormat(rawValue: name) { rules.append("format", .format(format)) }
  }
}
