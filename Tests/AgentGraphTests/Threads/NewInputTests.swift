import AgentGraph
import AgentJSON
import Testing

@Suite struct NewInputTests {
  @Test("G27 new input on an interrupted thread discards the unfinished tasks", arguments: Keeping.allCases)
  func discards(keeping: Keeping) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("first") { state in .entry("first") }
    graph.node("done") { _ in .entry("done") }
    graph.node("ask") { state, context in
      if state.title == "skip" { return .entry("skipped") }
      visits.add("ask")
      return .entry(try context.interrupt("?").stringValue ?? "")
    }
    graph.start(at: "first")
    graph.edge("first", to: "ask")
    graph.edge("first", to: "done")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let open = try await compiled.run(.entry("one"), on: "t").interrupts
    let result = try await compiled.run(.entry("two").write(\.title, "skip"), on: "t")
    #expect(result.outcome == .finished)
    // What had finished beside the question is discarded with its superstep.
    #expect(result.state.lines == ["one", "first", "two", "first", "skipped", "done"])
    let error = await graphError { _ = try await compiled.run(.resume("late", to: open[0].id), on: "t") }
    #expect(error?.code == .unknownInterrupt)
    #expect(try await compiled.snapshot(of: "t")?.interrupts == [])
    #expect(visits.list == ["ask"])
  }

  @Test("G27 new input after an error begins anew, with list edges and deferred nodes", arguments: Keeping.allCases)
  func afterError(keeping: Keeping) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .entry("a") }
    graph.node("b") { _ in .nothing }
    graph.node("fail") { _ in
      if visits.number("fail") == 0 { throw Mishap() }
      return .entry("fine")
    }
    graph.node("join") { _ in .entry("join") }
    graph.node("last", .deferred) { _ in .entry("last") }
    graph.start(at: "a", "b")
    graph.edge("a", to: "last")
    graph.edge("b", to: "fail")
    graph.edge(["a", "fail"], to: "join")
    let compiled = try graph.compile(checkpointer: keeping.make())
    await #expect(throws: Mishap()) { try await compiled.run(.entry("one"), on: "t") }
    let result = try await compiled.run(.entry("two"), on: "t")
    #expect(result.state.lines == ["one", "a", "two", "a", "fine", "join", "last"])
  }

  @Test(
    "G27 an input may be answers and writes at once; the writes stay, whatever is asked next",
    arguments: Keeping.allCases, Durability.allCases)
  func answersAndWrites(keeping: Keeping, durability: Durability) async throws {
    var graph = Graph<Ledger>()
    graph.node("ask") { state, context in
      let first = try context.interrupt("one").stringValue ?? ""
      let second = try context.interrupt("two").stringValue ?? ""
      return .entry("\(first)\(second) \(state.title)")
    }
    graph.start(at: "ask")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    _ = try await compiled.run(.entry("in"), on: "t", options: options)
    _ = try await compiled.run(.resume("1").write(\.title, "given"), on: "t", options: options)
    let result = try await compiled.run(.resume("2"), on: "t", options: options)
    #expect(result.state.lines == ["in", "12 given"])
    #expect(try await compiled.snapshot(of: "t")?.state == result.state)
  }

  @Test("G27 a resume without answers goes on, and brings what belongs to the run alone", arguments: Keeping.allCases)
  func resumeWithWrites(keeping: Keeping) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("first") { _ in .entry("first") }
    graph.node("fail") { state in
      if visits.number("fail") == 0 { throw Mishap() }
      return .entry("fine \(state.title)")
    }
    graph.start(at: "first")
    graph.edge("first", to: "fail")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let error = await graphError { _ = try await compiled.run(.resume().write(\.title, "none"), on: "t") }
    #expect(error?.code == .nothingToRun)
    await #expect(throws: Mishap()) { try await compiled.run(.entry("one"), on: "t") }
    let result = try await compiled.run(.resume().write(\.title, "given"), on: "t")
    #expect(result.state.lines == ["one", "first", "fine given"])
    let misuse = await graphError { _ = try await compiled.run(.resume().goto("first"), on: "t") }
    #expect(misuse?.code == .invalidUse)
    #expect(try await compiled.run(.resume(), on: "t").state == result.state)
  }

  @Test("G27 answers with destinations are refused, and the question stays open")
  func answersAndDestinations() async throws {
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in .entry(try context.interrupt("?").stringValue ?? "") }
    graph.start(at: "ask")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    let open = try await compiled.run(.nothing, on: "t").interrupts
    let error = await graphError { _ = try await compiled.run(.resume("x").goto("ask"), on: "t") }
    #expect(error?.code == .invalidUse)
    #expect(try await compiled.snapshot(of: "t")?.interrupts == open)
  }

  @Test("G27 no input and no checkpoint is an error", arguments: Keeping.allCases)
  func nothing(keeping: Keeping) async throws {
    let graph = try chain("a").compile(checkpointer: keeping.make())
    let errors = [
      await graphError { _ = try await graph.run(on: "t") },
      await graphError { _ = try await graph.run() },
      await graphError { _ = try await graph.checkpointed(by: nil).run(on: "t") },
    ]
    #expect(errors.allSatisfy { $0?.code == .nothingToRun })
    #expect(errors[0]?.message.contains("\"t\"") == true)
    #expect(try await graph.snapshot(of: "t") == nil)
  }

  @Test("G27 an empty input is one", arguments: Keeping.allCases)
  func empty(keeping: Keeping) async throws {
    let graph = try chain("a").compile(checkpointer: keeping.make())
    #expect(try await graph.run(.nothing, on: "t").state.lines == ["a"])
    #expect(try await graph.run(.nothing, on: "t").state.lines == ["a", "a"])
    #expect(try await graph.run(.nothing).state.lines == ["a"])
  }
}
