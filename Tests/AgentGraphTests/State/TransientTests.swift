import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct TransientTests {
  /// A chain in which each node notes what it sees of the transient channels; "a" writes them.
  private func chain(_ checkpointer: (any Checkpointer)? = nil) throws -> CompiledGraph<Ledger> {
    var graph = Graph<Ledger>()
    for name in ["a", "b", "c"] {
      graph.node(name) { state in
        let seen = Command<Ledger>.entry("\(name):\(state.hint ?? "-"):\(state.fresh.count)")
        return name == "a" ? seen.write(\.hint, "from a").write(\.fresh, ["x"]) : seen
      }
    }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    graph.edge("b", to: "c")
    return try graph.compile(checkpointer: checkpointer)
  }

  @Test("G4 a superstep that does not write an ephemeral channel clears it, and a topic")
  func clears() async throws {
    let state = try await chain().run(.write(\.hint, "in").write(\.fresh, ["1", "2"])).state
    #expect(state.lines == ["a:in:2", "b:from a:1", "c:-:0"])
    #expect(state.hint == nil)
  }

  @Test("G4 the next input clears what the last superstep left")
  func inputClears() async throws {
    var graph = Graph<Ledger>()
    graph.node("a") { state in .entry("\(state.hint ?? "-")").write(\.hint, "left").write(\.fresh, ["left"]) }
    graph.start(at: "a")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    #expect(try await compiled.run(.nothing, on: "t").state.hint == "left")
    #expect(try await compiled.run(.nothing, on: "t").state.lines == ["-", "-"])
  }

  @Test("G4 what is due when a run is resumed still sees transient values", arguments: Keeping.allCases)
  func resumed(_ keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .write(\.hint, "kept").write(\.fresh, ["kept"]) }
    graph.node("b") { state, context in
      _ = try context.interrupt("?")
      return .entry("b:\(state.hint ?? "-"):\(Array(state.fresh)):\(state.title)")
    }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.nothing, on: "t")
    let state = try await compiled.run(.resume("go").write(\.title, "with a write"), on: "t").state
    #expect(state.lines == [#"b:kept:["kept"]:with a write"#])
    #expect(state.fresh.isEmpty)
  }

  @Test("G4 a nested graph over the same state sees transient values, and its last ones are the node's writes")
  func nested() async throws {
    var outer = Graph<Ledger>("outer")
    outer.node("a") { _ in .write(\.hint, "from a").write(\.fresh, ["1", "2"]) }
    outer.subgraph("inner", try chain())
    outer.node("z") { state in .entry("z:\(state.hint ?? "-"):\(state.fresh.count)") }
    outer.start(at: "a")
    outer.edge("a", to: "inner")
    outer.edge("inner", to: "z")
    let state = try await outer.compile().run(.nothing).state
    #expect(state.lines == ["a:from a:2", "b:from a:1", "c:-:0", "z:-:0"])

    var last = Graph<Ledger>("last")
    last.node("w") { _ in .write(\.hint, "from w").write(\.fresh, ["3"]) }
    last.start(at: "w")
    var around = Graph<Ledger>("around")
    around.node("a") { _ in .write(\.fresh, ["1", "2"]) }
    around.subgraph("inner", try last.compile())
    around.start(at: "a")
    around.edge("a", to: "inner")
    let after = try await around.compile().run(.nothing).state
    #expect(Array(after.fresh) == ["3"])
    #expect(after.hint == "from w")
  }

  @Test("G4 one version bump a superstep, for the channels that were written")
  func versions() async throws {
    let checkpointer = InMemoryCheckpointer()
    _ = try await chain(checkpointer).run(.nothing, on: "t")
    let history = try await checkpointer.history(thread: "t", namespace: .root, query: HistoryQuery())
    let versions = history.reversed().map(\.metadata.versions)
    #expect(versions.count == 5)
    // entries, title, total, notes, fresh, hint, scratch
    let steps = versions.map { $0.max() ?? 0 }
    #expect(steps == steps.sorted())
    let (a, b, c) = (versions[2], versions[3], versions[4])
    #expect(a[0] == a[4] && a[4] == a[5])
    #expect(b[0] == a[0] + 1 && b[4] == b[0] && b[5] == b[0])  // "b" clears what "a" wrote
    #expect(c[0] == b[0] + 1 && c[4] == b[4] && c[5] == b[5])  // nothing is left to clear
    #expect([1, 2, 3, 6].allSatisfy { c[$0] == 0 })
  }
}
