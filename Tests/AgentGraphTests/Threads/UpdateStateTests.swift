import AgentGraph
import AgentJSON
import Testing

@Suite struct UpdateStateTests {
  private func branching() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    for name in ["a", "left", "right", "join"] { graph.node(name) { _ in .entry(name) } }
    graph.start(at: "a")
    graph.edge("a", to: ["left", "right"]) { $0.title == "r" ? "right" : "left" }
    graph.edge("left", to: "join")
    graph.edge("right", to: "join")
    return graph
  }

  @Test("G25 an update is as if the node had written, and its successors are due", arguments: Keeping.allCases)
  func asNode(keeping: Keeping) async throws {
    let graph = try branching().compile(checkpointer: keeping.make())
    _ = try await graph.run(.entry("in"), on: "t")
    let before = try #require(try await graph.snapshot(of: "t"))
    let id = try await graph.updateState(of: "t", .entry("hand").write(\.title, "r"), asNode: "a")
    let after = try #require(try await graph.snapshot(of: "t"))
    #expect(after.reference.id == id && after.parent == before.reference.id)
    #expect(after.next == ["right"])
    #expect(after.metadata.ran == ["a"] && after.metadata.step == before.metadata.step + 1)
    #expect(after.state.lines == ["in", "a", "left", "join", "hand"])
    #expect(try await graph.run(on: "t").state.lines == ["in", "a", "left", "join", "hand", "right", "join"])
  }

  @Test("G25 an update goes through reducers, and may overwrite, go and send", arguments: Keeping.allCases)
  func commands(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("a", .destinations(["b", "item"])) { _ in .write(\.total, 1) }
    graph.node("b") { _ in .entry("b") }
    graph.node("item", input: Int.self) { number, _ in .entry("item \(number)") }
    graph.start(at: "a")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.write(\.total, 10), on: "t")
    try await compiled.updateState(
      of: "t", .write(\.total, 5).overwrite(\.entries, ["new"]).goto(["b", .send(Send("item", 7))]), asNode: "a")
    #expect(try await compiled.snapshot(of: "t")?.next == ["b", "item"])
    let state = try await compiled.run(on: "t").state
    #expect(state.total == 16 && state.lines == ["new", "b", "item 7"])
    let error = await graphError { try await compiled.updateState(of: "t", .goto("nowhere"), asNode: "a") }
    #expect(error?.code == .unknownDestination)
  }

  @Test("G25 an update leaves due what a list edge made due, and deferred nodes", arguments: Keeping.allCases)
  func kept(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    for name in ["a", "b", "join", "plain", "x", "y"] { graph.node(name) { _ in .entry(name) } }
    graph.node("late", .deferred) { _ in .entry("late") }
    graph.start(at: "a", "b")
    graph.edge(["a", "b"], to: "join")
    for name in ["join", "plain", "late"] { graph.edge("a", to: name) }
    graph.edge("a", to: ["x"]) { _ in .end }
    graph.edge("x", to: "y")
    let compiled = try graph.compile(checkpointer: keeping.make(), interruptBefore: .nodes(["join"]))
    let stopped = try await compiled.run(.nothing, on: "t").checkpoint
    #expect(try await compiled.snapshot(of: "t")?.next == ["join", "plain"])
    try await compiled.updateState(of: "t", .nothing, asNode: "x")
    try await compiled.updateState(of: "t", .entry("x by hand"), asNode: "x")
    #expect(try await compiled.snapshot(of: "t")?.next == ["join", "y"])
    #expect(try await compiled.run(on: "t").state.lines == ["a", "b", "x by hand", "join", "y", "late"])
    // The node that was due itself has run then.
    let reference = try #require(stopped.map { CheckpointReference($0) })
    try await compiled.updateState(of: "t", .entry("by hand"), asNode: "join", at: reference)
    #expect(try await compiled.run(on: "t").state.lines == ["a", "b", "by hand", "late"])
  }

  @Test("G25 without a node it is the one that ran last; after several that is ambiguous", arguments: Keeping.allCases)
  func ambiguous(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    for name in ["a", "b", "c"] { graph.node(name) { _ in .entry(name) } }
    graph.start(at: "a", "b")
    graph.edge(["a", "b"], to: "c")
    let compiled = try graph.compile(checkpointer: keeping.make(), interruptBefore: .nodes(["c"]))
    _ = try await compiled.run(.nothing, on: "t")
    let before = try await compiled.history(of: "t").count
    let error = await graphError { try await compiled.updateState(of: "t", .entry("x")) }
    #expect(error?.code == .ambiguousNode)
    #expect(error?.message.contains("a, b") == true)
    #expect(try await compiled.history(of: "t").count == before)
    _ = try await compiled.run(on: "t")
    try await compiled.updateState(of: "t", .entry("x"))
    #expect(try await compiled.snapshot(of: "t")?.metadata.ran == ["c"])
    try await compiled.updateState(of: "t", .entry("y"))
    #expect(try await compiled.snapshot(of: "t")?.state.lines == ["a", "b", "c", "x", "y"])
  }

  @Test("G25 a node that is not there is refused, and nothing is saved")
  func unknownNode() async throws {
    let graph = try chain("a").compile(checkpointer: InMemoryCheckpointer())
    _ = try await graph.run(.nothing, on: "t")
    let error = await graphError { try await graph.updateState(of: "t", .entry("x"), asNode: "z") }
    #expect(error?.code == .unknownDestination && error?.message.contains("\"z\"") == true)
    let absent = CheckpointReference(CheckpointID(time: 1, origin: 1))
    let other = await graphError { try await graph.updateState(of: "t", .entry("x"), asNode: "a", at: absent) }
    #expect(other?.code == .unknownCheckpoint)
    #expect(try await graph.history(of: "t").count == 3)
  }

  @Test("G25 an update of an empty thread is its input", arguments: Keeping.allCases)
  func emptyThread(keeping: Keeping) async throws {
    let graph = try chain("a", "b").compile(checkpointer: keeping.make())
    try await graph.updateState(of: "t", .entry("hand"))
    #expect(try await graph.snapshot(of: "t")?.next == ["__start__"])
    #expect(try await graph.run(on: "t").state.lines == ["hand", "a", "b"])
    try await graph.updateState(of: "u", .entry("hand"), asNode: "a")
    #expect(try await graph.run(on: "u").state.lines == ["hand", "b"])
  }

  @Test("G25 an update fills its place in a list edge", arguments: Keeping.allCases)
  func barrier(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    for name in ["a", "b", "join"] { graph.node(name) { _ in .entry(name) } }
    graph.start(at: "a")
    graph.edge("a", to: ["b"]) { _ in .end }
    graph.edge(["a", "b"], to: "join")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.nothing, on: "t")
    #expect(try await compiled.snapshot(of: "t")?.next == [])
    try await compiled.updateState(of: "t", .entry("b by hand"), asNode: "b")
    #expect(try await compiled.run(on: "t").state.lines == ["a", "b by hand", "join"])
  }

  @Test("G25 an update of an older checkpoint is a branch", arguments: Keeping.allCases)
  func branch(keeping: Keeping) async throws {
    let graph = try branching().compile(checkpointer: keeping.make())
    _ = try await graph.run(.entry("in"), on: "t")
    let history = try await graph.history(of: "t")
    let afterA = history[2]
    try await graph.updateState(of: "t", .write(\.title, "r"), asNode: "a", at: afterA.reference)
    #expect(try await graph.snapshot(of: "t")?.parent == afterA.reference.id)
    #expect(try await graph.run(on: "t").state.lines == ["in", "a", "right", "join"])
    #expect(try await graph.snapshot(of: "t", at: history[0].reference.id)?.state == history[0].state)
  }

  @Test("G25 an update over an open question replaces it", arguments: Keeping.allCases)
  func overQuestion(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .entry("a") }
    graph.node("ask") { _, context in .entry(try context.interrupt("?").stringValue ?? "") }
    graph.start(at: "a")
    graph.edge("a", to: "ask")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.nothing, on: "t")
    try await compiled.updateState(of: "t", .entry("hand"), asNode: "ask")
    let snapshot = try #require(try await compiled.snapshot(of: "t"))
    #expect(snapshot.interrupts == [] && snapshot.next == [])
    let error = await graphError { _ = try await compiled.run(.resume("late"), on: "t") }
    #expect(error?.code == .unknownInterrupt)
    #expect(try await compiled.run(on: "t").state.lines == ["a", "hand"])
  }
}
