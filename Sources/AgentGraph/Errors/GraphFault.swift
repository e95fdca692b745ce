/// One thing that keeps a graph from compiling.
public enum GraphFault: Sendable, Hashable, CustomStringConvertible {
  /// No edge leads out of the start.
  case noEntry
  /// A node name that is empty, reserved, or holds `|` or `:`.
  case invalidName(String)
  /// Two nodes of one name.
  case duplicateNode(String)
  /// An edge from a node that is not there.
  case unknownSource(String, edge: String)
  /// An edge, a condition, a handler or a declared destination names a node that is not there.
  case unknownTarget(String, from: String)
  /// A node that no edge, condition, handler or declared destination leads to.
  case unreachable(String)
  /// A conditional edge without targets.
  case noTargets(from: String)
  /// A list edge that no node is a source of.
  case emptyBarrier(to: String)
  /// An edge leads to a node that takes what is sent to it, or a handler is such a node: neither brings it an input.
  case missingInput(String, from: String)
  /// An interrupt is wanted before or after a node that is not there.
  case unknownInterrupt(String)
  /// A node is its own error handler, or its handler has a handler that leads back to it.
  case handlerCycle(String)
  /// A policy's figure is out of its range.
  case invalidPolicy(node: String, String)
  /// A property of `Channels` that is no channel of this state.
  case notAChannel(property: String, state: String)
  /// Two channels of one name.
  case duplicateChannel(String)
  /// `channels` is computed.
  case computedChannels(state: String)

  /// What is wrong, and what would be right.
  public var description: String {
    switch self {
    case .noEntry: "no edge leads out of \"\(NodeNames.start)\": add one to the first node"
    case .invalidName(let name):
      "\"\(name)\" cannot name a node: names are not empty, are not \(NodeNames.start) or \(NodeNames.end), and hold "
        + "neither \"|\" nor \":\""
    case .duplicateNode(let name): "there are two nodes named \"\(name)\""
    case .unknownSource(let name, let edge): "the edge \(edge) begins at \"\(name)\", which is not a node"
    case .unknownTarget(let name, let source): "\"\(source)\" leads to \"\(name)\", which is not a node"
    case .unreachable(let name):
      "nothing leads to \"\(name)\": add an edge, a condition's target, or name it in a node's destinations"
    case .noTargets(let source): "the conditional edge of \"\(source)\" names no target"
    case .emptyBarrier(let target): "the list edge to \"\(target)\" has no source"
    case .missingInput(let name, let source):
      "\"\(name)\" takes what is sent to it, and \"\(source)\" leads to it without an input: let a condition or a command "
        + "send to it, or declare it without an input"
    case .unknownInterrupt(let name): "an interrupt is wanted at \"\(name)\", which is not a node"
    case .handlerCycle(let name): "the error handlers of \"\(name)\" lead back to it"
    case .invalidPolicy(let node, let problem): "a policy of \"\(node)\": \(problem)"
    case .notAChannel(let property, let state): "\(state).Channels.\(property) is not a channel of \(state)"
    case .duplicateChannel(let name): "there are two channels named \"\(name)\""
    case .computedChannels(let state): "\(state).channels is computed: store it (static let)"
    }
  }
}
