import AgentGraph

/// One line of a conversation between a model and its tools.
struct Line: IdentifiedMessage, Codable {
  var id = ""
  var role: String
  var text: String
}

struct Agent: GraphState {
  var lines = MessageList<Line>()
  struct Channels: Sendable { let lines = StateChannel.messages("lines", \Agent.lines) }
  static let channels = Channels()
}

/// Stands for a model: it calls the tool until it knows both temperatures.
@Sendable func model(_ lines: [Line]) async throws -> Line {
  let known = lines.filter { $0.role == "tool" }
  if known.count < 2 { return Line(role: "call", text: ["Oslo", "Rome"][known.count]) }
  return Line(role: "model", text: known.map(\.text).joined(separator: ", "))
}

struct WeatherIsDown: Error {}

/// Stands for a tool: it fails the first time that it is asked for Rome.
actor Weather {
  private(set) var calls = 0
  func ask(_ city: String) throws -> String {
    calls += 1
    if city == "Rome", calls == 2 { throw WeatherIsDown() }
    return "\(city) \(city == "Rome" ? 24 : 9)°"
  }
}
let weather = Weather()

var graph = Graph<Agent>()
graph.node("model") { state, context in
  // An effect is recorded: a resume, or another attempt, gets the record and does not pay for the call again.
  let reply = try await context.effect("model") { _ in try await model(Array(state.lines.messages)) }
  return .write(\.lines, [.put(reply)])
}
graph.node("tool", .retry(RetryPolicy(attemptsMax: 3, initialInterval: .milliseconds(1)))) { state, context in
  let city = state.lines.messages.last?.text ?? ""
  let found = try await context.effect("weather") { _ in try await weather.ask(city) }
  return .write(\.lines, [.put(Line(role: "tool", text: found))])
}
graph.start(at: "model")
graph.edge("model", to: ["tool"]) { $0.lines.messages.last?.role == "call" ? "tool" : .end }
graph.edge("tool", to: "model")

let agent = try graph.compile(checkpointer: InMemoryCheckpointer())
let question = Line(role: "user", text: "How warm is it in Oslo and in Rome?")
for try await event in agent.stream(.write(\.lines, [.put(question)]), on: "weather", modes: .tasks) {
  if case .taskEnded(_, .done) = event.content { print("\(event.step): \(event.node ?? "")") }
}
let end = try await agent.snapshot(of: "weather")
print("\(end?.state.lines.messages.last?.text ?? "") after \(await weather.calls) calls of the tool")
