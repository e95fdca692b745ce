import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct NestedRecoveryTests {
  @Test("G35 a crash in the middle of a nested graph: it goes on where it was", arguments: [Durability.sync, .async])
  func crash(durability: Durability) async throws {
    let levels = try ThreeLevels { _, _ in .write(\.words, ["i2"]) }
    // The graph is run to each of the checkpoints of the whole, cut there, and run on.
    for count in 0..<30 {
      let (keeper, seen) = (Keeping.encoded.make(), Visits())
      let cut = CutCheckpointer(keeper) { write in
        if case .checkpoint = write { seen.number("checkpoint") == count } else { false }
      }
      let options = RunOptions(durability: durability)
      let graph = try levels.outer.compile(checkpointer: cut)
      do {
        let whole = try await graph.run(.nothing, on: "t", options: options)
        #expect(!cut.isCut && whole.outcome == .finished)
        #expect(count == 15)
        return
      } catch is CutCheckpointer.Cut {}
      let input: Command<Ledger>? = count == 0 ? .nothing : nil
      let result = try await levels.outer.compile(checkpointer: keeper).run(input, on: "t", options: options)
      let names = result.state.lines.map { String($0.prefix(2)) }
      #expect(names == ["o1", "m1", "i1", "i2", "i3", "m3", "o3"], "cut before checkpoint \(count)")
    }
    Issue.record("there are more checkpoints than expected")
  }

  @Test("G30 G35 a retried nested graph goes on where it failed", arguments: Keeping.allCases, Durability.allCases)
  func retried(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    var page = Graph<Page>("page")
    page.node("pay") { _, context in
      .write(\.words, ["\(try await context.effect("pay") { _ in visits.number("pay") })"])
    }
    page.node("mixed", .destinations(["item"])) { _ in .goto(.sends([Send("item", 1), Send("item", 2)])) }
    page.node("item", input: Int.self) { number, context in
      let value = try await context.effect("work") { key in
        visits.add(key)
        return number
      }
      if number == 2, visits.number("fail") < 2 { throw Mishap() }
      return .write(\.words, ["item \(value)"])
    }
    page.start(at: "pay")
    page.edge("pay", to: "mixed")
    var graph = Graph<Ledger>()
    let policy = RetryPolicy(attemptsMax: 3, initialInterval: .zero)
    graph.subgraph(
      "page", try page.compile(), .retry(policy), input: { _ in .nothing },
      output: { .entry($0.words.joined(separator: " ")) })
    graph.start(at: "page")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let result = try await compiled.run(.nothing, on: "t", options: RunOptions(durability: durability))
    #expect(result.state.lines == ["0 item 1 item 2"])
    // One payment, and one effect of each item.
    #expect(visits.list.filter { $0 != "fail" }.count == 3)
  }

  @Test(
    "G30 effects in nested graphs are replayed after an interrupt", arguments: Keeping.allCases, Durability.allCases)
  func effects(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    let levels = try ThreeLevels { _, context in
      let paid = try await context.effect("pay") { key in visits.number(key) }
      return .write(\.words, ["\(paid)" + (try context.interrupt("?").stringValue ?? "")])
    }
    let graph = try levels.outer.compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    _ = try await graph.run(.nothing, on: "t", options: options)
    #expect(try await graph.run(.resume("!"), on: "t", options: options).state.lines.contains("0!"))
    #expect(visits.list.count == 1)
  }

  @Test("G30 an effect in a nested graph cut before it was recorded is repeated with its key")
  func cutEffect() async throws {
    let (visits, keeper) = (Visits(), Keeping.encoded.make())
    let levels = try ThreeLevels { _, context in
      .write(\.words, ["paid \(try await context.effect("pay") { key in visits.number(key) })"])
    }
    let cut = CutCheckpointer(keeper) { write in if case .effect = write { true } else { false } }
    await #expect(throws: CutCheckpointer.Cut.self) {
      try await levels.outer.compile(checkpointer: cut).run(.nothing, on: "t")
    }
    let state = try await levels.outer.compile(checkpointer: keeper).run(on: "t").state
    #expect(state.lines.contains("paid 1"))
    #expect(visits.list.count == 2 && Set(visits.list).count == 1)
  }

  @Test("G35 an error below is the run's error; siblings that finished are not run again", arguments: Keeping.allCases)
  func error(keeping: Keeping) async throws {
    let visits = Visits()
    let levels = try ThreeLevels { _, _ in
      if visits.number("fail") == 0 { throw Mishap(text: "below") }
      return .write(\.words, ["i2"])
    }
    let graph = try levels.outer.compile(checkpointer: keeping.make())
    await #expect(throws: Mishap(text: "below")) { try await graph.run(.nothing, on: "t") }
    let snapshot = try await graph.snapshot(of: "t")
    #expect(snapshot?.state.lines == ["o1.0"] && snapshot?.next == ["o2"])
    #expect(try await graph.run(on: "t").outcome == .finished)
    #expect(Set(levels.visits.list).count == levels.visits.list.count)
  }

  @Test("G35 a drained nested graph goes on where it was", arguments: Keeping.allCases, Durability.allCases)
  func drained(keeping: Keeping, durability: Durability) async throws {
    let drain = DrainSignal()
    let levels = try ThreeLevels { _, _ in
      drain.request()
      return .write(\.words, ["i2"])
    }
    let graph = try levels.outer.compile(checkpointer: keeping.make())
    var options = RunOptions(durability: durability)
    options.drain = drain
    let stopped = try await graph.run(.nothing, on: "t", options: options)
    #expect(stopped.outcome == .drained && stopped.state.lines == ["o1.0"])
    let result = try await graph.run(on: "t", options: RunOptions(durability: durability))
    #expect(result.state.lines == ["o1.0", "m1.0", "i1.0", "i2", "i3.0", "m3.0", "o3.0"])
  }
}
