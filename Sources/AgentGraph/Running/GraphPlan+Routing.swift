extension GraphPlan {
  /// Refuses destinations that the graph does not have.
  func check(_ route: Route, from source: String) throws {
    for destination in route {
      switch destination {
      case .end: continue
      case .node(NodeNames.end): continue
      case .node(let name): try requireNode(name, source)
      case .send(let send): try requireNode(send.node, source)
      }
    }
  }

  private func requireNode(_ name: String, _ source: String) throws {
    guard index(of: name) == nil else { return }
    throw GraphError(
      .unknownDestination,
      "\"\(source)\" goes to \"\(name)\", which is not a node. There are: \(nodes.map(\.name).joined(separator: ", ")).",
      node: source)
  }

  /// What conditional edges choose, in the order of their declaration.
  func choose(_ conditions: [CompiledCondition<State>], _ state: State) async throws -> Route {
    var chosen: Route = []
    for condition in conditions {
      let route = try await condition.choose(state)
      for destination in route { try condition.check(destination) }
      chosen.append(contentsOf: route)
    }
    return chosen
  }
}

extension CompiledCondition {
  fileprivate func check(_ destination: Route.Destination) throws {
    let name: String
    switch destination {
    case .end: return
    case .node(NodeNames.end): return
    case .node(let node): name = node
    case .send(let send): name = send.node
    }
    guard !targets.contains(name) else { return }
    throw GraphError(
      .unknownDestination,
      "The conditional edge of \"\(source)\" chose \"\(name)\". Its targets are: "
        + "\(targets.sorted().joined(separator: ", ")).", node: source)
  }
}
