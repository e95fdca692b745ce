import AgentGraph
import AgentJSON
import AgentTesting
import Testing

/// Callers on the main actor: nodes run elsewhere, and results come back (the engine's `run` is `@concurrent`).
@MainActor @Suite struct CallerTests {
  private var graph: Graph<Ledger> {
    var graph = Graph<Ledger>()
    for name in ["a", "b", "c"] {
      graph.node(name) { _ in
        // A node that blocked the main actor would wait for itself here.
        await MainActor.run {}
        return .entry(name)
      }
    }
    graph.start(at: "a", "b")
    graph.edge(["a", "b"], to: "c")
    return graph
  }

  @Test("G2 run from the main actor")
  func run() async throws {
    #expect(try await graph.compile().run(.nothing).state.lines == ["a", "b", "c"])
  }

  @Test("G36 stream from the main actor, by loop and by closure")
  func stream() async throws {
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    var nodes: [String] = []
    for try await event in compiled.stream(.nothing, on: "t") {
      MainActor.assertIsolated()
      nodes.append(event.node ?? "-")
    }
    #expect(nodes.sorted() == ["a", "b", "c"])
    let seen = Visits()
    _ = try await compiled.run(.nothing, on: "t", modes: .updates) { seen.add($0.node ?? "-") }
    #expect(seen.list.sorted() == ["a", "b", "c"])
    #expect(try await compiled.snapshot(of: "t")?.state.entries.count == 6)
    #expect(try await compiled.history(of: "t").count == 8)
  }

  @Test("G31 interrupt and resume from the main actor")
  func resume() async throws {
    var graph = graph
    graph.node("ask") { _, context in .entry(try context.interrupt("?").stringValue ?? "") }
    graph.edge("c", to: "ask")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    #expect(try await compiled.run(.nothing, on: "t").interrupts.count == 1)
    #expect(try await compiled.run(.resume("yes"), on: "t").state.lines == ["a", "b", "c", "yes"])
  }
}
