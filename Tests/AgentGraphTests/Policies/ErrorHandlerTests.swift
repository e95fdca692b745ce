import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct ErrorHandlerTests {
  /// "fails" leads to "next" by an edge, and to "mend" when it fails for good.
  private func graph(
    _ visits: Visits, mend: @escaping @Sendable (Ledger, NodeContext<Ledger>) async throws -> Command<Ledger>
  ) -> Graph<Ledger> {
    var graph = chain("a")
    graph.node("fails", .retry(RetryPolicy(attemptsMax: 2, initialInterval: .zero)), .onError("mend")) { state in
      visits.add("fails")
      if state.title != "well" { throw Mishap("broken") }
      return .entry("fails")
    }
    graph.node("next") { _ in .entry("next") }
    graph.node("mend", .destinations(["next"]), run: mend)
    graph.node("after mend") { _ in .entry("after mend") }
    graph.edge("a", to: "fails")
    graph.edge("fails", to: "next")
    graph.edge("mend", to: "after mend")
    return graph
  }

  @Test("G17 the handler runs when retries are exhausted, in place of the failed node's edges, with error and source")
  func handles() async throws {
    let visits = Visits()
    let graph = graph(visits) { state, context in
      #expect(
        context.failure
          == NodeFailure(node: "fails", message: "\(Mishap("broken"))", type: "Mishap"))
      return .entry("mend after \(state.lines)")
    }
    let result = try await graph.compile().run(.nothing)
    #expect(result.state.lines == ["a", #"mend after ["a"]"#, "after mend"])
    #expect(visits.count("fails") == 2)
    #expect(try await graph.compile().run(.write(\.title, "well")).state.lines == ["a", "fails", "next"])
  }

  @Test("G17 the handler may route")
  func routes() async throws {
    let graph = graph(Visits()) { _, _ in .entry("mend").goto("next") }
    #expect(try await graph.compile().run(.nothing).state.lines == ["a", "mend", "after mend", "next"])
  }

  @Test("G17 siblings of a handled failure go on, and a list edge does not count the failed node")
  func siblings() async throws {
    var graph = Graph<Ledger>()
    let gate = NodeGate()
    graph.node("fails", .onError("mend")) { _ in throw Mishap() }
    graph.node("slow") { _ in
      try await gate.pass()
      return .entry("slow")
    }
    graph.node("mend") { _ in .entry("mend") }
    graph.node("join") { _ in .entry("join") }
    graph.start(at: "fails", "slow")
    graph.edge(["fails", "slow"], to: "join")
    let compiled = try graph.compile()
    let result = try await compiled.run(.nothing, modes: .tasks) { event in
      if event.node == "fails", case .taskEnded(_, .failed) = event.content { gate.open() }
    }
    #expect(result.state.lines == ["slow", "mend"])
  }

  @Test("G17 one handler for several nodes runs once for each failure")
  func several() async throws {
    var graph = Graph<Ledger>()
    for name in ["f1", "f2"] { graph.node(name, .onError("mend")) { _ in throw Mishap() } }
    graph.node("mend") { _, context in .entry("mend \(context.failure?.node ?? "")") }
    graph.start(at: "f1", "f2")
    #expect(try await graph.compile().run(.nothing).state.lines == ["mend f1", "mend f2"])
  }

  @Test("G17 a handler that fails ends the run, or has a handler of its own")
  func handlerFails() async throws {
    let graph = graph(Visits()) { _, _ in throw Mishap("mend broken") }
    let compiled = try graph.compile()
    await #expect(throws: Mishap("mend broken")) { try await compiled.run(.nothing) }
    var two = Graph<Ledger>()
    two.node("f", .onError("mend1")) { _ in throw Mishap("one") }
    two.node("mend1", .onError("mend2")) { _, context in throw Mishap("two after \(context.failure?.node ?? "")") }
    two.node("mend2") { _, context in .entry(context.failure?.message ?? "") }
    two.start(at: "f")
    #expect(try await two.compile().run(.nothing).state.lines == ["\(Mishap("two after f"))"])
  }

  @Test(
    "G17 a failure survives a crash: the handler runs in the next process, the failed node does not",
    arguments: Keeping.allCases)
  func survivesCrash(_ keeping: Keeping) async throws {
    let (visits, checkpointer) = (Visits(), keeping.make())
    let graph = graph(visits) { _, context in
      .entry("mend \(context.failure?.node ?? "") \(context.failure?.message.contains("broken") ?? false)")
    }
    // The process ends when the handler's superstep would be stored.
    let cut = CutCheckpointer(checkpointer) { write in
      if case .checkpoint(let record) = write { return record.metadata.ran == ["mend"] }
      return false
    }
    let first = try graph.compile(checkpointer: cut)
    await #expect(throws: CutCheckpointer.Cut.self) { try await first.run(.nothing, on: "t") }
    let second = try graph.compile(checkpointer: checkpointer)
    #expect(try await second.snapshot(of: "t")?.next == ["mend"])
    #expect(try await second.run(on: "t").state.lines == ["a", "mend fails true", "after mend"])
    #expect(visits.count("fails") == 2)
  }

  @Test("G17 a failure beside an unfinished sibling survives a crash, too", arguments: Keeping.allCases)
  func survivesInSuperstep(_ keeping: Keeping) async throws {
    let (visits, checkpointer, gate) = (Visits(), keeping.make(), NodeGate())
    var graph = Graph<Ledger>()
    graph.node("fails", .onError("mend")) { _ in
      visits.add("fails")
      throw Mishap()
    }
    graph.node("slow") { _ in
      if visits.number("slow") == 0 {
        try await gate.pass()
        throw Mishap("crash")
      }
      return .entry("slow")
    }
    graph.node("mend") { _, context in .entry("mend \(context.failure?.node ?? "")") }
    graph.start(at: "fails", "slow")
    let watched = CutCheckpointer(checkpointer) { write in
      if case .pending(let record) = write, record.node == "fails" { gate.open() }
      return false
    }
    let first = try graph.compile(checkpointer: watched)
    await #expect(throws: Mishap("crash")) { try await first.run(.nothing, on: "t") }
    let second = try graph.compile(checkpointer: checkpointer)
    #expect(try await second.run(on: "t").state.lines == ["slow", "mend fails"])
    #expect(visits.count("fails") == 1)
  }

  @Test("G17 a handler never swallows interrupts", arguments: Keeping.allCases)
  func interrupts(_ keeping: Keeping) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("asks", .onError("mend")) { _, context in
      do {
        return .entry(try context.interrupt("?").stringValue ?? "")
      } catch {
        throw Mishap("caught and thrown as my own")
      }
    }
    graph.node("mend") { _ in
      visits.add("mend")
      return .nothing
    }
    graph.start(at: "asks")
    let compiled = try graph.compile(checkpointer: keeping.make())
    #expect(try await compiled.run(.nothing, on: "t").interrupts.count == 1)
    #expect(try await compiled.run(.resume("yes"), on: "t").state.lines == ["yes"])
    #expect(visits.list == [])
  }

  @Test("G17 a handler handles a nested graph's failure, and a timeout")
  func nested() async throws {
    var inner = Graph<Page>("inner")
    inner.node("fails") { _ in throw Mishap("deep") }
    inner.start(at: "fails")
    var graph = Graph<Ledger>()
    graph.subgraph("page", try inner.compile(), .onError("mend"), input: { _ in .nothing }, output: { _ in .nothing })
    graph.node("mend") { _, context in .entry("\(context.failure?.node ?? "") \(context.failure?.type ?? "")") }
    graph.start(at: "page")
    #expect(try await graph.compile().run(.nothing).state.lines == ["page Mishap"])
  }

  @Test("G17 the stream tells of the failure, and of no writes")
  func events() async throws {
    let told = Visits()
    let compiled = try graph(Visits()) { _, _ in .entry("mend") }.compile()
    _ = try await compiled.run(.nothing, modes: [.tasks, .updates]) { event in
      guard event.node == "fails" else { return }
      switch event.content {
      case .taskStarted: told.add("started")
      case .taskEnded(_, .failed(let message)): told.add("failed \(message.contains("broken"))")
      case .updates(let updates, _): told.add("updates \(updates.count)")
      default: told.add("other")
      }
    }
    #expect(told.list.filter { $0 != "updates 0" } == ["started", "failed true"])
  }
}
