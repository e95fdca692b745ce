extension Graph {
  /// Checks the graph and makes it runnable. Throws `GraphError.invalidGraph` with every fault (G8).
  ///
  /// With a checkpointer, runs that name a thread are durable and can be resumed. `interruptBefore` and
  /// `interruptAfter` stop runs at these nodes (G33).
  public func compile(
    checkpointer: (any Checkpointer)? = nil, interruptBefore: InterruptPoints = .nowhere,
    interruptAfter: InterruptPoints = .nowhere
  ) throws -> CompiledGraph<State> {
    let layout = StateLayout.of(State.self)
    let check = GraphCheck(self, interruptPoints: interruptBefore.names.union(interruptAfter.names))
    let faults = layout.faults + check.faults()
    guard faults.isEmpty else {
      let list = faults.map(\.description).joined(separator: "; ")
      throw GraphError(.invalidGraph, "Graph \"\(name)\" cannot run: \(list).", faults: faults)
    }
    return CompiledGraph(
      plan: GraphPlan(self, layout), checkpointer: checkpointer,
      interrupts: InterruptRules(before: interruptBefore, after: interruptAfter))
  }
}

/// Where runs stop on their own (G33).
public enum InterruptPoints: Sendable {
  /// Nowhere.
  case nowhere
  /// At these nodes.
  case nodes([String])
  /// At every node.
  case all

  var names: Set<String> {
    if case .nodes(let names) = self { return Set(names) }
    return []
  }

  func contains(_ node: String) -> Bool {
    switch self {
    case .nowhere: false
    case .nodes(let names): names.contains(node)
    case .all: true
    }
  }
}

/// The stops of a graph or of a run.
struct InterruptRules: Sendable {
  var before: InterruptPoints = .nowhere
  var after: InterruptPoints = .nowhere

  var isEmpty: Bool {
    if case .nowhere = before, case .nowhere = after { return true }
    return false
  }
}

/// A graph by numbers: nodes in the order of their names' bytes, which is the order of their writes (G3).
final class GraphPlan<State: GraphState>: Sendable {
  let name: String
  let layout: StateLayout<State>
  let nodes: [CompiledNode<State>]
  /// Where each node leads to.
  let edges: [CompiledEdges]
  /// Nodes that wait for the end of the run.
  let isDeferred: [Bool]
  let start: CompiledEdges
  let startConditions: [CompiledCondition<State>]
  let barriers: [CompiledBarrier]
  let drawing: GraphDrawing
  /// Whether any node holds a graph with a state of its own.
  let hasOwn: Bool
  private let indexByName: [String: Int]

  init(_ graph: Graph<State>, _ layout: StateLayout<State>) {
    let sorted = graph.nodes.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let index = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($0.element.name, $0.offset) })
    name = graph.name
    self.layout = layout
    indexByName = index
    drawing = GraphDrawing(graph)
    barriers = graph.barriers.compactMap { barrier in
      index[barrier.target].map {
        CompiledBarrier(
          key: barrier.sources.joined(separator: "|") + "|" + barrier.target, sources: barrier.sources, target: $0)
      }
    }
    let (targets, places) = (Self.targets(of: graph, index), Self.barrierPlaces(of: graph, index))
    let conditions = Self.conditions(of: graph)
    func leads(_ node: String) -> CompiledEdges {
      CompiledEdges(targets: targets[node] ?? [], barriers: places[node] ?? [])
    }
    start = leads(NodeNames.start)
    startConditions = conditions[NodeNames.start] ?? []
    edges = sorted.map { leads($0.name) }
    isDeferred = sorted.map(\.isDeferred)
    nodes = sorted.map { node in
      CompiledNode(node, handler: node.handler.flatMap { index[$0] }, conditions: conditions[node.name] ?? [])
    }
    hasOwn = nodes.contains(where: \.isOwn)
  }

  func index(of node: String) -> Int? { indexByName[node] }

  private static func targets(of graph: Graph<State>, _ index: [String: Int]) -> [String: [Int]] {
    var targets: [String: [Int]] = [:]
    for edge in graph.edges {
      if let target = index[edge.target] { targets[edge.source, default: []].append(target) }
    }
    return targets
  }

  private static func barrierPlaces(
    of graph: Graph<State>, _ index: [String: Int]
  ) -> [String: [(barrier: Int, place: Int)]] {
    var places: [String: [(barrier: Int, place: Int)]] = [:]
    for (number, barrier) in graph.barriers.lazy.filter({ index[$0.target] != nil }).enumerated() {
      for (place, source) in barrier.sources.enumerated() { places[source, default: []].append((number, place)) }
    }
    return places
  }

  private static func conditions(of graph: Graph<State>) -> [String: [CompiledCondition<State>]] {
    var conditions: [String: [CompiledCondition<State>]] = [:]
    for condition in graph.conditions {
      conditions[condition.source, default: []].append(
        CompiledCondition(source: condition.source, targets: Set(condition.targets), choose: condition.choose))
    }
    return conditions
  }
}
