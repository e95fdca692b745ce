/// Evaluates a compiled schema on a value, within bounds of work and depth.
struct SchemaEvaluator {
  /// Which faults are wanted.
  enum Gathering {
    case all, first, none
  }

  let program: SchemaProgram
  private let limits: JSONSchemaLimits
  private var gathering: Gathering
  private var faults: [JSONSchemaFault] = []
  private var path: [JSONPathComponent] = []
  /// The resources entered, each once, the outermost first.
  private var scope: [Int] = []
  /// The nodes under evaluation, with the sizes of `path` and `scope` at their start.
  private var active: [(node: Int, path: Int, scope: Int)] = []
  var stepsLeft: Int
  /// Why the evaluation stopped before its end.
  private var halt: String?

  init(program: SchemaProgram, limits: JSONSchemaLimits, gathering: Gathering) {
    self.program = program
    self.limits = limits
    self.gathering = gathering
    // Leaves room for arithmetic with what is left.
    stepsLeft = min(limits.evaluationStepsMax, Int.max / 64)
  }

  mutating func faults(of value: JSONValue) -> [JSONSchemaFault] {
    _ = evaluate(program.root, value, for: "")
    if let halt {
      faults.append(JSONSchemaFault(instancePath: [], keyword: "", message: halt, schemaPath: "#"))
    }
    return faults
  }

  mutating func isValid(_ value: JSONValue) -> Bool {
    evaluate(program.root, value, for: "").isValid && halt == nil
  }

  /// Whether there is no use in going on with a value known to be invalid.
  var isDone: Bool { gathering != .all || halt != nil }

  /// Takes steps from the budget; false if it is used up.
  mutating func spend(_ steps: Int) -> Bool {
    stepsLeft -= steps
    if stepsLeft < 0, halt == nil {
      halt = "the validation was stopped; allowed: \(limits.evaluationStepsMax) steps"
    }
    return halt == nil
  }

  /// Evaluates a node; the keyword is the one that led to it.
  mutating func evaluate(_ index: Int, _ value: JSONValue, for keyword: String) -> SchemaOutcome {
    guard spend(1) else { return .invalid }
    let node = program.nodes[index]
    if let always = node.always {
      if !always { fail(keyword, at: node.path, "\(value.brief) is not allowed; the schema here is false") }
      return SchemaOutcome(isValid: always)
    }
    guard mayEnter(index) else { return .invalid }
    let isNewScope = !scope.contains(node.resource)
    if isNewScope { scope.append(node.resource) }
    active.append((index, path.count, scope.count))
    defer {
      active.removeLast()
      if isNewScope { scope.removeLast() }
    }
    var outcome = SchemaOutcome()
    for rule in node.rules {
      guard spend(1) else { return .invalid }
      switch rule.kind {
      case .assertion(let assertion): check(assertion, rule.keyword, node, value, &outcome)
      case .combination(let combination): apply(combination, rule.keyword, node, value, &outcome)
      case .parts(let parts): apply(parts, rule.keyword, node, value, &outcome)
      }
      if !outcome.isValid, isDone { return .invalid }
    }
    return outcome
  }

  private mutating func mayEnter(_ index: Int) -> Bool {
    guard active.count < limits.evaluationDepthMax else {
      halt = halt ?? "the schema nests too deeply for this value; allowed: \(limits.evaluationDepthMax) levels"
      return false
    }
    for entry in active.reversed() {
      // What lies further out looks at another value, or saw another dynamic scope.
      guard entry.path == path.count, entry.scope == scope.count else { return true }
      if entry.node == index {
        halt = halt ?? "the references at \(program.nodes[index].path) form a cycle that looks at nothing new"
        return false
      }
    }
    return true
  }

  private mutating func check(
    _ assertion: SchemaAssertion, _ keyword: String, _ node: SchemaNode, _ value: JSONValue,
    _ outcome: inout SchemaOutcome
  ) {
    guard !meets(assertion, value) else { return }
    outcome.isValid = false
    guard gathering != .none else { return }
    for message in assertion.complaints(about: value) { fail(keyword, at: "\(node.path)/\(keyword)", message) }
  }

  mutating func fail(_ keyword: String, at schemaPath: @autoclosure () -> String, _ message: @autoclosure () -> String)
  {
    switch gathering {
    case .none: return
    case .first: if !faults.isEmpty { return }
    case .all:
      guard faults.count < limits.faultsMax else {
        halt = halt ?? "there are more faults; reported are at most \(limits.faultsMax)"
        return
      }
    }
    faults.append(
      JSONSchemaFault(instancePath: path, keyword: keyword, message: message(), schemaPath: schemaPath()))
  }

  /// Evaluates a node on a part of the value.
  mutating func evaluate(
    _ index: Int, _ part: JSONValue, at component: @autoclosure () -> JSONPathComponent, for keyword: String
  ) -> SchemaOutcome {
    path.append(component())
    defer { path.removeLast() }
    return evaluate(index, part, for: keyword)
  }

  /// Does something at a part of the value.
  mutating func withComponent(_ component: JSONPathComponent, _ body: (inout SchemaEvaluator) -> Void) {
    path.append(component)
    body(&self)
    path.removeLast()
  }

  /// Evaluates a node whose faults are none of the value's.
  mutating func probe(
    _ index: Int, _ value: JSONValue, at component: JSONPathComponent? = nil
  ) -> SchemaOutcome {
    let outer = gathering
    gathering = .none
    defer { gathering = outer }
    guard let component else { return evaluate(index, value, for: "") }
    return evaluate(index, value, at: component, for: "")
  }

  /// Evaluates an alternative; of its faults only the first is given, and only if faults are wanted at all.
  mutating func attempt(_ index: Int, _ value: JSONValue) -> (outcome: SchemaOutcome, fault: JSONSchemaFault?) {
    guard gathering != .none else { return (evaluate(index, value, for: ""), nil) }
    let outer = gathering
    var outerFaults: [JSONSchemaFault] = []
    swap(&faults, &outerFaults)
    gathering = .first
    let outcome = evaluate(index, value, for: "anyOf")
    let fault = faults.first
    swap(&faults, &outerFaults)
    gathering = outer
    return (outcome, fault)
  }

  /// The node a `$dynamicRef` leads to: that of the outermost resource in scope that has the anchor.
  func dynamicTarget(_ name: String, _ initial: Int) -> Int {
    guard let nodes = program.dynamicNodes[name] else { return initial }
    for resource in scope {
      if let node = nodes[resource] { return node }
    }
    return initial
  }
}
