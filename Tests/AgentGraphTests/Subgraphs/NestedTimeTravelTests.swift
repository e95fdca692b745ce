import AgentGraph
import AgentJSON
import Testing

@Suite struct NestedTimeTravelTests {
  /// A finished thread of three levels, with the namespaces of the two below.
  private func thread(_ keeping: Keeping) async throws -> (
    levels: ThreeLevels, graph: CompiledGraph<Ledger>, keeper: any Checkpointer, namespaces: [GraphNamespace]
  ) {
    let visits = Visits()
    let levels = try ThreeLevels { _, _ in .write(\.words, ["i2.\(visits.number("i2"))"]) }
    let keeper = keeping.make()
    let graph = try levels.outer.compile(checkpointer: keeper)
    _ = try await graph.run(.entry("in"), on: "t")
    return (levels, graph, keeper, try await keeper.namespaces(thread: "t"))
  }

  @Test("G35 time travel to the innermost graph: only what follows there runs again", arguments: Keeping.allCases)
  func innermost(keeping: Keeping) async throws {
    let (levels, graph, keeper, namespaces) = try await thread(keeping)
    let inner = try levels.inner.compile(checkpointer: keeper)
    let old = try await inner.history(of: "t", in: namespaces[2])
    let expected = [
      ["in", "o1.0", "m1.0", "i1.0", "i2.0", "i3.0", "m3.0", "o3.0"],
      ["in", "o1.0", "m1.0", "i1.0", "i2.0", "i3.0", "m3.1", "o3.1"],
      ["in", "o1.0", "m1.0", "i1.0", "i2.0", "i3.1", "m3.2", "o3.2"],
      ["in", "o1.0", "m1.0", "i1.0", "i2.1", "i3.2", "m3.3", "o3.3"],
      ["in", "o1.0", "m1.0", "i1.1", "i2.2", "i3.3", "m3.4", "o3.4"],
      ["in", "o1.0", "m1.0", "i1.2", "i2.3", "i3.4", "m3.5", "o3.5"],
    ]
    #expect(try await graph.snapshot(of: "t")?.state.lines == expected[0])
    #expect(old.map(\.metadata.step) == [3, 2, 1, 0, -1])
    for (checkpoint, lines) in zip(old, expected.dropFirst()) {
      let result = try await graph.run(on: "t", options: .from(checkpoint.reference))
      #expect(result.state.lines == lines, "from step \(checkpoint.metadata.step)")
    }
    // The old branch is there as it was.
    let kept = try await inner.history(of: "t", in: namespaces[2])
    #expect(kept.map(\.reference) == old.map(\.reference) && kept.map(\.state) == old.map(\.state))
    #expect(try await keeper.namespaces(thread: "t").count == 3 + 2 * 5)
  }

  @Test("G35 time travel to the graph between", arguments: Keeping.allCases)
  func middle(keeping: Keeping) async throws {
    let (levels, graph, keeper, namespaces) = try await thread(keeping)
    let middle = try levels.middle.compile(checkpointer: keeper)
    let old = try await middle.history(of: "t", in: namespaces[1])
    let beforeInner = try #require(old.first { $0.next == ["m2"] })
    let result = try await graph.run(on: "t", options: .from(beforeInner.reference))
    #expect(result.state.lines == ["in", "o1.0", "m1.0", "i1.1", "i2.1", "i3.1", "m3.1", "o3.1"])
    let afterInner = try #require(old.first { $0.next == ["m3"] })
    let late = try await graph.run(on: "t", options: .from(afterInner.reference))
    #expect(late.state.lines == ["in", "o1.0", "m1.0", "i1.0", "i2.0", "i3.0", "m3.2", "o3.2"])
  }

  @Test("G35 time travel to the root runs nested graphs anew", arguments: Keeping.allCases)
  func root(keeping: Keeping) async throws {
    let (_, graph, _, _) = try await thread(keeping)
    let before = try #require(try await graph.history(of: "t").first { $0.next == ["o2"] })
    let result = try await graph.run(on: "t", options: .from(before.reference))
    #expect(result.state.lines == ["in", "o1.0", "m1.1", "i1.1", "i2.1", "i3.1", "m3.1", "o3.1"])
  }

