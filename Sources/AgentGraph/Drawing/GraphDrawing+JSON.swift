public import AgentJSON

extension GraphDrawing {
  /// The graph as JSON: `{"name", "nodes": [{"name", "deferred"?, "graph"?}], "edges": [{"source", "target", "kind",
  /// "label"?}]}`.
  public var json: JSONValue {
    .object([
      "name": .string(name),
      "nodes": .array(nodes.map(\.json)),
      "edges": .array(edges.map(\.json)),
    ])
  }
}

extension GraphDrawing.Node {
  fileprivate var json: JSONValue {
    var object: JSONObject = ["name": .string(name)]
    if isDeferred { object["deferred"] = .bool(true) }
    if let subgraph { object["graph"] = subgraph.json }
    return .object(object)
  }
}

extension GraphDrawing.Edge {
  fileprivate var json: JSONValue {
    var object: JSONObject = [
      "source": .string(source), "target": .string(target), "kind": .string(kind.rawValue),
    ]
    if let label { object["label"] = .string(label) }
    return .object(object)
  }
}
