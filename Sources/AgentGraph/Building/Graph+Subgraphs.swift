extension Graph {
  /// Adds a node that runs another graph (G34). `input` makes what the nested graph begins with from this graph's
  /// state, `output` this node's command from what it ends with; this graph's state is unchanged until then.
  public mutating func subgraph<Child: GraphState>(
    _ name: String, _ child: CompiledGraph<Child>, checkpointing: SubgraphCheckpointing = .inherited,
    _ options: NodeOption<State>...,
    input: @escaping @Sendable (State) throws -> Command<Child>,
    output: @escaping @Sendable (Child) throws -> Command<State>
  ) {
    add(name, child, checkpointing, options) { sent, context in
      guard let sent else { return try input(context.state) }
      return try input(try context.state(sent))
    } output: {
      try output($0)
    }
  }

  /// Adds a node that runs another graph for what `Send` gives it.
  public mutating func subgraph<Child: GraphState, Sent: Codable & Sendable>(
    _ name: String, _ child: CompiledGraph<Child>, takes: Sent.Type,
    checkpointing: SubgraphCheckpointing = .inherited, _ options: NodeOption<State>...,
    input: @escaping @Sendable (Sent) throws -> Command<Child>,
    output: @escaping @Sendable (Child) throws -> Command<State>
  ) {
    add(name, child, checkpointing, options, needsInput: true) { sent, context in
      guard let sent else {
        throw GraphError(.wrongInput, "Node \"\(name)\" takes \(Sent.self), which must be sent to it.", node: name)
      }
      let value = try context.level.input(sent, as: Sent.self, of: name, at: context.seat.checkpoint) {
        try GraphCoder.decode(Sent.self, $0)
      }
      return try input(value)
    } output: {
      try output($0)
    }
  }

  /// Adds a node that runs another graph over the same state: it begins with this graph's state, and what it changed
  /// is this node's write. What was appended to a list is appended here.
  public mutating func subgraph(
    _ name: String, _ child: CompiledGraph<State>, checkpointing: SubgraphCheckpointing = .inherited,
    _ options: NodeOption<State>...
  ) {
    let run: @Sendable (StoredValue?, NodeContext<State>) async throws -> Command<State> = { sent, context in
      let given = try sent.map(context.state) ?? context.state
      return try await guardingParent(context) {
        let loop = try await SubgraphCall(graph: child, context: context, checkpointing: checkpointing).run { loop in
          for channel in loop.plan.layout.channels where !channel.isTracked {
            channel.copy(from: given, to: &loop.state)
          }
        } _: { loop in
          loop.state = given
          // What earlier calls wrote is in the given state, and none of this call's writes.
          loop.log = ChannelLog(channels: loop.plan.layout.channels.count)
          loop.log.noteAll()
          try await loop.begin(.nothing, clearing: false)
        }
        return loop.changes(since: given)
      }
    }
    nodes.append(
      NodeDeclaration(
        name, options,
        .subgraph(SubgraphBody(drawing: child.drawing, checkpointing: checkpointing, run: run))))
  }

  private mutating func add<Child: GraphState>(
    _ name: String, _ child: CompiledGraph<Child>, _ checkpointing: SubgraphCheckpointing,
    _ options: [NodeOption<State>], needsInput: Bool = false,
    input: @escaping @Sendable (StoredValue?, NodeContext<State>) throws -> Command<Child>,
    output: @escaping @Sendable (Child) throws -> Command<State>
  ) {
    let run: @Sendable (StoredValue?, NodeContext<State>) async throws -> Command<State> = { sent, context in
      try await guardingParent(context) {
        let loop = try await SubgraphCall(graph: child, context: context, checkpointing: checkpointing).run { loop in
          try loop.renewUntracked(try input(sent, context))
        } _: { loop in
          try await loop.begin(try input(sent, context))
        }
        return try output(loop.state)
      }
    }
    nodes.append(
      NodeDeclaration(
        name, options,
        .subgraph(
          SubgraphBody(drawing: child.drawing, checkpointing: checkpointing, needsInput: needsInput, run: run))))
  }
}

extension NodeContext {
  /// A state that was sent to the node.
  fileprivate func state(_ sent: StoredValue) throws -> State {
    try level.input(
      sent, as: State.self, of: node, at: seat.checkpoint, decode: StateLayout.of(State.self).decodeWhole)
  }
}

/// A command for an enclosing graph ends here if it is for this one, and goes on otherwise (G10).
private func guardingParent<State: GraphState>(
  _ context: NodeContext<State>, _ run: () async throws -> Command<State>
) async throws -> Command<State> {
  do {
    return try await run()
  } catch let signal as ParentSignal {
    guard let command = signal.command.command as? Command<State> else { throw signal }
    return command
  }
}

extension GraphLoop {
  /// What the loop's graph changed, as one node's writes.
  func changes(since given: State) -> Command<State> {
    var command = Command<State>.nothing
    for channel in plan.layout.channels where log.versions[channel.index] > 0 && channel.isTracked {
      if channel.isTransient {
        // What the last superstep wrote is this node's write; there is nothing to go on from.
        var cleared = state
        if channel.clear(&cleared) { command.writes.append(channel.difference(from: cleared, to: state, kept: 0)) }
        continue
      }
      let kept = log.rewritten.contains(channel.index) ? 0 : channel.count(given) ?? 0
      command.writes.append(channel.difference(from: given, to: state, kept: kept))
    }
    return command
  }
}
