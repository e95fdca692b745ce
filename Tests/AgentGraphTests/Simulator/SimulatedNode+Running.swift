import AgentGraph
import AgentJSON

extension SimulatedNode {
  /// What the node does: a function of what it reads, of its effects' results and of answers.
  func run(
    _ state: SimulatedState, _ context: NodeContext<SimulatedState>, in graph: SimulatedGraph, _ world: SimulatedWorld,
    input: UInt64 = 0
  ) async throws -> Command<SimulatedState> {
    try world.enter(self, context)
    var hash = SimulatorDice.mix(SimulatorDice.mix(state.digest, code), input)
    if let failure = context.failure {
      hash = SimulatorDice.mix(hash, SimulatorDice.hash(failure.node))
      world.reach("handler")
    }
    for (index, step) in steps.enumerated() {
      hash = SimulatorDice.mix(hash, try await take(step, index, hash, context, world))
    }
    try world.requireLife()
    if endsGraph, hash % 2 == 0 {
      world.reach("command for the parent")
      return .parent(Command<SimulatedState>.write(\.trail, [Int(hash >> 12)]).write(\.mixed, hash))
    }
    let command = writing(state, hash)
    guard let choice = self.command, state.work < graph.workMax else { return command }
    if !choice.sends.isEmpty { world.reach("sends by command") }
    if !choice.targets.isEmpty { world.reach("goto") }
    return command.goto(choice.route(SimulatorDice.mix(hash, 3), state, graph))
  }

  private func take(
    _ step: Step, _ index: Int, _ hash: UInt64, _ context: NodeContext<SimulatedState>, _ world: SimulatedWorld
  ) async throws -> UInt64 {
    switch step {
    case .effect:
      return try await context.effect("effect \(index)") { key in
        try await world.effect(key, of: self, SimulatorDice.mix(hash, index))
      }
    case .ask:
      let answer = try context.interrupt(["node": .string(path), "about": .integer(Int(hash >> 12))])
      world.use("\(context.taskID)-\(steps[..<index].filter { $0 == .ask }.count)")
      guard case .integer(let number) = answer else { return 0 }
      return UInt64(number)
    case .failEarly(let times): try world.attempt("\(path) \(index)", of: self, failing: times)
    case .failByState:
      if hash % 2 == 0 {
        world.reach("failure by state")
        throw SimulatedFailure(node: name)
      }
    case .pause: await Task.yield()
    }
    return 0
  }

  private func writing(_ state: SimulatedState, _ hash: UInt64) -> Command<SimulatedState> {
    func number(_ salt: UInt64) -> Int { Int(SimulatorDice.mix(hash, salt) >> 12) }
    var command = Command<SimulatedState>.write(\.visits, path).write(\.mixed, hash)
    for write in Write.allCases where writes.contains(write) {
      switch write {
      case .trail: command = command.write(\.trail, (0...hash % 3).map { number($0) })
      case .notes: command = command.write(\.notes, [number(4)])
      case .sum: command = command.write(\.sum, number(5) % 1000)
      case .topic: command = command.write(\.topic, [number(6)])
      case .newMessage: command = command.write(\.messages, [.put(SimulatedMessage(id: "", number: number(7)))])
      case .ownMessage: command = command.write(\.messages, [.put(SimulatedMessage(id: path, number: number(8)))])
      case .last: command = command.write(\.last, number(9))
      case .flash: command = command.write(\.flash, number(10))
      case .replacedNotes: command = command.overwrite(\.notes, SharedList(state.notes.prefix(1) + [number(11)]))
      case .removedMessage:
        if let first = state.messages.messages.first { command = command.write(\.messages, [.remove(id: first.id)]) }
      }
    }
    return command
  }
}

extension SimulatedNode.Choice {
  /// Where it leads: some of the targets, sends to some, or the end.
  func route(_ hash: UInt64, _ state: SimulatedState, _ graph: SimulatedGraph) -> Route {
    var destinations: [Route.Destination] = []
    for (place, target) in targets.enumerated() where SimulatorDice.mix(hash, place) % 3 > 0 {
      destinations.append(.node(graph.nodes[target].name))
    }
    for target in sends {
      let node = graph.nodes[target]
      for copy in 0..<SimulatorDice.mix(hash, target) % 3 {
        if node.takesInput {
          destinations.append(.send(Send(node.name, SimulatorDice.mix(hash, copy) >> 12)))
        } else {
          var sent = state
          sent.last = Int(SimulatorDice.mix(hash, copy) >> 12)
          destinations.append(.send(Send(node.name, state: sent)))
        }
      }
    }
    return destinations.isEmpty ? .end : Route(destinations)
  }
}
