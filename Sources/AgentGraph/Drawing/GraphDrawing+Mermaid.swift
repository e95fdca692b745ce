extension GraphDrawing {
  /// The graph as a Mermaid flowchart; nested graphs are subgraphs of it.
  public var mermaid: String {
    var lines = ["flowchart TD"]
    lines += MermaidLevel(drawing: self, prefix: "").lines(indent: "  ")
    return lines.joined(separator: "\n") + "\n"
  }
}

/// One graph of a flowchart; ids are numbered, since names may hold anything. "end" is a word of Mermaid's own, which
/// stands in no id and in quotes alone.
private struct MermaidLevel {
  let drawing: GraphDrawing
  let prefix: String

  func lines(indent: String) -> [String] {
    var lines = ["\(indent)\(prefix)first([\"start\"])", "\(indent)\(prefix)last([\"end\"])"]
    for (number, node) in drawing.nodes.enumerated() {
      let id = "\(prefix)n\(number)"
      guard let subgraph = node.subgraph else {
        lines.append("\(indent)\(id)[\"\(escaped(node.name))\"]")
        continue
      }
      lines.append("\(indent)subgraph \(id) [\"\(escaped(node.name))\"]")
      lines += MermaidLevel(drawing: subgraph, prefix: "\(id)_").lines(indent: indent + "  ")
      lines.append("\(indent)end")
    }
    return lines + drawing.edges.map { "\(indent)\(id(of: $0.source)) \(arrow($0)) \(id(of: $0.target))" }
  }

  private func id(of name: String) -> String {
    if name == NodeNames.start { return "\(prefix)first" }
    guard let number = drawing.nodes.firstIndex(where: { $0.name == name }) else { return "\(prefix)last" }
    return "\(prefix)n\(number)"
  }

  private func arrow(_ edge: GraphDrawing.Edge) -> String {
    switch edge.kind {
    case .always: "-->"
    case .barrier: "==>"
    case .condition: edge.label.map { "-. \"\(escaped($0))\" .->" } ?? "-.->"
    case .command: "-. command .->"
    case .failure: "-. error .->"
    }
  }

  private func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "\"": "#quot;"
      case "#": "#35;"
      case "\n", "\r\n", "\r": " "
      default: String(character)
      }
    }.joined()
  }
}
