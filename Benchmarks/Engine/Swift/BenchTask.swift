import AgentGraph

/// A task of the benchmark: a graph, what it begins with, what it must do, and the lines of its check.
protocol BenchTask: Sendable {
  associatedtype State: GraphState

  /// Of all graphs, nested ones included.
  var supersteps: Int { get }
  /// Tasks of the outermost graph.
  var events: Int { get }
  var given: Command<State> { get }

  /// A graph for one run.
  func compile(_ checkpointer: (any Checkpointer)?) throws -> CompiledGraph<State>
  func lines(_ state: State) -> [String]
}

/// The tasks by name, in the order of the table.
enum Tasks {
  static let names = [
    "sequential_1000", "fanout_to_subgraph_100x", "react_agent_100x", "wide_state_25x300", "wide_state_9x1200",
  ]

  static func named(_ name: String) -> (any BenchTask)? {
    switch name {
    case "sequential_1000": SequentialTask(count: 1000)
    case "fanout_to_subgraph_100x": FanoutTask(count: 100)
    case "react_agent_100x": ReactTask(turns: 100)
    case "wide_state_25x300": WideTask(keys: 5, length: 300, rounds: 6)
    case "wide_state_9x1200": WideTask(keys: 3, length: 1200, rounds: 7)
    default: nil
    }
  }
}
