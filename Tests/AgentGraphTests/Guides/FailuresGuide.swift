import AgentGraph
import AgentJSON
import AgentTesting
import Testing

/// The code of the guide "When nodes fail".
@Suite struct FailuresGuide {
  struct Lookup: GraphState {
    var word = ""
    var meaning = ""

    struct Channels: Sendable {
      let word = StateChannel.last("word", \Lookup.word)
      let meaning = StateChannel.last("meaning", \Lookup.meaning)
    }
    static let channels = Channels()
  }

  struct ServerIsBusy: Error {}

  private func ask(_ word: String) async throws -> String {
    if word.isEmpty { throw ServerIsBusy() }
    return "what \(word) means"
  }

  @Test("Retries, a timeout, a handler")
  func policies() async throws {
    var graph = Graph<Lookup>("lookup")
    graph.node(
      "ask",
      .retry(RetryPolicy(attemptsMax: 3, initialInterval: .milliseconds(1)) { $0 is ServerIsBusy }),
      .timeout(TimeoutPolicy(run: .seconds(30), idle: .seconds(5))),
      .onError("guess")
    ) { state in
      .write(\.meaning, try await ask(state.word))
    }
    graph.node("guess") { _, context in
      .write(\.meaning, "unknown: \(context.failure?.type ?? "")")
    }
    graph.start(at: "ask")
    let lookups = try graph.compile()
    #expect(try await lookups.run(.nothing).state.meaning == "unknown: ServerIsBusy")
    #expect(try await lookups.run(.write(\.word, "tea")).state.meaning == "what tea means")
  }

  @Test("A cache")
  func cache() async throws {
    var graph = Graph<Lookup>("lookup")
    graph.node("ask", .cache(CachePolicy(timeToLive: .seconds(600)) { $0.word })) { state in
      .write(\.meaning, try await ask(state.word))
    }
    graph.start(at: "ask")
    let lookups = try graph.compile()
    var options = RunOptions()
    options.cache = NodeCache()
    for _ in 0..<2 { _ = try await lookups.run(.write(\.word, "tea"), options: options) }
    #expect(options.cache?.count == 1)
  }

  @Test("A drain ends a run between supersteps, and another one goes on")
  func drain() async throws {
    var graph = Graph<Lookup>("lookup")
    let drain = DrainSignal()
    graph.node("ask") { _ in
      drain.request()  // a server does this when it is told to stop
      return .write(\.word, "tea")
    }
    graph.node("answer") { state in .write(\.meaning, "what \(state.word) means") }
    graph.start(at: "ask")
    graph.edge("ask", to: "answer")
    let lookups = try graph.compile(checkpointer: InMemoryCheckpointer())
    var options = RunOptions()
    options.drain = drain
    let result = try await lookups.run(.nothing, on: "lookup-1", options: options)
    print(result.outcome)  // drained
    let rest = try await lookups.run(on: "lookup-1")
    #expect(result.outcome == .drained && rest.state.meaning == "what tea means")
  }

  @Test("Everything that is wrong with a graph is named at once")
  func faults() throws {
    var graph = Graph<Lookup>("lookup")
    graph.node("ask") { _ in .nothing }
    graph.node("forgotten") { _ in .nothing }
    graph.start(at: "ask")
    graph.edge("ask", to: "answre")
    do {
      _ = try graph.compile()
    } catch let error as GraphError {
      for fault in error.faults { print(fault) }
    }
    let error = #expect(throws: GraphError.self) { try graph.compile() }
    #expect(error?.faults == [.unknownTarget("answre", from: "ask"), .unreachable("forgotten")])
  }

  @Test("Drawing")
  func drawing() throws {
    var graph = Graph<Lookup>("lookup")
    graph.node("ask") { _ in .nothing }
    graph.start(at: "ask")
    let lookups = try graph.compile()
    print(lookups.drawing.mermaid)
    print(lookups.drawing.json)
    #expect(lookups.drawing.nodes.map(\.name) == ["ask"])
  }

  @Test("Long-term memory")
  func memory() async throws {
    var graph = Graph<Lookup>("lookup")
    graph.node("remember") { state, context in
      let namespace = try MemoryNamespace("users", "ada", "words")
      try await context.memory?.put(namespace, state.word, ["known": true], timeToLive: .seconds(86_400))
      let known = try await context.memory?.search(MemoryQuery(prefix: namespace))
      return .write(\.meaning, "\(known?.items.count ?? 0) words known")
    }
    graph.start(at: "remember")
    var options = RunOptions()
    options.memory = InMemoryMemoryStore()
    let result = try await graph.compile().run(.write(\.word, "tea"), options: options)
    #expect(result.state.meaning == "1 words known")
  }
}
