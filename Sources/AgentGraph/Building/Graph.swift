/// A graph in the making: nodes, and edges between them. `compile` checks it and makes it runnable.
///
/// ```swift
/// var graph = Graph<Greeting>()
/// graph.node("greet") { state in .write(\.text, "Hello, \(state.name)!") }
/// graph.start(at: "greet")
/// let result = try await graph.compile().run(.write(\.name, "world"))
/// ```
public struct Graph<State: GraphState>: Sendable {
  /// Names the graph in checkpoints: a thread of one graph is not taken for another's.
  public let name: String
  var nodes: [NodeDeclaration<State>] = []
  var edges: [(source: String, target: String)] = []
  var barriers: [BarrierDeclaration] = []
  var conditions: [ConditionDeclaration<State>] = []

  /// An empty graph. Without a name it has that of its state's type.
  public init(_ name: String? = nil) { self.name = name ?? "\(State.self)" }

  /// Adds a node that reads the state.
  public mutating func node(
    _ name: String, _ options: NodeOption<State>...,
    run: @escaping @Sendable (State) async throws -> Command<State>
  ) {
    nodes.append(NodeDeclaration(name, options, .plain(run)))
  }

  /// Adds a node that reads the state and uses the run: interrupts, effects, events.
  public mutating func node(
    _ name: String, _ options: NodeOption<State>...,
    run: @escaping @Sendable (State, NodeContext<State>) async throws -> Command<State>
  ) {
    nodes.append(NodeDeclaration(name, options, .contextual(run)))
  }

  /// Adds a node that takes what `Send` gives it. The shared state is at `context.state`. A plain edge to it does not
  /// compile, since it brings no input.
  public mutating func node<Input: Codable & Sendable>(
    _ name: String, input: Input.Type, _ options: NodeOption<State>...,
    run: @escaping @Sendable (Input, NodeContext<State>) async throws -> Command<State>
  ) {
    let body: @Sendable (StoredValue, NodeContext<State>) async throws -> Command<State> = { sent, context in
      let value = try context.level.input(sent, as: Input.self, of: name, at: context.seat.checkpoint) {
        try GraphCoder.decode(Input.self, $0)
      }
      return try await run(value, context)
    }
    nodes.append(NodeDeclaration(name, options, .sent(body)))
  }

  /// Adds an edge: after the one node, the other runs. "\_\_end\_\_" as a target ends the branch.
  public mutating func edge(_ source: String, to target: String) {
    edges.append((source, target))
  }

  /// Adds a list edge: the target runs when all sources have run since it last did (G8).
  public mutating func edge(_ sources: [String], to target: String) {
    barriers.append(BarrierDeclaration(sources: sources, target: target))
  }

  /// Adds a conditional edge. `choose` reads the state with the source's own writes applied, and gives one or more of
  /// `targets`, sends to them, or the end (G8).
  public mutating func edge(
    _ source: String, to targets: [String], label: String? = nil,
    choose: @escaping @Sendable (State) async throws -> Route
  ) {
    conditions.append(ConditionDeclaration(source: source, targets: targets, label: label, choose: choose))
  }

  /// Makes these nodes the first to run.
  public mutating func start(at nodes: String...) {
    for node in nodes { edges.append((NodeNames.start, node)) }
  }

  /// Chooses the first nodes by the state with the input applied.
  public mutating func start(
    at targets: [String], label: String? = nil, choose: @escaping @Sendable (State) async throws -> Route
  ) {
    edge(NodeNames.start, to: targets, label: label, choose: choose)
  }
}
