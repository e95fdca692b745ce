/// Compiles a schema to nodes, without recursion: a node that is named is queued.
struct SchemaCompiler {
  private let options: JSONSchema.Options
  private(set) var documents: SchemaDocuments
  private var program = SchemaProgram()
  private var nodeByLocation: [SchemaLocation.Key: Int] = [:]
  private var pending: [(node: Int, location: SchemaLocation)] = []
  private var patternSteps = 0

  init(options: JSONSchema.Options) {
    self.options = options
    documents = SchemaDocuments(options: options)
  }

  mutating func compile(_ schema: JSONValue) throws(JSONSchemaError) -> SchemaProgram {
    program.root = try node(at: try documents.add(schema, uri: options.baseURI))
    repeat {
      while let (index, location) = pending.popLast() {
        program.nodes[index] = try compile(location, index)
      }
      try addDynamicNodes()
    } while !pending.isEmpty
    return program
  }

  /// The index of the schema at a location, which is queued if it is new.
  mutating func node(at location: SchemaLocation) throws(JSONSchemaError) -> Int {
    if let known = nodeByLocation[location.key] { return known }
    guard program.nodes.count < options.limits.subschemasMax else {
      let message = "too many subschemas; allowed: \(options.limits.subschemasMax)"
      throw documents.error(.schemaTooLarge, message, at: location)
    }
    let index = program.nodes.count
    nodeByLocation[location.key] = index
    program.nodes.append(SchemaNode(resource: location.resource, path: documents.path(of: location)))
    pending.append((index, location))
    return index
  }

  private mutating func compile(_ location: SchemaLocation, _ index: Int) throws(JSONSchemaError) -> SchemaNode {
    var node = program.nodes[index]
    switch location.value {
    case .bool(let value): node.always = value
    case .object(let object): node.rules = try rules(SchemaSource(location: location, object: object))
    default:
      let message = "a schema is \(location.value.brief); allowed: an object or a boolean"
      throw documents.error(.invalidKeyword, message, at: location)
    }
    return node
  }

  private mutating func rules(_ source: SchemaSource) throws(JSONSchemaError) -> [SchemaRule] {
    let dialect = documents.resources[source.location.resource].dialect
    var rules: [SchemaRule] = []
    try addReferences(source, to: &rules)
    if dialect.contains(.validation) {
      try addValueRules(source, to: &rules)
      try addNumberRules(source, to: &rules)
      try addSizeRules(source, to: &rules)
      try addRequiredRules(source, to: &rules)
    }
    if options.assertsFormat || dialect.contains(.formatAssertion) { try addFormat(source, to: &rules) }
    if dialect.contains(.applicator) {
      try addMembers(source, to: &rules)
      try addItems(source, isOlder: dialect.contains(.older), to: &rules)
      try addContains(source, asserts: dialect.contains(.validation), to: &rules)
      try addDependencies(source, to: &rules)
      try addLogic(source, to: &rules)
    }
    if dialect.contains(.unevaluated) {
      for keyword in ["unevaluatedItems", "unevaluatedProperties"] {
        guard let child = try child(source, keyword) else { continue }
        program.tracksEvaluated = true
        let isItems = keyword == "unevaluatedItems"
        rules.append(keyword, isItems ? .unevaluatedItems(child) : .unevaluatedProperties(child))
      }
    }
    return rules
  }

  private mutating func addReferences(
    _ source: SchemaSource, to rules: inout [SchemaRule]
  ) throws(JSONSchemaError) {
    if let reference = try string(source, "$ref", "a URI reference") {
      let target = try documents.resolve(reference, from: source.location)
      rules.append("$ref", .reference(try node(at: target)))
    }
    if let reference = try string(source, "$dynamicRef", "a URI reference") {
      let target = try documents.resolve(reference, from: source.location)
      let name = URIReference(reference).fragment ?? ""
      let initial = try node(at: target)
      if documents.resources[target.resource].dynamicAnchors[name]?.key == target.key {
        if program.dynamicNodes[name] == nil { program.dynamicNodes[name] = [:] }
        rules.append("$dynamicRef", .dynamicReference(name, initial))
      } else {
        rules.append("$dynamicRef", .reference(initial))
      }
    }
  }

  /// Compiles what a `$dynamicRef` may lead to in each resource loaded.
  private mutating func addDynamicNodes() throws(JSONSchemaError) {
    for name in program.dynamicNodes.keys {
      for (index, resource) in documents.resources.enumerated() where program.dynamicNodes[name]?[index] == nil {
        guard let location = resource.dynamicAnchors[name] else { continue }
        let node = try node(at: location)
        program.dynamicNodes[name]?[index] = node
      }
    }
  }

  mutating func pattern(_ text: String, _ keyword: String, _ source: SchemaSource) throws(JSONSchemaError) -> Pattern {
    do throws(PatternError) {
      let pattern = try Pattern(text)
      patternSteps += pattern.steps.count
      guard patternSteps <= options.limits.patternStepsMax else {
        let allowed = options.limits.patternStepsMax
        throw PatternError(message: "all patterns together are too large; allowed: \(allowed) steps")
      }
      return pattern
    } catch {
      let message = "\(keyword) has the pattern \(JSONValue.string(text).brief): \(error.message)"
      throw documents.error(.unsupportedPattern, message, at: source.location)
    }
  }
}

/// A schema object with its place.
struct SchemaSource {
  let location: SchemaLocation
  let object: JSONObject
}

extension [SchemaRule] {
  mutating func append(_ keyword: String, _ assertion: SchemaAssertion) {
    append(SchemaRule(keyword: keyword, kind: .assertion(assertion)))
  }

  mutating func append(_ keyword: String, _ combination: SchemaCombination) {
    append(SchemaRule(keyword: keyword, kind: .combination(combination)))
  }

  mutating func append(_ keyword: String, _ parts: SchemaParts) {
    append(SchemaRule(keyword: keyword, kind: .parts(parts)))
  }
}
