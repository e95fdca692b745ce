import AgentGraph

/// Draws graphs. What a node is depends on its place and on those before it alone, so that a graph can be cut short.
struct GraphDrawer {
  /// Where a graph stands.
  struct Place {
    var path = ""
    var depth = 1
    /// Whether questions can be asked.
    var isSaved = true
    /// Whether a failure is handled further out: then it must not depend on what happened before.
    var isHandled = false
    /// Whether the state of nested graphs may live across calls: not where a sibling cuts them at any point.
    var mayOwn = true
    /// Whether the graph's changes are written by a node of the same state.
    var isSame = false
    var nodesMax = 12
  }

  private let seed: UInt64
  private let place: Place
  private var graph: SimulatedGraph
  private var taken: Set<SimulatedNode.Write> = []
  /// Whether a node may end the graph; else nested graphs may live across calls.
  private var mayEnd = false

  static func draw(seed: UInt64, _ place: Place = Place()) -> SimulatedGraph {
    var drawer = GraphDrawer(seed, place)
    drawer.drawNodes()
    return drawer.graph
  }

  private init(_ seed: UInt64, _ place: Place) {
    self.seed = seed
    self.place = place
    graph = SimulatedGraph(name: "g\(place.depth)")
  }

  private mutating func drawNodes() {
    var dice = SimulatorDice(seed)
    let size =
      switch (place.depth, dice.roll(7)) {
      case (1, 0): 4 + dice.roll(9)
      case (1, _): 3 + dice.roll(3)
      default: 2 + dice.roll(3)
      }
    mayEnd = place.depth > 1 && !place.isHandled && dice.once(in: 2)
    let names = dice.pick(13, of: 90).map { "n\($0 + 10)" }
    graph.workMax = place.depth == 1 ? 5 + dice.roll(7) : 3 + dice.roll(2)
    for index in 0..<min(size, place.nodesMax) {
      var dice = SimulatorDice(SimulatorDice.mix(seed, index))
      var node = SimulatedNode(name: names[index], path: place.path + names[index], isSaved: place.isSaved)
      drawKind(&node, index, &dice)
      graph.nodes.append(node)
      drawWay(to: index, &dice)
      drawChild(index, &dice)
      drawSteps(index, &dice)
      drawWrites(index, &dice)
      drawLoop(index, &dice)
    }
    drawRescue(names[12])
    if place.isSaved, dice.once(in: 12) { graph.stopsBefore = [dice.roll(graph.nodes.count)] }
    if place.isSaved, dice.once(in: 12) { graph.stopsAfter = [dice.roll(graph.nodes.count)] }
  }

  private func drawKind(_ node: inout SimulatedNode, _ index: Int, _ dice: inout SimulatorDice) {
    if dice.once(in: 5) { node.attemptsMax = 2 + dice.roll(2) }
    node.isHandled = dice.once(in: 8)
    guard index > 0 else { return }
    if dice.once(in: 7) {
      (node.takesInput, node.isMany) = (true, true)
    } else if dice.once(in: 9) {
      node.isDeferred = true
    }
  }

  /// How a node is reached: from nodes before it.
  private mutating func drawWay(to index: Int, _ dice: inout SimulatorDice) {
    guard index > 0 else {
      graph.start = [0]
      return
    }
    let source = dice.roll(index)
    if graph.nodes[index].takesInput {
      if dice.once(in: 2) { return addCommand(source, sends: index) }
      return addCondition(source, targets: [], sends: [index])
    }
    switch dice.roll(12) {
    case 0: graph.start.append(index)
    case 1: graph.startChoices.append(index)
    case 2 where index > 1, 3 where index > 1: graph.barriers.append((dice.pick(2 + dice.roll(2), of: index), index))
    case 4: addCondition(source, targets: [index], sends: dice.once(in: 3) ? [index] : [])
    case 5:
      let others = dice.pick(1, of: index).filter { !graph.nodes[$0].takesInput }
      addCondition(source, targets: [index] + others, sends: [])
    case 6: addCommand(source, to: index)
    case 7: addCommand(source, sends: index)
    case 8:
      let unhandled = graph.nodes[..<index].firstIndex { $0.isHandled && $0.handler == nil }
      guard let failing = unhandled else { fallthrough }
      graph.nodes[failing].handler = index
      graph.nodes[index].isMany = true
    default: graph.edges.append((source, index))
    }
    if dice.once(in: 4) { graph.edges.append((dice.roll(index), index)) }
  }

