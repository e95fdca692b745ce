import AgentGraph
import AgentTesting
import Testing

@Suite struct SuperstepLimitTests {
  private func options(_ max: Int, _ durability: Durability = .async) -> RunOptions {
    var options = RunOptions(durability: durability)
    options.superstepsMax = max
    return options
  }

  @Test("G12 a run that ends in exactly the limit's supersteps succeeds")
  func exactly() async throws {
    let result = try await chain("a", "b", "c").compile().run(.nothing, options: options(3))
    #expect(result.supersteps == 3)
    #expect(result.outcome == .finished)
  }

  @Test("G12 the next superstep fails with an error that names the nodes that were due")
  func exceeded() async throws {
    var graph = chain("a", "b")
    graph.node("c1") { _ in .nothing }
    graph.node("c2") { _ in .nothing }
    graph.edge("b", to: "c1")
    graph.edge("b", to: "c2")
    let compiled = try graph.compile()
    let error = await graphError { _ = try await compiled.run(.nothing, options: options(2)) }
    #expect(error?.code == .superstepLimit)
    for text in ["c1, c2", " 2 "] { #expect(error?.message.contains(text) == true) }
  }

  @Test("G12 the last checkpoint is saved, and a run without input goes on", arguments: Durability.allCases)
  func resumable(_ durability: Durability) async throws {
    let compiled = try chain("a", "b", "c", "d").compile(checkpointer: InMemoryCheckpointer())
    let error = await graphError { _ = try await compiled.run(.nothing, on: "t", options: options(2, durability)) }
    #expect(error?.code == .superstepLimit)
    let snapshot = try #require(try await compiled.snapshot(of: "t"))
    #expect(snapshot.state.lines == ["a", "b"])
    #expect(snapshot.next == ["c"])
    let rest = try await compiled.run(on: "t", options: options(2, durability))
    #expect(rest.state.lines == ["a", "b", "c", "d"])
    #expect(rest.supersteps == 2)
  }

  @Test("G12 a deferred node counts as due, and survives the limit", arguments: Durability.allCases)
  func deferred(_ durability: Durability) async throws {
    var graph = chain("a", "b")
    graph.node("last", .deferred) { _ in .entry("last") }
    graph.edge("a", to: "last")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    let error = await graphError { _ = try await compiled.run(.nothing, on: "t", options: options(2, durability)) }
    #expect(error?.message.contains("last") == true)
    #expect(try await compiled.run(on: "t").state.lines == ["a", "b", "last"])
  }

  @Test("G12 each graph has a limit of its own: a nested one's error says which graph")
  func nested() async throws {
    var outer = Graph<Ledger>("outer")
    outer.subgraph("inner", try chain("a", "b", "c", as: "inner").compile())
    outer.start(at: "inner")
    let compiled = try outer.compile()
    #expect(try await compiled.run(.nothing, options: options(3)).supersteps == 1)
    let error = await graphError { _ = try await compiled.run(.nothing, options: options(2)) }
    #expect(error?.message.contains("\"inner\"") == true)
  }

  @Test("G12 a limit of zero runs nothing, and keeps the input")
  func zero() async throws {
    let compiled = try chain("a").compile(checkpointer: InMemoryCheckpointer())
    let error = await graphError { _ = try await compiled.run(.entry("in"), on: "t", options: options(0)) }
    #expect(error?.code == .superstepLimit)
    #expect(try await compiled.run(on: "t").state.lines == ["in", "a"])
  }
}
