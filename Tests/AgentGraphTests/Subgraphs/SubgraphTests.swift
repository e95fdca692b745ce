import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct SubgraphTests {
  /// Counts its calls and the words it was given.
  private func counter(_ visits: Visits = Visits()) -> Graph<Page> {
    var page = Graph<Page>("counter")
    page.node("count") { state in
      visits.add(state.topic)
      return .write(\.count, 1).write(\.words, [state.topic])
    }
    page.start(at: "count")
    return page
  }

  private func caller(_ checkpointing: SubgraphCheckpointing, times: Int = 2) throws -> Graph<Ledger> {
    var graph = Graph<Ledger>("caller")
    graph.subgraph(
      "page", try counter().compile(), checkpointing: checkpointing,
      input: { state in .write(\.topic, "\(state.total)") },
      output: { page in .entry("\(page.count):\(page.words.joined(separator: ","))").write(\.total, 1) })
    graph.start(at: "page")
    graph.edge("page", to: ["page"]) { $0.total % times == 0 ? .end : "page" }
    return graph
  }

  @Test("G34 a compiled graph is a node; its state begins anew with each call", arguments: Keeping.allCases)
  func inherited(keeping: Keeping) async throws {
    let graph = try caller(.inherited).compile(checkpointer: keeping.make())
    #expect(try await graph.run(.nothing, on: "t").state.lines == ["1:0", "1:1"])
    #expect(try await graph.run(.nothing, on: "t").state.lines == ["1:0", "1:1", "1:2", "1:3"])
    #expect(try await graph.checkpointed(by: nil).run(.nothing).state.lines == ["1:0", "1:1"])
  }

  @Test("G34 own state lives across calls and runs of a thread", arguments: Keeping.allCases, Durability.allCases)
  func own(keeping: Keeping, durability: Durability) async throws {
    let keeper = keeping.make()
    let graph = try caller(.own).compile(checkpointer: keeper)
    let options = RunOptions(durability: durability)
    #expect(try await graph.run(.nothing, on: "t", options: options).state.lines == ["1:0", "2:0,1"])
    let state = try await graph.run(.nothing, on: "t", options: options).state
    #expect(state.lines == ["1:0", "2:0,1", "3:0,1,2", "4:0,1,2,3"])
    #expect(try await graph.run(.nothing, on: "other", options: options).state.lines == ["1:0", "2:0,1"])
    #expect(try await keeper.namespaces(thread: "t") == [.root, GraphNamespace(rawValue: "page")])
  }

  @Test("G34 own state of a call is read after it was stored, however slow that is")
  func ownSlowly() async throws {
    let slow = HoldingCheckpointer()
    let graph = try caller(.own, times: 3).compile(checkpointer: slow)
    async let result = graph.run(.nothing, on: "t")
    await slow.held(2)
    slow.storeOne()
    slow.storeOne()
    // The first call's checkpoints wait, and the root's after it; the second call begins when they are stored.
    await slow.held(4)
    for _ in 0..<200 { await Task.yield() }
    #expect(slow.heldCount == 4)
    slow.letGo()
    #expect(try await result.state.lines == ["1:0", "2:0,1", "3:0,1,2"])
  }

  @Test("G34 with none nothing of a nested graph is stored", arguments: Keeping.allCases)
  func none(keeping: Keeping) async throws {
    let keeper = keeping.make()
    let graph = try caller(.none).compile(checkpointer: keeper)
    #expect(try await graph.run(.nothing, on: "t").state.lines == ["1:0", "1:1"])
    #expect(try await keeper.namespaces(thread: "t") == [.root])
  }

  @Test("G34 with none a call that was cut begins anew")
  func noneBeginsAnew() async throws {
    let visits = Visits()
    var page = Graph<Page>("page")
    page.node("one") { _ in .write(\.words, ["\(visits.number("one"))"]) }
    page.node("two") { _ in
      if visits.number("two") == 0 { throw Mishap() }
      return .write(\.words, ["two"])
    }
    page.start(at: "one")
    page.edge("one", to: "two")
    func graph(_ checkpointing: SubgraphCheckpointing) throws -> CompiledGraph<Ledger> {
      var graph = Graph<Ledger>()
      graph.subgraph(
        "page", try page.compile(), checkpointing: checkpointing, input: { _ in .nothing },
        output: { .entry($0.words.joined(separator: ",")) })
      graph.start(at: "page")
      return try graph.compile(checkpointer: Keeping.encoded.make())
    }
    let none = try graph(.none)
    await #expect(throws: Mishap()) { try await none.run(.nothing, on: "t") }
    #expect(try await none.run(on: "t").state.lines == ["1,two"])
  }

  @Test("G34 with none a question and a stop are refused, and say why")
  func noneRefusesInterrupts() async throws {
    var ask = Graph<Page>("page")
    ask.node("ask") { _, context in .write(\.topic, try context.interrupt("?").stringValue ?? "") }
    ask.start(at: "ask")
    let before = try counter().compile(interruptBefore: .all)
    for child in [try ask.compile(), before, try counter().compile(interruptAfter: .all)] {
      var graph = Graph<Ledger>()
      graph.subgraph("page", child, checkpointing: .none, input: { _ in .nothing }, output: { _ in .nothing })
      graph.start(at: "page")
      let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
      let error = await graphError { _ = try await compiled.run(.nothing, on: "t") }
      #expect(error?.code == .invalidUse)
    }
  }

  @Test("G34 namespaces are node:task, one within another", arguments: Keeping.allCases)
  func namespaces(keeping: Keeping) async throws {
    let keeper = keeping.make()
    let visits = Visits()
    var inner = Graph<Page>("inner")
    inner.node("leaf") { _, context in
      visits.add(context.namespace.rawValue)
      return .write(\.words, ["leaf"])
    }
    inner.start(at: "leaf")
    var middle = Graph<Page>("middle")
    middle.subgraph("in", try inner.compile())
    middle.start(at: "in")
    var outer = Graph<Ledger>("outer")
    outer.subgraph(
      "mid", try middle.compile(), input: { _ in .nothing }, output: { .entry($0.words.joined(separator: ",")) })
    outer.start(at: "mid")
    let graph = try outer.compile(checkpointer: keeper)
    #expect(try await graph.run(.nothing, on: "t").state.lines == ["leaf"])
    let all = try await keeper.namespaces(thread: "t")
    #expect(all.count == 3 && all[0] == .root)
    let task = try #require(try await graph.history(of: "t").first { $0.next == ["mid"] }?.tasks.first)
    #expect(all[1].rawValue == "mid:\(task.id)")
    #expect(all[2].rawValue.hasPrefix(all[1].rawValue + "|in:"))
    #expect(all[2].enclosing == all[1] && all[1].enclosing == .root && GraphNamespace.root.enclosing == nil)
    #expect(all[2].isWithin(all[1]) && !all[1].isWithin(all[2]))
    #expect(visits.list == [all[2].rawValue])
    // Each level's states can be asked for through its own graph.
    let leaf = try inner.compile(checkpointer: keeper)
    #expect(try await leaf.snapshot(of: "t", in: all[2])?.state.words == ["leaf"])
    #expect(try await leaf.history(of: "t", in: all[2]).map(\.metadata.source) == [.loop, .loop, .input])
    #expect(try await middle.compile(checkpointer: keeper).history(of: "t", in: all[1]).count == 3)
    #expect(await graphError { _ = try await leaf.snapshot(of: "t", in: all[1]) }?.code == .unreadableCheckpoint)
  }

  @Test("G34 a nested graph's superstep limit is its own")
  func limit() async throws {
    var options = RunOptions()
    options.superstepsMax = 2
    let graph = try caller(.inherited, times: 2).compile()
    #expect(try await graph.run(.nothing, options: options).state.lines == ["1:0", "1:1"])
    let error = await graphError {
      _ = try await caller(.inherited, times: 3).compile().run(.nothing, options: options)
    }
    #expect(error?.code == .superstepLimit)
  }

  @Test("G34 parallel calls, and calls by sends, have states of their own", arguments: Keeping.allCases)
  func parallel(keeping: Keeping) async throws {
    let keeper = keeping.make()
    var graph = Graph<Ledger>()
    graph.node("split") { _ in .nothing }
    graph.subgraph(
      "page", try counter().compile(), takes: String.self, input: { .write(\.topic, $0) },
      output: { .entry("\($0.count):\($0.words.joined(separator: ","))") })
    for name in ["left", "right"] {
      graph.subgraph(
        name, try counter().compile(), input: { _ in .write(\.topic, name) }, output: { .entry("\($0.words)") })
    }
    graph.start(at: "split")
    graph.edge("split", to: "left")
    graph.edge("split", to: "right")
    graph.edge("split", to: ["page"]) { _ in .sends(["x", "y"].map { Send("page", $0) }) }
    let compiled = try graph.compile(checkpointer: keeper)
    let state = try await compiled.run(.nothing, on: "t").state
    #expect(state.lines == ["[\"left\"]", "[\"right\"]", "1:x", "1:y"])
    #expect(try await keeper.namespaces(thread: "t").count == 5)
  }

  @Test("G34 a send of a state is what the nested graph begins with; one of another type is refused")
  func sentState() async throws {
    var graph = Graph<Ledger>()
    var sent = Ledger()
    sent.title = "sent"
    let state = sent
    graph.node("split", .destinations(["page", "same"])) { own in
      let send = own.title == "wrong" ? Send("page", 5) : Send("page", state: state)
      let other = own.title == "worse" ? Send("same", 5) : Send("same", state: state)
      return .goto([.send(send), .send(other)])
    }
    graph.subgraph(
      "page", try counter().compile(), input: { .write(\.topic, $0.title) }, output: { .entry("\($0.words)") })
    graph.subgraph("same", try chain("x", as: "same").compile())
    graph.start(at: "split")
    let compiled = try graph.compile(checkpointer: Keeping.encoded.make())
    #expect(try await compiled.run(.nothing, on: "t").state.lines == ["[\"sent\"]", "x"])
    for title in ["wrong", "worse"] {
      let error = await graphError { _ = try await compiled.run(.write(\.title, title), on: title) }
      #expect(error?.code == .wrongInput, "\(title)")
    }
    var needs = Graph<Ledger>()
    needs.subgraph(
      "page", try counter().compile(), takes: String.self, input: { _ in .nothing }, output: { _ in .nothing })
    needs.start(at: ["page"]) { _ in "page" }
    let error = await graphError { _ = try await needs.compile().run(.nothing) }
    #expect(error?.code == .wrongInput && error?.node == "page")
  }
}
