import AgentGraph
import AgentJSON
import Testing

@Suite struct SameStateSubgraphTests {
  private func nested(
    _ child: Graph<Ledger>, checkpointing: SubgraphCheckpointing = .inherited, beside: Command<Ledger>? = nil
  ) throws -> Graph<Ledger> {
    var graph = Graph<Ledger>("outer")
    graph.node("before") { _ in .entry("before").write(\.fresh, ["f0"]).write(\.total, 5) }
    graph.subgraph("child", try child.compile(), checkpointing: checkpointing)
    graph.start(at: "before")
    graph.edge("before", to: "child")
    if let beside {
      graph.node("beside") { _ in beside }
      graph.edge("before", to: "beside")
    }
    return graph
  }

  @Test("G34 over the same state: what the nested graph changed is its node's write", arguments: Keeping.allCases)
  func changes(keeping: Keeping) async throws {
    var child = Graph<Ledger>("child")
    child.node("x") { state in .entry("x after \(state.entries.count)").write(\.total, 1) }
    child.node("y") { _ in
      .entry("y").write(\.title, "y").write(\.notes, [.put(LedgerNote(id: "n", text: "note"))]).write(\.hint, "h")
    }
    child.start(at: "x")
    child.edge("x", to: "y")
    let graph = try nested(child).compile(checkpointer: keeping.make())
    let state = try await graph.run(.entry("in"), on: "t").state
    #expect(state.lines == ["in", "before", "x after 2", "y"])
    #expect(state.total == 6 && state.title == "y" && state.notes.map(\.text) == ["note"])
  }

  @Test("G34 over the same state: lists are appended to beside siblings, and unchanged channels are not written")
  func siblings() async throws {
    let beside = Command<Ledger>.entry("beside").write(\.title, "beside").write(\.fresh, ["kept"]).write(\.hint, "kept")
    let graph = try nested(chain("x", "y", as: "child"), beside: beside).compile(checkpointer: Keeping.encoded.make())
    var options = RunOptions()
    options.superstepsMax = 2
    let state = try await graph.run(.entry("in"), on: "t", options: options).state
    #expect(state.lines == ["in", "before", "beside", "x", "y"])
    #expect(state.title == "beside" && Array(state.fresh) == ["kept"] && state.hint == "kept")
  }

  @Test("G34 over the same state: a replaced list replaces", arguments: Keeping.allCases)
  func replaced(keeping: Keeping) async throws {
    var child = Graph<Ledger>("child")
    child.node("x") { _ in .overwrite(\.entries, ["only"]) }
    child.node("ask") { _, context in .entry(try context.interrupt("?").stringValue ?? "") }
    child.start(at: "x")
    child.edge("x", to: "ask")
    let graph = try nested(child).compile(checkpointer: keeping.make())
    _ = try await graph.run(.entry("in"), on: "t")
    #expect(try await graph.snapshot(of: "t")?.state.lines == ["in", "before"])
    #expect(try await graph.run(.resume("yes"), on: "t").state.lines == ["only", "yes"])
  }

  @Test("G34 over the same state with its own checkpoints: each call writes what it changed, and no more")
  func own() async throws {
    var child = Graph<Ledger>("child")
    child.node("x") { state in state.total == 0 ? .write(\.title, "first").write(\.total, 1) : .entry("second") }
    child.start(at: "x")
    var graph = Graph<Ledger>("outer")
    graph.subgraph("child", try child.compile(), checkpointing: .own)
    graph.node("beside") { state in state.total == 0 ? .nothing : .write(\.title, "beside").write(\.total, 10) }
    graph.start(at: "child", "beside")
    let compiled = try graph.compile(checkpointer: Keeping.encoded.make())
    _ = try await compiled.run(.nothing, on: "t")
    let state = try await compiled.run(.nothing, on: "t").state
    #expect(state.lines == ["second"] && state.title == "beside" && state.total == 11)
  }

  @Test(
    "G34 over the same state: an interrupt and a crash in it go on", arguments: Keeping.allCases, Durability.allCases)
  func interrupted(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    var child = Graph<Ledger>("child")
    child.node("x") { _ in .entry("x\(visits.number("x"))") }
    child.node("ask") { _, context in .entry(try context.interrupt("?").stringValue ?? "") }
    child.start(at: "x")
    child.edge("x", to: "ask")
    let graph = try nested(child).compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    #expect(try await graph.run(.entry("in"), on: "t", options: options).state.lines == ["in", "before"])
    let resumed = try await graph.run(.resume("yes"), on: "t", options: options)
    #expect(resumed.state.lines == ["in", "before", "x0", "yes"])
  }
}
