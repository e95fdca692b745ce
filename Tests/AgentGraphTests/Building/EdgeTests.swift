import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct EdgeTests {
  private func add(_ names: String..., to graph: inout Graph<Ledger>) {
    for name in names { graph.node(name) { _ in .entry(name) } }
  }

  @Test("G8 a static edge: the target follows the source, and the end ends the branch")
  func fixed() async throws {
    var graph = Graph<Ledger>()
    add("a", "b", to: &graph)
    graph.start(at: "a")
    graph.edge("a", to: "b")
    graph.edge("b", to: "__end__")
    let result = try await graph.compile().run(.nothing)
    #expect(result.state.lines == ["a", "b"])
    #expect(result.outcome == .finished)
    #expect(result.supersteps == 2)
  }

  @Test("G8 a list edge waits for all its sources, however far apart they run")
  func barrier() async throws {
    var graph = Graph<Ledger>()
    add("a", "b1", "b2", "c", to: &graph)
    graph.start(at: "a", "b1")
    graph.edge("b1", to: "b2")
    graph.edge(["a", "b2"], to: "c")
    #expect(try await graph.compile().run(.nothing).state.lines == ["a", "b1", "b2", "c"])
  }

  @Test("G8 a list edge resets after it fired: its target runs again when all sources have run again")
  func barrierResets() async throws {
    var graph = Graph<Ledger>()
    add("a", "b", "c", to: &graph)
    graph.start(at: "a", "b")
    graph.edge(["a", "b"], to: "c")
    graph.edge("c", to: ["a", "b"]) { state in
      switch state.entries.count {
      case ..<5: ["a", "b"]  // once more, both
      case 6: "a"  // once more, one of them: "c" must not follow
      default: .end
      }
    }
    let state = try await graph.compile().run(.nothing).state
    #expect(state.lines == ["a", "b", "c", "a", "b", "c", "a"])
  }

  @Test("G8 a source that runs twice does not stand for another one")
  func barrierCountsSources() async throws {
    var graph = Graph<Ledger>()
    add("a", "again", "b", "c", to: &graph)
    graph.start(at: "a")
    graph.edge("a", to: "again")
    graph.edge("again", to: ["a", "b"]) { $0.entries.count < 3 ? "a" : "b" }
    graph.edge(["a", "b"], to: "c")
    #expect(try await graph.compile().run(.nothing).state.lines == ["a", "again", "a", "again", "b", "c"])
  }

  @Test("G8 a list edge to the end is allowed, and disturbs no other list edge")
  func barrierToEnd() async throws {
    var graph = Graph<Ledger>()
    add("a", "b", "c", to: &graph)
    graph.start(at: "a", "b")
    graph.edge(["a", "b"], to: "__end__")
    graph.edge(["a", "b"], to: "c")
    #expect(try await graph.compile().run(.nothing).state.lines == ["a", "b", "c"])
  }

  @Test("G8 a list edge that waits is part of the checkpoint", arguments: Keeping.allCases)
  func barrierSurvives(_ keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    add("a", "b1", "c", to: &graph)
    graph.node("b2") { _, context in
      _ = try context.interrupt(.null)
      return .entry("b2")
    }
    graph.start(at: "a", "b1")
    graph.edge("b1", to: "b2")
    graph.edge(["a", "b2"], to: "c")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.nothing, on: "t")
    let state = try await compiled.run(.resume(.null), on: "t").state
    #expect(state.lines == ["a", "b1", "b2", "c"])
  }

  @Test("G8 a conditional edge reads the state with that node's own writes applied, and no sibling's")
  func condition() async throws {
    var graph = Graph<Ledger>()
    let seen = Visits()
    for name in ["one", "two"] {
      graph.node(name) { _ in .write(\.total, name == "one" ? 1 : 10).entry(name) }
      graph.edge(name, to: ["__end__"]) { state in
        seen.add("\(name) \(state.total) \(state.lines)")
        return .end
      }
    }
    graph.start(at: "one", "two")
    let state = try await graph.compile().run(.write(\.total, 100)).state
    #expect(state.total == 111)
    #expect(Set(seen.list) == [#"one 101 ["one"]"#, #"two 110 ["two"]"#])
  }

  @Test("G8 a conditional edge gives a node, several, sends, or the end")
  func routes() async throws {
    func lines(_ route: Route) async throws -> [String] {
      var graph = Graph<Ledger>()
      add("a", "b", "c", to: &graph)
      graph.node("sent", input: Int.self) { number, _ in .entry("sent \(number)") }
      graph.start(at: "a")
      graph.edge("a", to: ["b", "c", "sent"]) { _ in route }
      return try await graph.compile().run(.nothing).state.lines
    }
    #expect(try await lines("b") == ["a", "b"])
    #expect(try await lines(["c", "b"]) == ["a", "b", "c"])
    #expect(try await lines(.nodes(["b", "b"])) == ["a", "b"])
    #expect(try await lines(.sends([Send("sent", 2), Send("sent", 1)])) == ["a", "sent 2", "sent 1"])
    #expect(try await lines(["b", .send(Send("sent", 1)), .end]) == ["a", "b", "sent 1"])
    #expect(try await lines(.end) == ["a"])
    #expect(try await lines("__end__") == ["a"])
    #expect(try await lines([]) == ["a"])
  }

  @Test("G8 a conditional edge that chooses what it did not declare fails the run, and names both")
  func undeclared() async throws {
    var graph = Graph<Ledger>()
    add("a", "b", "c", to: &graph)
    graph.start(at: "a", "c")
    graph.edge("a", to: ["b"]) { _ in "c" }
    let compiled = try graph.compile()
    let error = await graphError { _ = try await compiled.run(.nothing) }
    #expect(error?.code == .unknownDestination)
    #expect(error?.node == "a")
    #expect(error?.message.contains("\"c\"") == true)
  }

  @Test("G8 the start may be conditional, and reads the state with the input")
  func conditionalStart() async throws {
    var graph = Graph<Ledger>()
    add("a", "b", to: &graph)
    graph.start(at: ["a", "b"]) { state in state.title == "to b" ? "b" : "a" }
    let compiled = try graph.compile()
    #expect(try await compiled.run(.write(\.title, "to b")).state.lines == ["b"])
    #expect(try await compiled.run(.nothing).state.lines == ["a"])
  }

  @Test("G8 an error in a condition fails its node, which runs again on resume")
  func failingCondition() async throws {
    var graph = Graph<Ledger>()
    let visits = Visits()
    add("a", "b", to: &graph)
    graph.start(at: "a")
    graph.edge("a", to: ["b"]) { _ in
      if visits.number("choose") == 0 { throw Mishap() }
      return "b"
    }
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    await #expect(throws: Mishap()) { try await compiled.run(.nothing, on: "t") }
    #expect(try await compiled.run(on: "t").state.lines == ["a", "b"])
  }
}

extension Command<Ledger> {
  /// The command with one more entry.
  func entry(_ text: String) -> Command { write(\.entries, [text]) }
}
