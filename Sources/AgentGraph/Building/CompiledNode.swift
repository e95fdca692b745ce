/// A node of a compiled graph, with everything about it by number.
final class CompiledNode<State: GraphState>: Sendable {
  let name: String
  let body: NodeBody<State>
  let retries: [RetryPolicy]
  let timeout: TimeoutPolicy?
  let cache: CachePolicy<State>?
  let handler: Int?
  let conditions: [CompiledCondition<State>]
  let hasConditions: Bool
  /// Whether running it takes nothing but one call of its body.
  let isBare: Bool
  /// Whether it holds a graph with a state of its own.
  let isOwn: Bool

  init(_ node: NodeDeclaration<State>, handler: Int?, conditions: [CompiledCondition<State>]) {
    name = node.name
    body = node.body
    retries = node.retries
    timeout = node.timeout
    cache = node.cache
    self.handler = handler
    self.conditions = conditions
    hasConditions = !conditions.isEmpty
    isOwn = if case .subgraph(let subgraph) = node.body { subgraph.checkpointing == .own } else { false }
    isBare = timeout == nil && cache == nil && retries.isEmpty && handler == nil
  }
}

/// Where a node leads to, whatever its conditions choose. It is not generic: the loop looks here in every superstep,
/// and what depends on the state's type takes a look-up of types each time.
final class CompiledEdges: Sendable {
  /// Nodes that always follow.
  let targets: [Int]
  /// The list edges that the node is a source of, and its place among their sources.
  let barriers: [(barrier: Int, place: Int)]

  init(targets: [Int] = [], barriers: [(barrier: Int, place: Int)] = []) {
    self.targets = targets
    self.barriers = barriers
  }
}

/// A conditional edge.
struct CompiledCondition<State: GraphState>: Sendable {
  var source: String
  /// Allowed targets.
  var targets: Set<String>
  var choose: @Sendable (State) async throws -> Route
}

/// A list edge.
struct CompiledBarrier: Sendable {
  /// Names it in checkpoints.
  var key: String
  var sources: [String]
  var target: Int
}
