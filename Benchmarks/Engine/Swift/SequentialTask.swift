import AgentGraph

/// A chain of nodes that do nothing: what a superstep costs.
struct SequentialTask: BenchTask {
  let count: Int

  var supersteps: Int { count }
  var events: Int { count }
  var given: Command<ChatState> { .write(\.messages, []) }

  func compile(_ checkpointer: (any Checkpointer)?) throws -> CompiledGraph<ChatState> {
    var graph = Graph<ChatState>("sequential")
    for index in 0..<count {
      graph.node("node_\(index)") { _ in .nothing }
      if index > 0 { graph.edge("node_\(index - 1)", to: "node_\(index)") }
    }
    graph.start(at: "node_0")
    return try graph.compile(checkpointer: checkpointer)
  }

  func lines(_ state: ChatState) -> [String] { ["\(state.messages.count)"] }
}
