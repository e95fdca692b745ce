/// A graph as nodes and edges, to be looked at.
public struct GraphDrawing: Sendable, Hashable {
  /// A node.
  public struct Node: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Whether it waits for the end of the run.
    public var isDeferred = false
    /// The graph that it runs.
    public var subgraph: GraphDrawing?
  }

  /// An edge.
  public struct Edge: Sendable, Hashable {
    /// What makes an edge be followed.
    public enum Kind: String, Sendable, Hashable {
      /// Always.
      case always
      /// When all sources of the list edge have run.
      case barrier
      /// When a condition chooses it.
      case condition
      /// When a command or a send of the node leads there.
      case command
      /// When the node has failed.
      case failure
    }
    /// Where it begins.
    public var source: String
    /// Where it ends.
    public var target: String
    /// What makes it be followed.
    public var kind: Kind
    /// What its declaration said of it.
    public var label: String?
  }

  /// The graph's name.
  public var name: String
  /// Nodes, in the order of their declaration.
  public var nodes: [Node]
  /// Edges: fixed ones first, then list edges, conditions, commands and handlers, each in the order of declaration.
  public var edges: [Edge]

  init<State: GraphState>(_ graph: Graph<State>) {
    name = graph.name
    nodes = graph.nodes.map { node in
      var drawn = Node(name: node.name, isDeferred: node.isDeferred)
      if case .subgraph(let body) = node.body { drawn.subgraph = body.drawing }
      return drawn
    }
    edges = graph.edges.map { Edge(source: $0.source, target: $0.target, kind: .always) }
    for barrier in graph.barriers {
      edges += barrier.sources.map { Edge(source: $0, target: barrier.target, kind: .barrier) }
    }
    for condition in graph.conditions {
      edges += condition.targets.map {
        Edge(source: condition.source, target: $0, kind: .condition, label: condition.label)
      }
    }
    for node in graph.nodes {
      edges += node.destinations.map { Edge(source: node.name, target: $0, kind: .command) }
      if let handler = node.handler { edges.append(Edge(source: node.name, target: handler, kind: .failure)) }
    }
    let sources = Set(edges.lazy.filter { $0.kind != .failure }.map(\.source))
    edges += graph.nodes.filter { !sources.contains($0.name) }.map {
      Edge(source: $0.name, target: NodeNames.end, kind: .always)
    }
  }
}
