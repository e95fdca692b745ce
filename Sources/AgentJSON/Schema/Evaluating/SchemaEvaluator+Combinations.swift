extension SchemaEvaluator {
  mutating func apply(
    _ combination: SchemaCombination, _ keyword: String, _ node: SchemaNode, _ value: JSONValue,
    _ outcome: inout SchemaOutcome
  ) {
    switch combination {
    case .reference(let target): require(target, value, keyword, &outcome)
    case .dynamicReference(let name, let initial):
      require(dynamicTarget(name, initial), value, keyword, &outcome)
    case .allOf(let nodes): applyAllOf(nodes, value, &outcome)
    case .anyOf(let nodes): applyAnyOf(nodes, node, value, &outcome)
    case .oneOf(let nodes): applyOneOf(nodes, node, value, &outcome)
    case .not(let target): applyNot(target, node, value, &outcome)
    case .conditional(let condition, let then, let otherwise):
      applyCondition(condition, then, otherwise, value, &outcome)
    case .dependentSchemas(let schemas): applyDependent(schemas, keyword, value, &outcome)
    }
  }

  private mutating func applyAllOf(_ nodes: [Int], _ value: JSONValue, _ outcome: inout SchemaOutcome) {
    for target in nodes where outcome.isValid || !isDone { require(target, value, "allOf", &outcome) }
  }

  private mutating func applyNot(
    _ target: Int, _ node: SchemaNode, _ value: JSONValue, _ outcome: inout SchemaOutcome
  ) {
    guard probe(target, value).isValid else { return }
    outcome.isValid = false
    fail("not", at: "\(node.path)/not", "\(value.brief) is not allowed; it matches the schema under not")
  }

  private mutating func applyCondition(
    _ condition: Int, _ then: Int?, _ otherwise: Int?, _ value: JSONValue, _ outcome: inout SchemaOutcome
  ) {
    let result = probe(condition, value)
    if result.isValid { merge(result, &outcome) }
    guard let target = result.isValid ? then : otherwise else { return }
    require(target, value, result.isValid ? "then" : "else", &outcome)
  }

  private mutating func applyDependent(
    _ schemas: [(key: String, node: Int)], _ keyword: String, _ value: JSONValue, _ outcome: inout SchemaOutcome
  ) {
    guard let object = value.objectValue, spend(schemas.count) else { return }
    for (key, target) in schemas where object.contains(key: key) { require(target, value, keyword, &outcome) }
  }

  /// Evaluates a node on the same value, which must meet it.
  private mutating func require(
    _ target: Int, _ value: JSONValue, _ keyword: String, _ outcome: inout SchemaOutcome
  ) {
    let result = evaluate(target, value, for: keyword)
    if result.isValid { merge(result, &outcome) } else { outcome.isValid = false }
  }

  private mutating func merge(_ result: SchemaOutcome, _ outcome: inout SchemaOutcome) {
    guard program.tracksEvaluated, spend(result.evaluated.positions.count) else { return }
    outcome.evaluated.formUnion(result.evaluated)
  }

  private mutating func applyAnyOf(
    _ nodes: [Int], _ node: SchemaNode, _ value: JSONValue, _ outcome: inout SchemaOutcome
  ) {
    var matches = false
    var faults: [JSONSchemaFault?] = []
    for target in nodes {
      let (result, fault) = attempt(target, value)
      faults.append(fault)
      guard result.isValid else { continue }
      matches = true
      merge(result, &outcome)
      // The others can only add to what has been evaluated.
      if !program.tracksEvaluated { return }
    }
    guard !matches else { return }
    outcome.isValid = false
    fail("anyOf", at: "\(node.path)/anyOf", Self.noMatch(value, faults))
  }

  private mutating func applyOneOf(
    _ nodes: [Int], _ node: SchemaNode, _ value: JSONValue, _ outcome: inout SchemaOutcome
  ) {
    var matching: [Int] = []
    var faults: [JSONSchemaFault?] = []
    for (index, target) in nodes.enumerated() {
      let (result, fault) = attempt(target, value)
      faults.append(fault)
      guard result.isValid else { continue }
      matching.append(index)
      if matching.count == 1 { merge(result, &outcome) } else if isDone { break }
    }
    guard matching.count != 1 else { return }
    outcome.isValid = false
    complain(matching, faults, node, value)
  }

  private mutating func complain(
    _ matching: [Int], _ faults: [JSONSchemaFault?], _ node: SchemaNode, _ value: JSONValue
  ) {
    if matching.isEmpty {
      fail("oneOf", at: "\(node.path)/oneOf", Self.noMatch(value, faults))
    } else {
      let places = matching.prefix(10).map(String.init).joined(separator: ", ")
      fail("oneOf", at: "\(node.path)/oneOf", "\(value.brief) matches the alternatives \(places); allowed: just one")
    }
  }

  /// Says why a value matches none of the alternatives, by the first fault of each.
  private static func noMatch(_ value: JSONValue, _ faults: [JSONSchemaFault?]) -> String {
    let reasons = faults.prefix(5).enumerated().map { index, fault in
      let pointer = fault?.instancePointer ?? ""
      let reason = (pointer.isEmpty ? "" : "\(pointer): ") + (fault?.message ?? "no match")
      return "(\(index)) \(reason.unicodeScalars.count > 300 ? reason.prefix(300) + "…" : reason)"
    }
    let more = faults.count > 5 ? "; …" : ""
    return "\(value.brief) matches none of \(faults.count) alternatives: \(reasons.joined(separator: "; "))\(more)"
  }
}
