import AgentGraph

/// A graph as data, drawn from a seed.
struct SimulatedGraph: Sendable {
  var name: String
  var nodes: [SimulatedNode] = []
  var edges: [(source: Int, target: Int)] = []
  var barriers: [(sources: [Int], target: Int)] = []
  var start: [Int] = []
  /// Nodes that a condition chooses from at the start.
  var startChoices: [Int] = []
  /// Visits after which nothing loops or is sent any more.
  var workMax = 12
  var stopsBefore: [Int] = []
  var stopsAfter: [Int] = []

  func names(_ indices: [Int]) -> [String] { indices.map { nodes[$0].name } }

  /// The nodes of this graph and of those within.
  var all: [SimulatedNode] { nodes + nodes.flatMap { $0.child?.graph.all ?? [] } }
}

/// A node as data.
struct SimulatedNode: Sendable {
  /// What a node does, one after the other.
  enum Step: Sendable, Hashable {
    case effect
    case ask
    /// Throws the first times that anybody comes here, whatever the state.
    case failEarly(times: Int)
    /// Throws in some states, and always in those.
    case failByState
    case pause
  }
  enum Write: Sendable, Hashable, CaseIterable {
    case trail, notes, sum, topic, newMessage, ownMessage
    // One node of a graph alone, and one task a superstep.
    case last, flash, replacedNotes, removedMessage
  }
  /// A conditional edge, or what a command does on top of edges.
  struct Choice: Sendable {
    var targets: [Int]
    var sends: [Int]
  }
  struct Child: Sendable {
    enum Form: String, Sendable, CaseIterable {
      case mapped, same, relay
    }
    var graph: SimulatedGraph
    var form: Form
    var checkpointing: SubgraphCheckpointing
  }

  var name: String
  /// Tells nodes of nested graphs apart.
  var path: String
  var steps: [Step] = []
  var writes: Set<Write> = [.trail, .sum]
  var conditions: [Choice] = []
  var command: Choice?
  /// Whether it has a handler: it fails in some states then.
  var isHandled = false
  var handler: Int?
  var attemptsMax = 1
  var isDeferred = false
  /// Runs for what is sent to it alone.
  var takesInput = false
  /// Whether several of its tasks may be in one superstep.
  var isMany = false
  /// In some states it ends its graph with a command for the one around.
  var endsGraph = false
  var child: Child?
  /// Whether its effects are recorded: not within a graph that is not checkpointed.
  var isSaved = true

  /// A number of its own.
  var code: UInt64 { SimulatorDice.hash(path) }
}

extension SimulatedGraph: CustomStringConvertible {
  var description: String { describe(indent: "") }

  private func describe(indent: String) -> String {
    var lines = ["\(indent)graph \(name): start \(names(start)), by choice \(names(startChoices))"]
    lines.append(
      "\(indent)edges " + edges.map { "\(nodes[$0.source].name)→\(nodes[$0.target].name)" }.joined(separator: " "))
    for barrier in barriers { lines.append("\(indent)barrier \(names(barrier.sources))→\(nodes[barrier.target].name)") }
    if !stopsBefore.isEmpty { lines.append("\(indent)stops before \(names(stopsBefore))") }
    if !stopsAfter.isEmpty { lines.append("\(indent)stops after \(names(stopsAfter))") }
    for node in nodes {
      lines.append("\(indent)  \(node.name): \(describe(node))")
      if let child = node.child {
        lines.append("\(indent)    \(child.form), \(child.checkpointing)")
        lines.append(child.graph.describe(indent: indent + "    "))
      }
    }
    return lines.joined(separator: "\n")
  }

  private func describe(_ node: SimulatedNode) -> String {
    var parts = node.steps.map { "\($0)".split(separator: ".").last.map(String.init) ?? "" }
    parts.append("writes \(node.writes.map { "\($0)" }.sorted())")
    for choice in node.conditions { parts.append("chooses \(names(choice.targets)) sends \(names(choice.sends))") }
    if let choice = node.command { parts.append("goes to \(names(choice.targets)) sends \(names(choice.sends))") }
    if let handler = node.handler { parts.append("handler \(nodes[handler].name)") }
    if node.attemptsMax > 1 { parts.append("attempts \(node.attemptsMax)") }
    if node.isDeferred { parts.append("deferred") }
    if node.takesInput { parts.append("takes input") }
    if node.isMany { parts.append("many") }
    if node.endsGraph { parts.append("ends its graph") }
    return parts.joined(separator: ", ")
  }
}
