import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct DurabilityTests {
  private func visited(_ visits: Visits) -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    for name in ["a", "b"] {
      graph.node(name) { _ in
        visits.add(name)
        return .entry(name)
      }
    }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    return graph
  }

  /// Gives other tasks a chance to do what they should not.
  private func pause() async {
    for _ in 0..<200 { await Task.yield() }
  }

  @Test("G22 sync: a superstep starts when the checkpoint before it is stored")
  func sync() async throws {
    let (visits, slow) = (Visits(), HoldingCheckpointer())
    let graph = try visited(visits).compile(checkpointer: slow)
    async let result = graph.run(.entry("in"), on: "t", options: RunOptions(durability: .sync))
    await slow.held(2)  // the input's, and that of the start
    await pause()
    #expect(visits.list == [])
    slow.storeOne()
    slow.storeOne()
    await slow.held(1)
    await pause()
    #expect(visits.list == ["a"])
    slow.storeOne()
    await slow.held(1)
    #expect(visits.list == ["a", "b"])
    slow.letGo()
    #expect(try await result.state.lines == ["in", "a", "b"])
  }

  @Test("G22 sync: an input that goes to a node is stored before the node starts")
  func syncGoto() async throws {
    let (visits, slow) = (Visits(), HoldingCheckpointer())
    let graph = try visited(visits).compile(checkpointer: slow)
    async let result = graph.run(.entry("in").goto("b"), on: "t", options: RunOptions(durability: .sync))
    await slow.held(1)
    await pause()
    #expect(visits.list == [])
    slow.letGo()
    #expect(try await result.state.lines == ["in", "b"])
  }

  @Test("G22 async: supersteps go on while checkpoints are stored, in order; the run ends after the last")
  func async() async throws {
    let (visits, slow, isDone) = (Visits(), HoldingCheckpointer(), Latch())
    let graph = try visited(visits).compile(checkpointer: slow)
    async let result = {
      let result = try await graph.run(.entry("in"), on: "t")
      isDone.open()
      return result
    }()
    await slow.held(4)
    #expect(visits.list == ["a", "b"])
    await pause()
    #expect(!isDone.isOpen)
    #expect(try await graph.history(of: "t").isEmpty)
    for steps in [[-1], [0, -1], [1, 0, -1]] {
      slow.storeOne()
      #expect(try await graph.history(of: "t").map(\.metadata.step) == steps)
    }
    await pause()
    #expect(!isDone.isOpen)
    slow.letGo()
    _ = try await result
  }

  @Test("G22 async: saves that wait are bounded")
  func asyncIsBounded() async throws {
    let slow = HoldingCheckpointer()
    var loop = Graph<Ledger>()
    loop.node("again") { state in .write(\.total, 1) }
    loop.start(at: "again")
    loop.edge("again", to: ["again"]) { $0.total < 500 ? "again" : .end }
    let graph = try loop.compile(checkpointer: slow)
    async let result = graph.run(.nothing, on: "t")
    await slow.held(64)
    await pause()
    #expect(slow.heldCount <= 65)
    slow.letGo()
    #expect(try await result.state.total == 500)
  }

  @Test("G22 exit: one checkpoint at the end, at an interrupt, and at an error", arguments: Keeping.allCases)
  func exit(keeping: Keeping) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .entry("a") }
    graph.node("ask") { _, context in .entry(try context.interrupt("?").stringValue ?? "") }
    graph.node("fail") { _ in
      if visits.number("fail") == 0 { throw Mishap() }
      return .entry("fixed")
    }
    graph.start(at: "a")
    graph.edge("a", to: "ask")
    graph.edge("ask", to: "fail")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let options = RunOptions(durability: .exit)
    #expect(try await compiled.run(.entry("in"), on: "t", options: options).interrupts.count == 1)
    #expect(try await compiled.history(of: "t").map(\.next) == [["ask"]])
    await #expect(throws: Mishap()) { try await compiled.run(.resume("yes"), on: "t", options: options) }
    #expect(try await compiled.history(of: "t").map(\.next) == [["fail"], ["ask"]])
    let result = try await compiled.run(on: "t", options: options)
    #expect(result.state.lines == ["in", "a", "yes", "fixed"])
    #expect(try await compiled.history(of: "t").map(\.next) == [[], ["fail"], ["ask"]])
    let history = try await compiled.history(of: "t")
    #expect(history.map(\.parent) == [history[1].reference.id, history[2].reference.id, nil])
  }

  @Test("G22 a save that fails ends the run with its error", arguments: Durability.allCases)
  func failingSave(durability: Durability) async throws {
    let base = InMemoryCheckpointer()
    let cut = CutCheckpointer(base) { write in
      if case .checkpoint(let record) = write { record.metadata.step == 1 || record.metadata.step == 2 } else { false }
    }
    let graph = try chain("a", "b").compile(checkpointer: cut)
    await #expect(throws: CutCheckpointer.Cut.self) {
      _ = try await graph.run(.entry("in"), on: "t", options: RunOptions(durability: durability))
    }
    let stored = try await graph.checkpointed(by: base).history(of: "t").map(\.metadata.step)
    #expect(stored == (durability == .exit ? [] : [0, -1]))
  }
}