  @Test(
    "G35 an interrupt fires again in a nested fork, and its answer goes to the new branch", arguments: Keeping.allCases)
  func interrupt(keeping: Keeping) async throws {
    let levels = try ThreeLevels { _, context in .write(\.words, [try context.interrupt("?").stringValue ?? ""]) }
    let keeper = keeping.make()
    let graph = try levels.outer.compile(checkpointer: keeper)
    let first = try #require(try await graph.run(.nothing, on: "t").interrupts.first)
    _ = try await graph.run(.resume("1"), on: "t")
    let inner = try levels.inner.compile(checkpointer: keeper)
    let history = try await inner.history(of: "t", in: first.namespace)
    let asked = try #require(history.first { $0.next == ["i2"] })
    let again = try #require(try await graph.run(on: "t", options: .from(asked.reference)).interrupts.first)
    #expect(again.id != first.id && again.namespace != first.namespace)
    let result = try await graph.run(.resume("2"), on: "t")
    #expect(result.state.lines == ["o1.0", "m1.0", "i1.0", "2", "i3.1", "m3.1", "o3.1"])
  }

  @Test("G35 a branch by an update of a nested checkpoint", arguments: Keeping.allCases)
  func update(keeping: Keeping) async throws {
    let (levels, graph, keeper, namespaces) = try await thread(keeping)
    let inner = try levels.inner.compile(checkpointer: keeper)
    let asked = try #require(try await inner.history(of: "t", in: namespaces[2]).first { $0.next == ["i2"] })
    let id = try await inner.updateState(of: "t", .write(\.words, ["hand"]), asNode: "i2", at: asked.reference)
    let result = try await graph.run(on: "t", options: .from(CheckpointReference(id, in: namespaces[2])))
    #expect(result.state.lines == ["in", "o1.0", "m1.0", "i1.0", "hand", "i3.1", "m3.1", "o3.1"])
  }

  @Test("G35 a nested checkpoint takes no input, and one that is not there is an error")
  func refusals() async throws {
    let (levels, graph, keeper, namespaces) = try await thread(.byReference)
    let inner = try levels.inner.compile(checkpointer: keeper)
    let reference = try #require(try await inner.snapshot(of: "t", in: namespaces[2])?.reference)
    let input = await graphError { _ = try await graph.run(.nothing, on: "t", options: .from(reference)) }
    #expect(input?.code == .invalidUse)
    let moved = CheckpointReference(reference.id, in: namespaces[1])
    let absent = await graphError { _ = try await graph.run(on: "t", options: .from(moved)) }
    #expect(absent?.code == .unknownCheckpoint)
  }

  @Test("G35 own state is that of the time travelled to", arguments: Keeping.allCases)
  func own(keeping: Keeping) async throws {
    var page = Graph<Page>("counter")
    page.node("count") { _ in .write(\.count, 1) }
    page.start(at: "count")
    var graph = Graph<Ledger>()
    graph.subgraph(
      "page", try page.compile(), checkpointing: .own, input: { _ in .nothing },
      output: { .entry("\($0.count)").write(\.total, 1) })
    graph.start(at: "page")
    graph.edge("page", to: ["page"]) { $0.total % 2 == 0 ? .end : "page" }
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.nothing, on: "t")
    #expect(try await compiled.run(.nothing, on: "t").state.lines == ["1", "2", "3", "4"])
    let due = try await compiled.history(of: "t").filter { $0.next == ["page"] }
    #expect(due.map(\.state.lines) == [["1", "2", "3"], ["1", "2"], ["1"], []])
    let forked = try await compiled.run(on: "t", options: .from(due[3].reference))
    #expect(forked.state.lines == ["1", "2"])
    // The thread goes on with the branch's state.
    #expect(try await compiled.run(.nothing, on: "t").state.lines == ["1", "2", "3", "4"])
  }
}
