import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct DrainTests {
  private func options(_ drain: DrainSignal, _ durability: Durability = .async) -> RunOptions {
    var options = RunOptions(durability: durability)
    options.drain = drain
    return options
  }

  @Test("G20 no superstep starts after a drain; the one under way ends, and the state is resumable")
  func drained() async throws {
    for durability in Durability.allCases {
      let drain = DrainSignal()
      var graph = chain("a")
      graph.node("b1") { _ in
        drain.request()
        return .entry("b1")
      }
      graph.node("b2") { _ in .entry("b2") }
      graph.node("c") { _ in .entry("c") }
      graph.edge("a", to: "b1")
      graph.edge("a", to: "b2")
      graph.edge(["b1", "b2"], to: "c")
      let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
      let result = try await compiled.run(.nothing, on: "t", options: options(drain, durability))
      #expect(result.outcome == .drained)
      #expect(result.state.lines == ["a", "b1", "b2"])
      let snapshot = try #require(try await compiled.snapshot(of: "t"))
      #expect(snapshot.next == ["c"])
      #expect(snapshot.reference.id == result.checkpoint)
      #expect(try await compiled.run(on: "t").state.lines == ["a", "b1", "b2", "c"])
    }
  }

  @Test("G20 a run that is drained before it starts keeps its input")
  func atOnce() async throws {
    let drain = DrainSignal()
    drain.request()
    let compiled = try chain("a").compile(checkpointer: InMemoryCheckpointer())
    let result = try await compiled.run(.entry("in"), on: "t", options: options(drain))
    #expect(result.outcome == .drained)
    #expect(result.supersteps == 0)
    #expect(try await compiled.run(on: "t").state.lines == ["in", "a"])
  }

  @Test("G20 a run whose last superstep is under way finishes")
  func last() async throws {
    let drain = DrainSignal()
    var graph = Graph<Ledger>()
    graph.node("a") { _ in
      drain.request()
      return .entry("a")
    }
    graph.start(at: "a")
    let result = try await graph.compile().run(.nothing, options: options(drain))
    #expect(result.outcome == .finished)
    #expect(result.state.lines == ["a"])
  }

  @Test("G20 a drain stops a nested graph between its supersteps, and goes on there", arguments: Keeping.allCases)
  func nested(_ keeping: Keeping) async throws {
    for durability in Durability.allCases {
      let (drain, visits) = (DrainSignal(), Visits())
      var inner = Graph<Ledger>("inner")
      inner.node("first") { _ in
        visits.add("first")
        drain.request()
        return .entry("first")
      }
      inner.node("second") { _ in .entry("second") }
      inner.start(at: "first")
      inner.edge("first", to: "second")
      var outer = Graph<Ledger>("outer")
      outer.subgraph("inner", try inner.compile())
      outer.node("sibling") { _ in
        visits.add("sibling")
        return .entry("sibling")
      }
      outer.start(at: "inner", "sibling")
      let compiled = try outer.compile(checkpointer: keeping.make())
      let result = try await compiled.run(.nothing, on: "t", options: options(drain, durability))
      #expect(result.outcome == .drained)
      #expect(result.state.lines == [])
      let state = try await compiled.run(on: "t", options: RunOptions(durability: durability)).state
      #expect(state.lines == ["first", "second", "sibling"])
      #expect(visits.list.sorted() == ["first", "sibling"])
    }
  }

  @Test("G20 one signal drains many runs")
  func many() async throws {
    let (drain, gate) = (DrainSignal(), NodeGate())
    var graph = Graph<Ledger>()
    graph.node("a") { _ in
      try await gate.pass()
      return .entry("a")
    }
    graph.node("b") { _ in .entry("b") }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    let (compiled, options) = (try graph.compile(checkpointer: InMemoryCheckpointer()), options(drain))
    let outcomes = try await withThrowingTaskGroup(of: [String].self) { group in
      for number in 0..<10 {
        group.addTask {
          let result = try await compiled.run(.nothing, on: "t\(number)", options: options)
          return result.outcome == .drained ? result.state.lines : ["not drained"]
        }
      }
      await gate.reached(10)
      drain.request()
      gate.open()
      return try await group.reduce(into: [[String]]()) { $0.append($1) }
    }
    #expect(outcomes == Array(repeating: ["a"], count: 10))
  }
}