  /// A handler for those that are to have one, and got none.
  private mutating func drawRescue(_ name: String) {
    let failing = graph.nodes.indices.filter { graph.nodes[$0].isHandled && graph.nodes[$0].handler == nil }
    guard !failing.isEmpty else { return }
    for index in failing { graph.nodes[index].handler = graph.nodes.count }
    graph.nodes.append(
      SimulatedNode(name: name, path: place.path + name, steps: [.effect], isMany: true, isSaved: place.isSaved))
  }

  private mutating func addCondition(_ source: Int, targets: [Int], sends: [Int]) {
    for target in sends { graph.nodes[target].isMany = true }
    graph.nodes[source].conditions.append(.init(targets: targets, sends: sends))
  }

  private mutating func addCommand(_ source: Int, to target: Int) {
    graph.nodes[source].command = graph.nodes[source].command ?? .init(targets: [], sends: [])
    graph.nodes[source].command?.targets.append(target)
  }

  private mutating func addCommand(_ source: Int, sends target: Int) {
    graph.nodes[target].isMany = true
    graph.nodes[source].command = graph.nodes[source].command ?? .init(targets: [], sends: [])
    graph.nodes[source].command?.sends.append(target)
  }

  private mutating func drawChild(_ index: Int, _ dice: inout SimulatorDice) {
    let node = graph.nodes[index]
    guard place.depth < 4, dice.once(in: place.depth == 1 ? 9 : 7) else { return }
    var checkpointing = SubgraphCheckpointing.inherited
    if dice.once(in: 4) { checkpointing = .none }
    let mayOwn = place.mayOwn && !place.isHandled && !mayEnd
    if mayOwn, dice.once(in: 3), !node.isMany { checkpointing = .own }
    var form = dice.pick(SimulatedNode.Child.Form.allCases) ?? .mapped
    if node.isMany, form == .same { form = .mapped }
    let inner = Place(
      path: node.path + "/", depth: place.depth + 1, isSaved: place.isSaved && checkpointing != .none,
      isHandled: place.isHandled || node.isHandled, mayOwn: mayOwn && !node.isHandled, isSame: form == .same)
    let child = GraphDrawer.draw(seed: dice.next(), inner)
    graph.nodes[index].child = .init(graph: child, form: form, checkpointing: checkpointing)
  }

  private mutating func drawSteps(_ index: Int, _ dice: inout SimulatorDice) {
    guard graph.nodes[index].child == nil else { return }
    let isHandled = place.isHandled || graph.nodes[index].isHandled
    var steps: [SimulatedNode.Step] = []
    for _ in 0..<dice.roll(4) {
      switch dice.roll(10) {
      case 0...3: steps.append(.effect)
      case 4 where place.isSaved, 5 where place.isSaved && place.depth > 2: steps.append(.ask)
      case 6 where !isHandled: steps.append(.failEarly(times: 1 + dice.roll(2)))
      case 7 where isHandled: steps.append(.failByState)
      default: steps.append(.pause)
      }
    }
    graph.nodes[index].steps = steps
    let isFree = mayEnd && !graph.nodes.contains(where: \.endsGraph)
    if isFree, !graph.nodes[index].isMany, dice.once(in: 3) { graph.nodes[index].endsGraph = true }
  }

  private mutating func drawWrites(_ index: Int, _ dice: inout SimulatorDice) {
    let node = graph.nodes[index]
    guard node.child == nil else { return }
    var writes = node.writes
    for write in [SimulatedNode.Write.notes, .topic, .newMessage, .ownMessage] where dice.once(in: 5) {
      writes.insert(write)
    }
    for write in [SimulatedNode.Write.last, .flash, .replacedNotes, .removedMessage]
    where !taken.contains(write) && !node.isMany && !place.isSame && dice.once(in: 6) {
      taken.insert(write)
      writes.insert(write)
    }
    graph.nodes[index].writes = writes
  }

  /// A condition that leads back.
  private mutating func drawLoop(_ index: Int, _ dice: inout SimulatorDice) {
    guard dice.once(in: 4) else { return }
    let back = dice.roll(index + 1)
    if graph.nodes[back].takesInput {
      addCondition(index, targets: [], sends: [back])
    } else {
      addCondition(index, targets: [back], sends: [])
    }
  }
}
