import AgentGraph

struct Greeting: GraphState {
  var name = ""
  var lines = SharedList<String>()
  struct Channels: Sendable {
    let name = StateChannel.last("name", \Greeting.name)
    let lines = StateChannel.appended("lines", \Greeting.lines)
  }
  static let channels = Channels()
}

var graph = Graph<Greeting>()
graph.node("greet") { state in .write(\.lines, ["Hello, \(state.name)!"]) }
graph.node("ask") { _ in .write(\.lines, ["What shall we build?"]) }
graph.start(at: "greet")
graph.edge("greet", to: "ask")

let result = try await graph.compile().run(.write(\.name, "Ada"))
print(result.state.lines.joined(separator: "\n"))
