import AgentGraph

/// One nested graph for each of many subjects, all at once.
struct FanoutTask: BenchTask {
  let count: Int
  let subjects: [String]

  init(count: Int) {
    self.count = count
    subjects = Inputs.subjects(count)
  }

  var supersteps: Int { 1 + 12 * count }
  var events: Int { count }
  var given: Command<AllJokes> { .write(\.subjects, subjects) }

  func compile(_ checkpointer: (any Checkpointer)?) throws -> CompiledGraph<AllJokes> {
    var graph = Graph<AllJokes>("fanout")
    graph.subgraph("joke", try Self.jokeGraph(), takes: String.self) { subject in
      .write(\.subject, subject)
    } output: { joke in
      .write(\.jokes, joke.jokes)
    }
    graph.start(at: ["joke"]) { state in .sends(state.subjects.map { Send("joke", $0) }) }
    return try graph.compile(checkpointer: checkpointer)
  }

  private static func jokeGraph() throws -> CompiledGraph<Joke> {
    var graph = Graph<Joke>("joke")
    graph.node("edit") { state in .write(\.subject, state.subject + " - hohoho") }
    graph.node("generate") { state in .write(\.jokes, ["Joke about " + state.subject]) }
    graph.node("bump") { state in .write(\.jokes, [state.jokes[0] + " a"]) }
    graph.start(at: "edit")
    graph.edge("edit", to: "generate")
    graph.edge("generate", to: "bump")
    let enough = String(repeating: " a", count: 10)
    graph.edge("bump", to: ["bump"]) { state in state.jokes[0].hasSuffix(enough) ? .end : "bump" }
    return try graph.compile()
  }

  func lines(_ state: AllJokes) -> [String] { Array(state.jokes) }
}

struct AllJokes: GraphState {
  var subjects: [String] = []
  var jokes = SharedList<String>()

  struct Channels: Sendable {
    let subjects = StateChannel.last("subjects", \AllJokes.subjects)
    let jokes = StateChannel.appended("jokes", \AllJokes.jokes)
  }
  static let channels = Channels()
}

struct Joke: GraphState {
  var subject = ""
  var jokes: [String] = []

  struct Channels: Sendable {
    let subject = StateChannel.last("subject", \Joke.subject)
    let jokes = StateChannel.last("jokes", \Joke.jokes)
  }
  static let channels = Channels()
}
