import AgentGraph
import AgentJSON
import Testing

@Suite struct InterruptPointTests {
  /// What each run stopped with, until it ends.
  private func stops(
    _ graph: CompiledGraph<Ledger>, _ options: RunOptions = RunOptions()
  ) async throws -> (stops: [String], state: Ledger) {
    var (stops, input) = ([String](), Command<Ledger>?.some(.entry("in")))
    for _ in 0..<20 {
      let result = try await graph.run(input, on: "t", options: options)
      if result.outcome == .finished { return (stops, result.state) }
      stops.append(result.interrupts.map { "\($0.kind) \($0.node)" }.joined(separator: ", "))
      input = nil
      for question in result.interrupts where question.kind == .question {
        input = (input ?? .nothing).resume("yes", to: question.id)
      }
    }
    return (stops + ["no end"], Ledger())
  }

  @Test(
    "G33 a run stops before named nodes, and a resume passes it once", arguments: Keeping.allCases, Durability.allCases)
  func before(keeping: Keeping, durability: Durability) async throws {
    let graph = try chain("a", "b", "c").compile(checkpointer: keeping.make(), interruptBefore: .nodes(["b", "c"]))
    let options = RunOptions(durability: durability)
    let first = try await graph.run(.entry("in"), on: "t", options: options)
    #expect(first.interrupts.map(\.node) == ["b"] && first.state.lines == ["in", "a"])
    let snapshot = try await graph.snapshot(of: "t")
    #expect(snapshot?.next == ["b"] && snapshot?.interrupts == first.interrupts)
    let second = try await graph.run(on: "t", options: options)
    #expect(second.interrupts.map(\.node) == ["c"] && second.state.lines == ["in", "a", "b"])
    #expect(try await graph.run(on: "t", options: options).state.lines == ["in", "a", "b", "c"])
  }

  @Test("G33 a run stops after named nodes, and a resume goes on", arguments: Keeping.allCases, Durability.allCases)
  func after(keeping: Keeping, durability: Durability) async throws {
    let graph = try chain("a", "b", "c").compile(checkpointer: keeping.make(), interruptAfter: .nodes(["a", "c"]))
    let found = try await stops(graph, RunOptions(durability: durability))
    #expect(found.stops == ["after a", "after c"])
    #expect(found.state.lines == ["in", "a", "b", "c"])
  }

  @Test("G33 a run that is to stop at nodes that are not there is refused, and names them all")
  func unknown() async throws {
    let visits = Visits()
    var graph = Graph<Ledger>("mail")
    graph.node("a") { _ in
      visits.add("a")
      return .nothing
    }
    graph.start(at: "a")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    var options = RunOptions()
    options.interruptBefore = .nodes(["a", "x", "b"])
    options.interruptAfter = .nodes(["y"])
    for thread in ["t", nil] {
      let error = await graphError { _ = try await compiled.run(.nothing, on: thread, options: options) }
      #expect(error?.code == .invalidUse)
      let names = ["interruptBefore names \"b\", \"x\"", "interruptAfter names \"y\"", "There are: a."]
      #expect(names.allSatisfy { error?.message.contains($0) == true }, "\(error?.message ?? "")")
    }
    #expect(visits.list == [])
    #expect(try await compiled.snapshot(of: "t") == nil)
  }

  @Test("G33 all stops at every node; before and after are combined", arguments: Keeping.allCases, Durability.allCases)
  func all(keeping: Keeping, durability: Durability) async throws {
    let graph = try chain("a", "b").compile(
      checkpointer: keeping.make(), interruptBefore: .all, interruptAfter: .all)
    let found = try await stops(graph, RunOptions(durability: durability))
    #expect(found.stops == ["before a", "after a", "before b", "after b"])
    #expect(found.state.lines == ["in", "a", "b"])
  }

  @Test("G33 a run's own points take the place of the graph's", arguments: Keeping.allCases)
  func options(keeping: Keeping) async throws {
    let graph = try chain("a", "b").compile(checkpointer: keeping.make(), interruptBefore: .nodes(["a"]))
    var options = RunOptions()
    options.interruptBefore = .nodes(["b"])
    options.interruptAfter = .nodes(["b"])
    #expect(try await stops(graph, options).stops == ["before b", "after b"])
    options.interruptBefore = .nowhere
    options.interruptAfter = .nowhere
    #expect(try await stops(graph, options).stops == [])
  }

  @Test("G33 in a loop each visit stops", arguments: Keeping.allCases)
  func loop(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("again") { _ in .write(\.total, 1) }
    graph.start(at: "again")
    graph.edge("again", to: ["again"]) { $0.total < 3 ? "again" : .end }
    let compiled = try graph.compile(checkpointer: keeping.make(), interruptBefore: .nodes(["again"]))
    #expect(try await stops(compiled).stops == Array(repeating: "before again", count: 3))
  }

