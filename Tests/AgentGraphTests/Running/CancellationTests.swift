import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct CancellationTests {
  @Test("G19 cancel from outside: running tasks are cancelled, the last checkpoint is intact, the error unchanged")
  func outside() async throws {
    for durability in Durability.allCases {
      let (gate, visits) = (NodeGate(), Visits())
      var graph = chain("a", "b")
      for name in ["wait1", "wait2"] {
        graph.node(name) { _ in
          do { try await gate.pass() } catch { visits.add("\(name) \(error is CancellationError)"); throw error }
          return .entry(name)
        }
        graph.edge("b", to: name)
      }
      let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
      let run = Task { try await compiled.run(.nothing, on: "t", options: RunOptions(durability: durability)) }
      await gate.reached(2)
      run.cancel()
      await #expect(throws: CancellationError.self) { try await run.value }
      #expect(visits.list.sorted() == ["wait1 true", "wait2 true"])
      let snapshot = try #require(try await compiled.snapshot(of: "t"))
      #expect(snapshot.state.lines == ["a", "b"])
      #expect(snapshot.tasks.map(\.status) == [.due, .due])
      gate.open()
      #expect(try await compiled.run(on: "t").state.lines == ["a", "b", "wait1", "wait2"])
    }
  }

  @Test("G19 a run that is cancelled before it begins runs nothing")
  func before() async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("a") { _ in
      visits.add("a")
      return .nothing
    }
    graph.start(at: "a")
    let (compiled, gate) = (try graph.compile(), NodeGate())
    let run = Task {
      await gate.passIgnoringCancellation()
      return try await compiled.run(.nothing)
    }
    run.cancel()
    gate.open()
    await #expect(throws: CancellationError.self) { try await run.value }
    #expect(visits.list == [])
  }

  @Test("G19 nodes that never wait do not keep a run from being cancelled between supersteps")
  func between() async throws {
    let visits = NodeGate()
    var graph = Graph<Ledger>()
    graph.node("loop", .destinations(["loop"])) { state in
      if state.total == 10 {
        visits.open()
        try await visits.pass()
      }
      return .write(\.total, 1).goto("loop")
    }
    graph.start(at: "loop")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer(retention: RetentionPolicy(last: 2)))
    var options = RunOptions()
    options.superstepsMax = .max
    let run = Task { [options] in try await compiled.run(.nothing, on: "t", options: options) }
    await visits.reached()
    run.cancel()
    await #expect(throws: CancellationError.self) { try await run.value }
    #expect(try await compiled.snapshot(of: "t")?.next == ["loop"])
  }

  @Test("G19 a CancellationError that a node throws of its own passes unchanged, and its handler does not run")
  func thrown() async throws {
    var graph = Graph<Ledger>()
    graph.node("a", .retry(RetryPolicy(attemptsMax: 3) { _ in true }), .onError("mend")) { _ in
      throw CancellationError()
    }
    graph.node("mend") { _ in .entry("mend") }
    graph.start(at: "a")
    let compiled = try graph.compile()
    await #expect(throws: CancellationError.self) { try await compiled.run(.nothing) }
  }

  @Test("G19 what a node makes of its cancellation is no failure: neither retried, nor handled, nor written")
  func translated() async throws {
    let (gate, visits) = (NodeGate(), Visits())
    var graph = Graph<Ledger>()
    graph.node("a", .retry(RetryPolicy(attemptsMax: 3)), .onError("mend")) { _ in
      visits.add("a")
      if visits.count("a") > 1 { return .entry("a") }
      do { try await gate.pass() } catch { throw Mishap("cancelled, in my words") }
      return .entry("a")
    }
    graph.node("mend") { _ in .entry("mend") }
    graph.start(at: "a")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    let run = Task { try await compiled.run(.nothing, on: "t") }
    await gate.reached()
    run.cancel()
    await #expect(throws: (any Error).self) { try await run.value }
    #expect(visits.count("a") == 1)
    #expect(try await compiled.run(on: "t").state.lines == ["a"])
  }

  @Test("G19 cancellation reaches a nested graph, and what it has saved goes on", arguments: Keeping.allCases)
  func nested(_ keeping: Keeping) async throws {
    let (gate, visits) = (NodeGate(), Visits())
    var inner = Graph<Ledger>("inner")
    inner.node("first") { _ in
      visits.add("first")
      return .entry("first")
    }
    inner.node("second") { _ in
      try await gate.pass()
      return .entry("second")
    }
    inner.start(at: "first")
    inner.edge("first", to: "second")
    var outer = Graph<Ledger>("outer")
    outer.subgraph("inner", try inner.compile())
    outer.start(at: "inner")
    let compiled = try outer.compile(checkpointer: keeping.make())
    let run = Task { try await compiled.run(.nothing, on: "t") }
    await gate.reached()
    run.cancel()
    await #expect(throws: CancellationError.self) { try await run.value }
    #expect(try await compiled.snapshot(of: "t")?.state.lines == [])
    gate.open()
    #expect(try await compiled.run(on: "t").state.lines == ["first", "second"])
    #expect(visits.count("first") == 1)
  }
}
