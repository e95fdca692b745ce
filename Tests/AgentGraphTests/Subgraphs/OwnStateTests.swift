import AgentGraph
import AgentJSON
import AgentTesting
import Testing

/// What becomes of a nested graph's own state when calls are cut, dropped, or not alone.
@Suite struct OwnStateTests {
  /// Notes its topic, and asks.
  private func asking() throws -> CompiledGraph<Ledger> {
    var page = Graph<Page>("page")
    page.node("note") { .write(\.words, [$0.topic]) }
    page.node("ask") { _, context in .write(\.words, [try context.interrupt("?").stringValue ?? ""]) }
    page.start(at: "note")
    page.edge("note", to: "ask")
    var graph = Graph<Ledger>("caller")
    graph.subgraph(
      "page", try page.compile(), checkpointing: .own, input: { .write(\.topic, $0.title) },
      output: { .entry($0.words.joined(separator: " ")) })
    graph.start(at: "page")
    return try graph.compile()
  }

  @Test("G27 G34 new input drops a question, and not the own state", arguments: Keeping.allCases, Durability.allCases)
  func newInput(keeping: Keeping, durability: Durability) async throws {
    let graph = try asking().checkpointed(by: keeping.make())
    var options = RunOptions(durability: durability)
    let asked = try await graph.run(.write(\.title, "one"), on: "t", options: options)
    #expect(try await graph.run(.write(\.title, "two"), on: "t", options: options).interrupts.count == 1)
    #expect(try await graph.run(.resume("yes"), on: "t", options: options).state.lines == ["one two yes"])
    // From the checkpoint at which the first question was asked, before that call.
    options.from = asked.checkpoint.map { CheckpointReference($0) }
    _ = try await graph.run(.write(\.title, "three"), on: "t", options: options)
    options.from = nil
    #expect(try await graph.run(.resume("no"), on: "t", options: options).state.lines == ["three no"])
  }

  @Test("G25 G34 an update drops a question, and not the own state", arguments: Keeping.allCases)
  func update(keeping: Keeping) async throws {
    let graph = try asking().checkpointed(by: keeping.make())
    _ = try await graph.run(.write(\.title, "one"), on: "t")
    try await graph.updateState(of: "t", .entry("by hand"), asNode: "page")
    _ = try await graph.run(.write(\.title, "two"), on: "t")
    #expect(try await graph.run(.resume("yes"), on: "t").state.lines == ["by hand", "one two yes"])
  }

  @Test(
    "G13 G34 own state of a call that was done beside one that failed", arguments: Keeping.allCases,
    Durability.allCases)
  func besideFailure(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    var page = Graph<Page>("counter")
    page.node("count") { _ in .write(\.count, 1) }
    page.start(at: "count")
    var graph = Graph<Ledger>()
    graph.subgraph(
      "page", try page.compile(), checkpointing: .own, input: { _ in .nothing }, output: { .entry("\($0.count)") })
    graph.node("fail") { _, context in
      // The other one is done when it has said so.
      if visits.number("fail") == 0 {
        while visits.count("done") == 0 { await Task.yield() }
        throw Mishap()
      }
      return .nothing
    }
    graph.start(at: "page", "fail")
    let compiled = try graph.compile(checkpointer: keeping.make())
    await #expect(throws: Mishap()) {
      _ = try await compiled.run(
        .nothing, on: "t", options: RunOptions(durability: durability), modes: .updates,
        onEvent: { if $0.node == "page" { visits.add("done") } })
    }
    #expect(try await compiled.run(on: "t").state.lines == ["1"])
    #expect(try await compiled.run(.nothing, on: "t").state.lines == ["1", "2"])
  }

  @Test("G35 own state is whole after a crash anywhere", arguments: [Durability.sync, .async])
  func crash(durability: Durability) async throws {
    for count in 0..<40 {
      let (keeper, seen) = (Keeping.encoded.make(), Visits())
      let cut = CutCheckpointer(keeper) { write in
        if case .checkpoint = write { seen.number("checkpoint") == count } else { false }
      }
      let options = RunOptions(durability: durability)
      do {
        let whole = try await GraphCase.own().compile(checkpointer: cut).run(.nothing, on: "t", options: options)
        #expect(!cut.isCut && whole.state.lines == ["1", "2", "3"])
        #expect(count > 10)
        return
      } catch is CutCheckpointer.Cut {}
      let graph = try GraphCase.own().compile(checkpointer: keeper)
      let result = try await graph.run(count == 0 ? .nothing : nil, on: "t", options: options)
      #expect(result.state.lines == ["1", "2", "3"], "cut before checkpoint \(count)")
      let next = try await graph.run(.nothing, on: "t", options: options)
      #expect(next.state.lines.last == "4", "cut before checkpoint \(count)")
    }
    Issue.record("there are more checkpoints than expected")
  }

  @Test("G34 two calls at once of one own state are refused, and name the node", arguments: [nil, Keeping.byReference])
  func atOnce(keeping: Keeping?) async throws {
    var page = Graph<Page>("page")
    page.node("count") { _ in .write(\.count, 1) }
    page.start(at: "count")
    func graph(_ checkpointing: SubgraphCheckpointing) throws -> CompiledGraph<Ledger> {
      var graph = Graph<Ledger>()
      graph.subgraph(
        "page", try page.compile(), takes: Int.self, checkpointing: checkpointing, input: { _ in .nothing },
        output: { .entry("\($0.count)") })
      graph.start(at: ["page"]) { state in .sends((0..<state.total).map { Send("page", $0) }) }
      return try graph.compile(checkpointer: keeping?.make())
    }
    let (own, thread) = (try graph(.own), keeping == nil ? nil : "t")
    let error = await graphError { _ = try await own.run(.write(\.total, 2), on: thread) }
    #expect(error?.code == .invalidUse && error?.node == "page")
    #expect(error?.message.contains("more than once") == true)
    #expect(try await own.run(.overwrite(\.total, 1), on: thread).state.lines == ["1"])
    #expect(try await graph(.inherited).run(.write(\.total, 2), on: thread).state.lines == ["1", "1"])
  }
}
