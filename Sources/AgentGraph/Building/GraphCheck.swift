/// Looks for everything that would keep a graph from running (G8).
struct GraphCheck<State: GraphState> {
  private let graph: Graph<State>
  private let names: Set<String>
  private let interruptPoints: Set<String>
  private let handlers: [String: String]

  init(_ graph: Graph<State>, interruptPoints: Set<String>) {
    self.graph = graph
    self.interruptPoints = interruptPoints
    names = Set(graph.nodes.map(\.name))
    let handled = graph.nodes.compactMap { node in node.handler.map { (node.name, $0) } }
    handlers = Dictionary(handled, uniquingKeysWith: { first, _ in first })
  }

  func faults() -> [GraphFault] {
    var faults = nameFaults() + edgeFaults() + nodeFaults() + inputFaults()
    faults += interruptPoints.subtracting(names).sorted().map { .unknownInterrupt($0) }
    let starts = successors[NodeNames.start] ?? []
    if starts.isEmpty { faults.append(.noEntry) } else { faults += unreachable().map { .unreachable($0) } }
    return faults
  }

  private func nameFaults() -> [GraphFault] {
    var (faults, seen): ([GraphFault], Set<String>) = ([], [])
    for node in graph.nodes {
      let name = node.name
      let isReserved = name.isEmpty || name == NodeNames.start || name == NodeNames.end
      if isReserved || name.contains("|") || name.contains(":") { faults.append(.invalidName(name)) }
      if !seen.insert(name).inserted { faults.append(.duplicateNode(name)) }
    }
    return faults
  }

  private func edgeFaults() -> [GraphFault] {
    var faults: [GraphFault] = []
    for edge in graph.edges { faults += ends(edge.source, [edge.target]) }
    for condition in graph.conditions {
      if condition.targets.isEmpty { faults.append(.noTargets(from: condition.source)) }
      faults += ends(condition.source, condition.targets)
    }
    for barrier in graph.barriers {
      if barrier.sources.isEmpty { faults.append(.emptyBarrier(to: barrier.target)) }
      for source in barrier.sources where !names.contains(source) {
        faults.append(.unknownSource(source, edge: "[\(barrier.sources.joined(separator: ", "))] → \(barrier.target)"))
      }
      if !isTarget(barrier.target) {
        faults.append(.unknownTarget(barrier.target, from: barrier.sources.joined(separator: ", ")))
      }
    }
    return faults
  }

  private func ends(_ source: String, _ targets: [String]) -> [GraphFault] {
    var faults: [GraphFault] = []
    if source != NodeNames.start, !names.contains(source) {
      faults.append(.unknownSource(source, edge: "\(source) → \(targets.joined(separator: ", "))"))
    }
    return faults + targets.filter { !isTarget($0) }.map { .unknownTarget($0, from: source) }
  }

  /// What always leads to a node brings it the state alone. Conditions and commands may send.
  private func inputFaults() -> [GraphFault] {
    let takers = Set(graph.nodes.filter(\.body.needsInput).map(\.name))
    var pairs = graph.edges + graph.nodes.compactMap { node in node.handler.map { (node.name, $0) } }
    pairs += graph.barriers.map { ($0.sources.joined(separator: ", "), $0.target) }
    return pairs.filter { takers.contains($0.target) }.map { .missingInput($0.target, from: $0.source) }
  }

  private func isTarget(_ name: String) -> Bool { name == NodeNames.end || names.contains(name) }

  private func nodeFaults() -> [GraphFault] {
    var faults: [GraphFault] = []
    for node in graph.nodes {
      faults += node.destinations.filter { !isTarget($0) }.map { .unknownTarget($0, from: node.name) }
      if let handler = node.handler, !names.contains(handler) {
        faults.append(.unknownTarget(handler, from: node.name))
      }
      let problems = node.retries.compactMap(\.problem) + [node.timeout?.problem].compactMap { $0 }
      faults += problems.map { .invalidPolicy(node: node.name, $0) }
      if hasHandlerCycle(node) { faults.append(.handlerCycle(node.name)) }
    }
    return faults
  }

  private func hasHandlerCycle(_ node: NodeDeclaration<State>) -> Bool {
    var next = node.handler
    for _ in graph.nodes {
      guard let name = next else { return false }
      if name == node.name { return true }
      next = handlers[name]
    }
    return false
  }

  private var successors: [String: Set<String>] {
    var successors: [String: Set<String>] = [:]
    for edge in graph.edges { successors[edge.source, default: []].insert(edge.target) }
    for condition in graph.conditions { successors[condition.source, default: []].formUnion(condition.targets) }
    for barrier in graph.barriers {
      for source in barrier.sources { successors[source, default: []].insert(barrier.target) }
    }
    for node in graph.nodes {
      successors[node.name, default: []].formUnion(node.destinations + [node.handler].compactMap { $0 })
    }
    return successors
  }

  private func unreachable() -> [String] {
    let successors = successors
    var (seen, waiting): (Set<String>, [String]) = ([], [NodeNames.start])
    while let name = waiting.popLast() {
      for next in successors[name] ?? [] where seen.insert(next).inserted { waiting.append(next) }
    }
    return graph.nodes.map(\.name).filter { !seen.contains($0) }
  }
}
