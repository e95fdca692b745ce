/// What a node has besides its work.
public enum NodeOption<State: GraphState>: Sendable {
  /// Tries again after errors; the first policy that matches counts (G15).
  case retry(RetryPolicy)
  /// Bounds an attempt (G16).
  case timeout(TimeoutPolicy)
  /// Uses an earlier result again (G18).
  case cache(CachePolicy<State>)
  /// The node that goes on when this one has failed for good, in place of this one's edges (G17).
  case onError(String)
  /// The node waits until the run would otherwise end (G11).
  case deferred
  /// Nodes that the node's commands and sends lead to: they count as reachable, and are drawn.
  case destinations([String])
}

/// A node as it was declared.
struct NodeDeclaration<State: GraphState>: Sendable {
  var name: String
  var body: NodeBody<State>
  var retries: [RetryPolicy] = []
  var timeout: TimeoutPolicy?
  var cache: CachePolicy<State>?
  var handler: String?
  var isDeferred = false
  var destinations: [String] = []

  init(_ name: String, _ options: [NodeOption<State>], _ body: NodeBody<State>) {
    self.name = name
    self.body = body
    for option in options {
      switch option {
      case .retry(let policy): retries.append(policy)
      case .timeout(let policy): timeout = policy
      case .cache(let policy): cache = policy
      case .onError(let node): handler = node
      case .deferred: isDeferred = true
      case .destinations(let nodes): destinations += nodes
      }
    }
  }
}

/// What a node does.
enum NodeBody<State: GraphState>: Sendable {
  /// Reads the state.
  case plain(@Sendable (State) async throws -> Command<State>)
  /// Reads the state, and uses the run.
  case contextual(@Sendable (State, NodeContext<State>) async throws -> Command<State>)
  /// Takes what was sent to it.
  case sent(@Sendable (StoredValue, NodeContext<State>) async throws -> Command<State>)
  /// Runs another graph (G34).
  case subgraph(SubgraphBody<State>)

  /// Whether it can do nothing with the state alone.
  var needsInput: Bool {
    switch self {
    case .plain, .contextual: false
    case .sent: true
    case .subgraph(let subgraph): subgraph.needsInput
    }
  }
}

/// A conditional edge as it was declared.
struct ConditionDeclaration<State: GraphState>: Sendable {
  var source: String
  var targets: [String]
  var label: String?
  var choose: @Sendable (State) async throws -> Route
}

/// An edge from several nodes, which waits for all of them.
struct BarrierDeclaration: Sendable {
  var sources: [String]
  var target: String
}

/// Names that no node has.
enum NodeNames {
  static let start = "__start__"
  static let end = "__end__"
}
