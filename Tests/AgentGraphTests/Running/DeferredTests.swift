import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct DeferredTests {
  private func graph(asking: Bool = false) -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    for name in ["a", "b1", "b3"] { graph.node(name) { _ in .entry(name) } }
    graph.node("b2") { _, context in
      if asking { _ = try context.interrupt("?") }
      return .entry("b2")
    }
    graph.node("last", .deferred) { _ in .entry("last") }
    graph.start(at: "a", "b1")
    graph.edge("a", to: "last")
    graph.edge("b1", to: "b2")
    graph.edge("b2", to: "b3")
    return graph
  }

  @Test("G11 a deferred node fires only when the run would otherwise end")
  func waits() async throws {
    #expect(try await graph().compile().run(.nothing).state.lines == ["a", "b1", "b2", "b3", "last"])
  }

  @Test("G11 a deferred node that is triggered several times fires once, and what follows it runs")
  func once() async throws {
    var graph = graph()
    graph.edge("b3", to: "last")
    graph.node("after") { _ in .entry("after") }
    graph.edge("last", to: "after")
    #expect(try await graph.compile().run(.nothing).state.lines == ["a", "b1", "b2", "b3", "last", "after"])
  }

  @Test("G11 several deferred nodes fire together; one that they trigger waits again")
  func several() async throws {
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .entry("a") }
    for name in ["d1", "d2", "d3"] { graph.node(name, .deferred) { _, context in .entry("\(name)@\(context.step)") } }
    graph.node("e") { _, context in .entry("e@\(context.step)") }
    graph.start(at: "a")
    graph.edge("a", to: "d1")
    graph.edge("a", to: "d2")
    graph.edge("d1", to: "d3")
    graph.edge("d2", to: "e")
    #expect(try await graph.compile().run(.nothing).state.lines == ["a", "d1@2", "d2@2", "e@3", "d3@4"])
  }

  @Test("G11 a deferred node as the only target, as a goto's and as a list edge's")
  func otherEdges() async throws {
    var graph = Graph<Ledger>()
    graph.node("a", .destinations(["went"])) { _ in .entry("a").goto("went") }
    graph.node("b") { _ in .entry("b") }
    graph.node("went", .deferred) { _ in .entry("went") }
    graph.node("joined", .deferred) { _ in .entry("joined") }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    graph.edge(["a", "b"], to: "joined")
    #expect(try await graph.compile().run(.nothing).state.lines == ["a", "b", "joined", "went"])
  }

  @Test("G11 what waits is part of the checkpoint", arguments: Keeping.allCases)
  func stored(_ keeping: Keeping) async throws {
    let compiled = try graph(asking: true).compile(checkpointer: keeping.make())
    #expect(try await compiled.run(.nothing, on: "t").interrupts.count == 1)
    #expect(try await compiled.run(.resume("go"), on: "t").state.lines == ["a", "b1", "b2", "b3", "last"])
  }

  @Test("G11 a snapshot shows a deferred node as next once nothing else is")
  func snapshot() async throws {
    let compiled = try graph().compile(checkpointer: InMemoryCheckpointer(), interruptBefore: .nodes(["last"]))
    #expect(try await compiled.run(.nothing, on: "t").interrupts.map(\.node) == ["last"])
    let snapshot = try await compiled.snapshot(of: "t")
    #expect(snapshot?.next == ["last"])
    #expect(try await compiled.run(on: "t").state.lines.last == "last")
  }
}
