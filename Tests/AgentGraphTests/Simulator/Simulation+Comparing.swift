import AgentGraph

extension Simulation {
  func differences(_ expected: Ending, _ actual: Ending) -> [String] {
    if expected.error != actual.error {
      return ["the thread ends with \(actual.error ?? "no error"), not with \(expected.error ?? "no error")"]
    }
    var differences: [String] = []
    // How far nested graphs had come when a run failed for good is chance.
    let namespaces = expected.error == nil ? Set(expected.states.keys).union(actual.states.keys) : [.root]
    for namespace in namespaces where expected.isKept && actual.isKept {
      let (one, other) = (expected.states[namespace], actual.states[namespace])
      guard one != other else { continue }
      let name = namespace.isRoot ? "" : "\(namespace): "
      differences += zip(one?.parts ?? [], other?.parts ?? []).filter { $0 != $1 }.map { "\(name)\($1), not \($0)" }
      if (one == nil) != (other == nil) { differences.append("\(name)\(other == nil ? "no state" : "a state")") }
    }
    let ids = actual.states[.root]?.messages.messages.map(\.id) ?? []
    if Set(ids).count < ids.count || ids.contains("") { differences.append("messages have the ids \(ids)") }
    return differences
  }

  /// Whether the state of a nested graph lives across calls.
  private var hasOwn: Bool { graph.all.contains { $0.child?.checkpointing == .own } }

  /// A run from any older checkpoint comes to the same end, at every level (G26, G35).
  func forkDifferences(
    _ expected: Ending, _ world: SimulatedWorld, _ dice: inout SimulatorDice
  ) throws -> [String] {
    // With `exit` one cannot see which checkpoints are of the last turn.
    guard dice.once(in: 4), !hasOwn, turns == 1 || durability != .exit else { return [] }
    guard let origin = drawOrigin(world.store, &dice) else { return [] }
    world.reach(origin.namespace.isRoot ? "fork" : "nested fork")
    world.rewind()
    world.tell("fork from \(origin.id) of \(origin.namespace)")
    var process = SimulatedProcess(graph: try graph.compile(world), world: world, durability: durability)
    (process.turn, process.origin) = (turns, origin)
    var none: ArraySlice<(kind: SimulatedFault, after: Int)> = []
    let ending = try run(&process, &none, &dice)
    return differences(expected, ending).map { "forked from \(origin.id) of \"\(origin.namespace)\": \($0)" }
  }

  /// A checkpoint of the last turn at which something is due.
  private func drawOrigin(_ store: SimulatedStore, _ dice: inout SimulatorDice) -> CheckpointReference? {
    let lines = store.lines
    // With `exit` the graphs around a nested one's checkpoint may not be stored.
    let isNested = durability != .exit && dice.once(in: 2)
    let namespaces = lines.keys.filter { $0.isRoot != isNested }.sorted { $0.rawValue < $1.rawValue }
    guard let namespace = dice.pick(namespaces) else { return nil }
    let turn = lines[.root]?.last { $0.metadata.source == .input }?.id
    let links = (lines[namespace] ?? []).filter { !$0.due.isEmpty && (turn.map { [id = $0.id] in id >= $0 } ?? true) }
    return dice.pick(links).map { CheckpointReference($0.id, in: namespace) }
  }

  /// Without a checkpointer a run comes to the same, where nothing stops it.
  func unsavedDifferences(
    _ expected: Ending, _ dice: inout SimulatorDice, _ report: inout Report
  ) throws -> [String] {
    let stops = graph.all.contains { node in
      let asksOrFails = node.steps.contains { if case .failEarly = $0 { true } else { $0 == .ask } }
      return asksOrFails || node.child.map { !$0.graph.stopsBefore.isEmpty || !$0.graph.stopsAfter.isEmpty } ?? false
    }
    guard turns == 1, !hasOwn, !stops, graph.stopsBefore.isEmpty, graph.stopsAfter.isEmpty else { return [] }
    report.reached["unsaved run"] = 1
    let world = SimulatedWorld(SimulatedStore(form: .live), durability, isTraced: false)
    var process = SimulatedProcess(graph: try graph.compile(world), world: world, durability: durability)
    process.thread = nil
    var none: ArraySlice<(kind: SimulatedFault, after: Int)> = []
    let ending = try run(&process, &none, &dice)
    var root = expected
    root.states = expected.states.filter(\.key.isRoot)
    return differences(root, ending).map { "without a checkpointer: \($0)" }
  }
}
