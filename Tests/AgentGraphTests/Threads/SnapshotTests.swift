import AgentGraph
import AgentJSON
import Testing

@Suite struct SnapshotTests {
  /// A question, a failure and a finished task in one superstep.
  private func mixed(_ visits: Visits) -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    let (hasAsked, isDone) = (Latch(), Latch())
    graph.node("ask") { _, context in
      defer { hasAsked.open() }
      return .entry(try context.interrupt("sure?").stringValue ?? "")
    }
    graph.node("done") { _ in
      defer { isDone.open() }
      return .entry("done")
    }
    graph.node("fail") { _ in
      await hasAsked.wait()
      await isDone.wait()
      if visits.number("fail") == 0 { throw Mishap(text: "broken") }
      return .entry("mended")
    }
    graph.node("end") { _ in .entry("end") }
    graph.start(at: "ask", "done", "fail")
    graph.edge(["ask", "done", "fail"], to: "end")
    return graph
  }

  @Test(
    "G24 a snapshot has values, next nodes, and tasks with errors, interrupts and results", arguments: Keeping.allCases)
  func tasks(keeping: Keeping) async throws {
    let graph = try mixed(Visits()).compile(checkpointer: keeping.make())
    await #expect(throws: Mishap(text: "broken")) { try await graph.run(.entry("in"), on: "t") }
    let snapshot = try #require(try await graph.snapshot(of: "t"))
    #expect(snapshot.state.lines == ["in"])
    #expect(snapshot.next == ["ask", "fail"])
    #expect(snapshot.tasks.map(\.node) == ["ask", "done", "fail"])
    #expect(snapshot.interrupts.map(\.value) == ["sure?"])
    #expect(snapshot.interrupts.map(\.node) == ["ask"])
    #expect(snapshot.tasks[0].status == .interrupted(snapshot.interrupts))
    #expect(snapshot.tasks[1].status == .done)
    guard case .failed(let failure) = snapshot.tasks[2].status else {
      Issue.record("the third task did not fail: \(snapshot.tasks[2].status)")
      return
    }
    #expect(failure.node == "fail" && failure.type == "Mishap" && failure.message.contains("broken"))
    #expect(failure.code == nil)
  }

  @Test("G24 only unanswered interrupts are shown, in history, too", arguments: Keeping.allCases)
  func onlyUnanswered(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    for name in ["a", "b"] {
      graph.node(name) { _, context in .entry(try context.interrupt(.string(name)).stringValue ?? "") }
    }
    graph.node("end") { _ in .entry("end") }
    graph.start(at: "a", "b")
    graph.edge(["a", "b"], to: "end")
    let compiled = try graph.compile(checkpointer: keeping.make(), interruptBefore: .nodes(["end"]))
    let both = try await compiled.run(.nothing, on: "t").interrupts
    #expect(try await compiled.snapshot(of: "t")?.interrupts == both)
    _ = try await compiled.run(.resume("1", to: both[1].id), on: "t")
    let one = try #require(try await compiled.snapshot(of: "t"))
    #expect(one.interrupts == [both[0]] && one.next == ["a"])
    #expect(one.tasks.map(\.status) == [.interrupted([both[0]]), .done])
    let stop = try await compiled.run(.resume("2"), on: "t").interrupts
    #expect(try await compiled.snapshot(of: "t")?.interrupts == stop && stop.map(\.kind) == [.before])
    _ = try await compiled.run(on: "t")
    #expect(try await compiled.history(of: "t").flatMap(\.interrupts) == [])
  }

  @Test("G24 there is no snapshot of what is not there", arguments: Keeping.allCases)
  func absent(keeping: Keeping) async throws {
    let graph = try chain("a").compile(checkpointer: keeping.make())
    #expect(try await graph.snapshot(of: "t") == nil)
    #expect(try await graph.history(of: "t").isEmpty)
    _ = try await graph.run(.nothing, on: "t")
    #expect(try await graph.snapshot(of: "t", at: CheckpointID(time: 1, origin: 1)) == nil)
    #expect(try await graph.snapshot(of: "t", in: GraphNamespace(rawValue: "a:1")) == nil)
    #expect(try await graph.snapshot(of: "t")?.next == [])
    #expect(try await graph.deleteThread("t"))
    #expect(try await graph.snapshot(of: "t") == nil)
    #expect(!(try await graph.deleteThread("t")))
  }

  @Test("G24 without a checkpointer there is nothing to ask")
  func noCheckpointer() async throws {
    let graph = try chain("a").compile()
    for door in [
      { _ = try await graph.snapshot(of: "t") }, { _ = try await graph.history(of: "t") },
      { _ = try await graph.updateState(of: "t", .nothing) }, { _ = try await graph.deleteThread("t") },
      { _ = try await graph.run(.resume("x"), on: "t") },
    ] as [@Sendable () async throws -> Void] {
      #expect(await graphError(door)?.code == .noCheckpointer)
    }
  }

  @Test("G24 each older checkpoint can be asked for", arguments: Keeping.allCases)
  func older(keeping: Keeping) async throws {
    let graph = try chain("a", "b", "c").compile(checkpointer: keeping.make())
    _ = try await graph.run(.nothing, on: "t")
    for one in try await graph.history(of: "t") {
      let again = try #require(try await graph.snapshot(of: "t", at: one.reference.id))
      #expect(again.state == one.state && again.next == one.next && again.metadata == one.metadata)
      #expect(again.tasks == one.tasks && again.parent == one.parent)
    }
  }

  @Test("G24 an older checkpoint names all that was due, though its tasks are done", arguments: Durability.allCases)
  func historyNext(durability: Durability) async throws {
    var graph = Graph<Ledger>()
    for name in ["a", "b", "c"] { graph.node(name) { _ in .entry(name) } }
    graph.start(at: "a", "b")
    graph.edge(["a", "b"], to: "c")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer(), interruptAfter: .nodes(["b"]))
    _ = try await compiled.run(.nothing, on: "t", options: RunOptions(durability: durability))
    _ = try await compiled.run(on: "t", options: RunOptions(durability: durability))
    let next = try await compiled.history(of: "t").map(\.next)
    #expect(next == (durability == .exit ? [[], ["c"]] : [[], ["c"], ["a", "b"], ["__start__"]]))
  }

  @Test("G24 a deferred node that is the last is due", arguments: Keeping.allCases)
  func deferredNext(keeping: Keeping) async throws {
    var graph = chain("a", "b")
    graph.node("last", .deferred) { _ in .entry("last") }
    graph.edge("a", to: "last")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let final = try await compiled.run(.nothing, on: "t")
    let history = try await compiled.history(of: "t")
    #expect(history.map(\.next) == [[], ["last"], ["b"], ["a"], ["__start__"]])
    let forked = try await compiled.run(on: "t", options: .from(history[1].reference))
    #expect(forked.state == final.state && forked.supersteps == 1)
  }
}