  @Test("G33 several nodes of a superstep stop together, once; the others wait with them", arguments: Keeping.allCases)
  func together(keeping: Keeping) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    for name in ["a", "b", "c"] {
      graph.node(name) { _ in
        visits.add(name)
        return .entry(name)
      }
    }
    graph.start(at: "a", "b", "c")
    let compiled = try graph.compile(
      checkpointer: keeping.make(), interruptBefore: .nodes(["a", "b"]), interruptAfter: .nodes(["b", "c"]))
    _ = try await compiled.run(.entry("in"), on: "t")
    #expect(visits.list == [])
    let found = try await stops(compiled)
    #expect(found.stops == ["before a, before b", "after b, after c"])
    #expect(found.state.lines == ["in", "in", "a", "b", "c"])
  }

  @Test(
    "G33 a stop before a node that asks: first the stop, then the question",
    arguments: Keeping.allCases, Durability.allCases)
  func stopThenQuestion(keeping: Keeping, durability: Durability) async throws {
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in
      .entry((try context.interrupt("1").stringValue ?? "") + (try context.interrupt("2").stringValue ?? ""))
    }
    graph.node("beside") { _ in .entry("beside") }
    graph.start(at: "ask", "beside")
    let compiled = try graph.compile(checkpointer: keeping.make(), interruptBefore: .all, interruptAfter: .all)
    let found = try await stops(compiled, RunOptions(durability: durability))
    #expect(found.stops == ["before ask, before beside", "question ask", "question ask", "after ask, after beside"])
    #expect(found.state.lines == ["in", "yesyes", "beside"])
  }

  @Test("G33 a stop can be answered by its id, too, and by a value if it is alone", arguments: Keeping.allCases)
  func answered(keeping: Keeping) async throws {
    let graph = try chain("a", "b").compile(checkpointer: keeping.make(), interruptBefore: .all)
    let first = try await graph.run(.nothing, on: "t").interrupts
    let second = try await graph.run(.resume(.null, to: first[0].id), on: "t").interrupts
    #expect(second.map(\.node) == ["b"])
    #expect(try await graph.run(.resume("go"), on: "t").state.lines == ["a", "b"])
  }

  @Test("G33 an update at a stop does not bring the stop back", arguments: Keeping.allCases)
  func update(keeping: Keeping) async throws {
    let graph = try chain("a", "b").compile(checkpointer: keeping.make(), interruptBefore: .nodes(["b"]))
    _ = try await graph.run(.nothing, on: "t")
    try await graph.updateState(of: "t", .entry("hand"))
    #expect(try await graph.snapshot(of: "t")?.next == ["b"])
    let result = try await graph.run(on: "t")
    #expect(result.outcome == .finished && result.state.lines == ["a", "hand", "b"])
  }

  @Test("G33 new input stops again; so does a fork", arguments: Keeping.allCases)
  func newInputAndFork(keeping: Keeping) async throws {
    let graph = try chain("a", "b").compile(checkpointer: keeping.make(), interruptBefore: .nodes(["b"]))
    _ = try await graph.run(.nothing, on: "t")
    #expect(try await graph.run(.nothing, on: "t").interrupts.map(\.node) == ["b"])
    _ = try await graph.run(on: "t")
    let stop = try #require(try await graph.history(of: "t").first { $0.next == ["b"] })
    #expect(try await graph.run(on: "t", options: .from(stop.reference)).interrupts.map(\.node) == ["b"])
  }

  @Test("G33 without a checkpointer a stop ends the run")
  func noCheckpointer() async throws {
    let before = try chain("a", "b").compile(interruptBefore: .nodes(["b"]))
    #expect(try await before.run(.nothing).state.lines == ["a"])
    let after = try chain("a", "b").compile(interruptAfter: .nodes(["a"]))
    let result = try await after.run(.nothing)
    #expect(result.interrupts.map(\.kind) == [.after] && result.state.lines == ["a"])
  }

  @Test("G33 stops at sends and at deferred nodes", arguments: Keeping.allCases)
  func sendsAndDeferred(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("split", .destinations(["item"])) { _ in .goto(.sends([Send("item", 1), Send("item", 2)])) }
    graph.node("item", input: Int.self) { number, _ in .entry("\(number)") }
    graph.node("last", .deferred) { _ in .entry("last") }
    graph.start(at: "split")
    graph.edge("split", to: "last")
    let compiled = try graph.compile(
      checkpointer: keeping.make(), interruptBefore: .nodes(["item", "last"]), interruptAfter: .nodes(["last"]))
    let found = try await stops(compiled)
    #expect(found.stops == ["before item, before item", "before last", "after last"])
    #expect(found.state.lines == ["in", "1", "2", "last"])
  }
}
