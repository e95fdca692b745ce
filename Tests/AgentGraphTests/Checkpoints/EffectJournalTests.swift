import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct EffectJournalTests {
  /// Two effects with something that fails once or asks between them.
  private func graph(
    _ visits: Visits, between: @escaping @Sendable (NodeContext<Ledger>) async throws -> Void
  ) -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("pay") { _, context in
      let first = try await context.effect("charge") { key in visits.number("charge " + key) }
      try await between(context)
      let second = try await context.effect("mail") { key in visits.number("mail " + key) }
      return .entry("\(first)\(second)")
    }
    graph.start(at: "pay")
    return graph
  }

  @Test("G30 a resume replays what was recorded", arguments: Keeping.allCases, Durability.allCases)
  func replay(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    let graph = try graph(visits) { context in _ = try context.interrupt("sure?") }
      .compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    let id = try #require(try await graph.run(.nothing, on: "t", options: options).interrupts.first?.id)
    #expect(visits.list.count == 1)
    let result = try await graph.run(.resume("yes", to: id), on: "t", options: options)
    #expect(result.state.lines == ["00"])
    #expect(visits.list.count == 2)
  }

  @Test("G30 what failed after an effect finds it recorded", arguments: Keeping.allCases, Durability.allCases)
  func afterError(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    let graph = try graph(visits) { _ in if visits.number("between") == 0 { throw Mishap() } }
      .compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    await #expect(throws: Mishap()) { try await graph.run(.nothing, on: "t", options: options) }
    #expect(try await graph.run(on: "t", options: options).state.lines == ["00"])
    #expect(visits.list.filter { $0.hasPrefix("charge") }.count == 1)
  }

  @Test("G30 each effect has a key of its own, the same when it is tried again")
  func keys() async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("pay") { _, context in
      for name in ["one", "two"] {
        _ = try await context.effect(name) { key in
          let number = visits.number(name)
          visits.add(key)
          if number == 0 { throw Mishap() }
          return number
        }
      }
      return .entry("paid")
    }
    graph.start(at: "pay")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    await #expect(throws: Mishap()) { try await compiled.run(.nothing, on: "t") }
    await #expect(throws: Mishap()) { try await compiled.run(on: "t") }
    #expect(try await compiled.run(on: "t").state.lines == ["paid"])
    let list = visits.list
    #expect(list.count == 8)
    #expect(list[1] == list[3] && list[5] == list[7] && list[1] != list[5])
  }

  @Test("G30 an effect cut between doing and recording is repeated with the same key", arguments: Durability.allCases)
  func cut(durability: Durability) async throws {
    let (visits, base) = (Visits(), Keeping.encoded.make())
    let graph = graph(visits) { _ in }
    let cut = CutCheckpointer(base) { write in
      if case .effect(let record) = write { record.index == 1 } else { false }
    }
    await #expect(throws: CutCheckpointer.Cut.self) {
      try await graph.compile(checkpointer: cut).run(.nothing, on: "t", options: RunOptions(durability: .sync))
    }
    let resumed = try graph.compile(checkpointer: base)
    let result = try await resumed.run(on: "t", options: RunOptions(durability: durability))
    // The first was recorded; the second was done twice under one key.
    #expect(result.state.lines == ["01"])
    #expect(visits.list.count == 3 && visits.list[1] == visits.list[2])
  }

  @Test("G30 an effect waits until what its key comes from is stored", arguments: [Durability.sync, .async])
  func writeAhead(durability: Durability) async throws {
    let (visits, slow) = (Visits(), HoldingCheckpointer())
    let graph = try graph(visits) { _ in }.compile(checkpointer: slow)
    async let result = graph.run(.nothing, on: "t", options: RunOptions(durability: durability))
    await slow.held(2)
    for _ in 0..<200 { await Task.yield() }
    #expect(visits.list.isEmpty)
    slow.letGo()
    #expect(try await result.state.lines == ["00"])
  }

  @Test("G30 a retried attempt finds the effects of the one before", arguments: [true, false])
  func retried(isKept: Bool) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    let policy = RetryPolicy(attemptsMax: 3, initialInterval: .zero)
    graph.node("pay", .retry(policy)) { _, context in
      let paid = try await context.effect("pay") { _ in visits.number("pay") }
      if context.attempt < 3 { throw Mishap() }
      return .entry("paid \(paid) at attempt \(context.attempt)")
    }
    graph.start(at: "pay")
    let compiled = try graph.compile(checkpointer: isKept ? InMemoryCheckpointer() : nil)
    #expect(try await compiled.run(.nothing, on: "t").state.lines == ["paid 0 at attempt 3"])
    #expect(visits.list == ["pay"])
  }

  @Test("G30 effects of tasks of one superstep are told apart; a finished task's are not asked for again")
  func siblings() async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("split", .destinations(["item"])) { _ in .goto(.sends((0..<3).map { Send("item", $0) })) }
    graph.node("item", input: Int.self) { number, context in
      let value = try await context.effect("work") { _ in
        visits.add("work \(number)")
        return number * 10
      }
      if number == 2, visits.number("late") == 0 { throw Mishap() }
      return .entry("\(value)")
    }
    graph.start(at: "split")
    let compiled = try graph.compile(checkpointer: Keeping.encoded.make())
    await #expect(throws: Mishap()) { try await compiled.run(.nothing, on: "t") }
    let result = try await compiled.run(on: "t")
    #expect(result.state.lines == ["0", "10", "20"])
    #expect(visits.count("work 2") == 1)
  }

  @Test("G30 a later superstep of the same node does its effects anew")
  func laterSupersteps() async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("pay") { _, context in
      let number = try await context.effect("pay") { _ in visits.number("pay") }
      return .entry("\(number)").write(\.total, 1)
    }
    graph.start(at: "pay")
    graph.edge("pay", to: ["pay"]) { $0.total < 3 ? "pay" : .end }
    #expect(try await graph.compile().run(.nothing).state.lines == ["0", "1", "2"])
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    #expect(try await compiled.run(.nothing, on: "t").state.lines == ["3", "4", "5"])
  }

  @Test("G30 a recorded effect is refused to one of another name or type", arguments: Keeping.allCases)
  func otherName(keeping: Keeping) async throws {
    let keeper = keeping.make()
    let visits = Visits()
    let first = graph(visits) { context in _ = try context.interrupt("?") }
    var renamed = Graph<Ledger>()
    renamed.node("pay") { _, context in .entry("\(try await context.effect("refund") { _ in 1 })") }
    renamed.start(at: "pay")
    var retyped = Graph<Ledger>()
    retyped.node("pay") { _, context in .entry(try await context.effect("charge") { _ in "text" }) }
    retyped.start(at: "pay")
    for (thread, graph) in [("t", renamed), ("u", retyped)] {
      _ = try await first.compile(checkpointer: keeper).run(.nothing, on: thread)
      let error = await graphError {
        _ = try await graph.compile(checkpointer: keeper).run(.resume("x"), on: thread)
      }
      #expect(error?.code == .unreadableCheckpoint)
    }
  }

  @Test("G30 an effect that throws is not recorded, and its error reaches the node as it is")
  func throwing() async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("pay") { _, context in
      do {
        _ = try await context.effect("pay") { _ -> Int in throw Mishap(text: "declined") }
      } catch let error as Mishap {
        visits.add(error.text)
      }
      return .entry("\(try await context.effect("cash") { _ in visits.number("cash") })")
    }
    graph.start(at: "pay")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    #expect(try await compiled.run(.nothing, on: "t").state.lines == ["0"])
    #expect(visits.list == ["declined", "cash"])
  }

  @Test("G30 a fork does its effects anew, under other keys")
  func fork() async throws {
    let visits = Visits()
    let graph = try graph(visits) { _ in }.compile(checkpointer: InMemoryCheckpointer())
    _ = try await graph.run(.nothing, on: "t")
    let due = try #require(try await graph.history(of: "t").first { $0.next == ["pay"] })
    _ = try await graph.run(on: "t", options: .from(due.reference))
    #expect(visits.list.count == 4 && Set(visits.list).count == 4)
  }
}
