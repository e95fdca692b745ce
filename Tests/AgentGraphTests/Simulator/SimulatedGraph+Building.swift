import AgentGraph

extension SimulatedGraph {
  func compile(_ world: SimulatedWorld) throws -> CompiledGraph<SimulatedState> {
    var built = Graph<SimulatedState>(name)
    for node in nodes { try add(node, to: &built, world) }
    for edge in edges where !nodes[edge.target].takesInput {
      built.edge(nodes[edge.source].name, to: nodes[edge.target].name)
    }
    for barrier in barriers { built.edge(names(barrier.sources), to: nodes[barrier.target].name) }
    for index in start { built.edge("__start__", to: nodes[index].name) }
    if !startChoices.isEmpty {
      let choice = SimulatedNode.Choice(targets: startChoices, sends: [])
      built.start(at: names(startChoices)) { state in choice.route(state.digest, state, self) }
    }
    for node in nodes {
      for (number, choice) in node.conditions.enumerated() {
        built.edge(node.name, to: names(choice.targets + choice.sends)) { state in
          guard state.work < workMax else { return .end }
          world.reach(choice.sends.isEmpty ? "condition" : "sends by condition")
          return choice.route(SimulatorDice.mix(state.digest, number), state, self)
        }
      }
    }
    return try built.compile(
      interruptBefore: stopsBefore.isEmpty ? .nowhere : .nodes(names(stopsBefore)),
      interruptAfter: stopsAfter.isEmpty ? .nowhere : .nodes(names(stopsAfter)))
  }

  private func add(_ node: SimulatedNode, to built: inout Graph<SimulatedState>, _ world: SimulatedWorld) throws {
    let retry = RetryPolicy(
      attemptsMax: node.attemptsMax, initialInterval: .milliseconds(1), matches: { $0 is SimulatedFailure })
    let reached = node.command.map { names($0.targets + $0.sends) } ?? []
    let handler = node.handler.map { nodes[$0].name }
    // Options are variadic: what a node does not have is an option that says nothing.
    let nothing = NodeOption<SimulatedState>.destinations([])
    let options: (NodeOption<SimulatedState>, NodeOption<SimulatedState>, NodeOption<SimulatedState>) = (
      node.attemptsMax > 1 ? .retry(retry) : nothing, handler.map { .onError($0) } ?? nothing,
      node.isDeferred ? .deferred : nothing
    )
    if let child = node.child {
      try add(child, of: node, to: &built, options, .destinations(reached), world)
    } else if node.takesInput {
      built.node(node.name, input: UInt64.self, options.0, options.1, options.2, .destinations(reached)) {
        try await node.run($1.state, $1, in: self, world, input: $0)
      }
    } else {
      built.node(node.name, options.0, options.1, options.2, .destinations(reached)) {
        try await node.run($0, $1, in: self, world)
      }
    }
  }

  private func add(
    _ child: SimulatedNode.Child, of node: SimulatedNode, to built: inout Graph<SimulatedState>,
    _ options: (NodeOption<SimulatedState>, NodeOption<SimulatedState>, NodeOption<SimulatedState>),
    _ reached: NodeOption<SimulatedState>, _ world: SimulatedWorld
  ) throws {
    let inner = try child.graph.compile(world)
    let kept = child.checkpointing
    world.reach("nested \(child.form), \(kept)")
    if node.takesInput {
      built.subgraph(
        node.name, inner, takes: UInt64.self, checkpointing: kept, options.0, options.1, options.2, reached,
        input: { .write(\.mixed, $0) }, output: node.output)
      return
    }
    switch child.form {
    case .mapped:
      built.subgraph(
        node.name, inner, checkpointing: kept, options.0, options.1, options.2, reached,
        input: { .write(\.mixed, $0.digest).write(\.trail, [1]) }, output: node.output)
    case .same:
      built.subgraph(node.name, inner, checkpointing: kept, options.0, options.1, options.2, reached)
    case .relay:
      built.subgraph(
        node.name, try relay(inner, kept), checkpointing: kept, options.0, options.1, options.2, reached,
        input: { .write(\.given, $0.digest) },
        output: { state in
          .write(\.trail, Array(state.taken)).write(\.sum, state.taken.count).write(\.visits, node.path)
        })
    }
  }

  private func relay(
    _ inner: CompiledGraph<SimulatedState>, _ checkpointing: SubgraphCheckpointing
  ) throws -> CompiledGraph<RelayState> {
    var relay = Graph<RelayState>("relay")
    relay.subgraph(
      "inner", inner, checkpointing: checkpointing, input: { .write(\.mixed, $0.given) },
      output: { .write(\.taken, Array($0.trail)) })
    relay.node("after") { .write(\.taken, [$0.taken.count]) }
    relay.start(at: "inner")
    relay.edge("inner", to: "after")
    return try relay.compile()
  }
}

extension SimulatedNode {
  fileprivate var output: @Sendable (SimulatedState) throws -> Command<SimulatedState> {
    { [path] state in
      .write(\.trail, Array(state.trail)).write(\.sum, state.sum).write(\.mixed, state.mixed).write(\.visits, path)
    }
  }
}
