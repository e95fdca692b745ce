import AgentGraph
import AgentJSON
import AgentTesting
import Testing

/// Three graphs, one within another, with a node before and after at each level.
struct ThreeLevels {
  var inner = Graph<Page>("inner")
  var middle = Graph<Page>("middle")
  var outer = Graph<Ledger>("outer")
  let visits = Visits()

  /// `leaf` is what the innermost graph's second node does.
  init(
    checkpointing: SubgraphCheckpointing = .inherited, stopBefore: InterruptPoints = .nowhere,
    leaf: @escaping @Sendable (Page, NodeContext<Page>) async throws -> Command<Page>
  ) throws {
    let visits = visits
    for name in ["i1", "i3"] { inner.node(name) { _ in .write(\.words, ["\(name).\(visits.number(name))"]) } }
    inner.node("i2", run: leaf)
    inner.start(at: "i1")
    inner.edge("i1", to: "i2")
    inner.edge("i2", to: "i3")
    for name in ["m1", "m3"] { middle.node(name) { _ in .write(\.words, ["\(name).\(visits.number(name))"]) } }
    middle.subgraph(
      "m2", try inner.compile(interruptBefore: stopBefore), checkpointing: checkpointing,
      input: { .write(\.topic, $0.topic) }, output: { .write(\.words, Array($0.words)) })
    middle.start(at: "m1")
    middle.edge("m1", to: "m2")
    middle.edge("m2", to: "m3")
    for name in ["o1", "o3"] { outer.node(name) { _ in .entry("\(name).\(visits.number(name))") } }
    outer.subgraph(
      "o2", try middle.compile(), checkpointing: checkpointing, input: { .write(\.topic, $0.title) },
      output: { .write(\.entries, Array($0.words)) })
    outer.start(at: "o1")
    outer.edge("o1", to: "o2")
    outer.edge("o2", to: "o3")
  }
}

@Suite struct NestedInterruptTests {
  private func asking() throws -> ThreeLevels {
    try ThreeLevels { _, context in .write(\.words, [try context.interrupt("?").stringValue ?? ""]) }
  }

  @Test(
    "G35 an interrupt three levels down surfaces at the root, and the answer goes to it",
    arguments: Keeping.allCases, Durability.allCases)
  func threeLevels(keeping: Keeping, durability: Durability) async throws {
    let (levels, keeper) = (try asking(), keeping.make())
    let graph = try levels.outer.compile(checkpointer: keeper)
    let options = RunOptions(durability: durability)
    let stopped = try await graph.run(.entry("in"), on: "t", options: options)
    let interrupt = try #require(stopped.interrupts.first)
    #expect(interrupt.node == "i2" && interrupt.namespace.rawValue.split(separator: "|").count == 2)
    // The states around are as they were.
    #expect(stopped.state.lines == ["in", "o1.0"])
    let namespaces = try await keeper.namespaces(thread: "t")
    #expect(namespaces.count == 3)
    let middle = try await levels.middle.compile(checkpointer: keeper).snapshot(of: "t", in: namespaces[1])
    #expect(middle?.state.words == ["m1.0"] && middle?.next == ["m2"])
    let inner = try await levels.inner.compile(checkpointer: keeper).snapshot(of: "t", in: namespaces[2])
    #expect(inner?.state.words == ["i1.0"] && inner?.next == ["i2"])
    for interrupts in [try await graph.snapshot(of: "t")?.interrupts, middle?.interrupts, inner?.interrupts] {
      #expect(interrupts == [interrupt])
    }
    let result = try await graph.run(.resume("yes"), on: "t", options: options)
    #expect(result.state.lines == ["in", "o1.0", "m1.0", "i1.0", "yes", "i3.0", "m3.0", "o3.0"])
    #expect(Set(levels.visits.list).count == levels.visits.list.count)
  }

  @Test("G35 a resume without an answer asks the same again; nothing is run twice", arguments: Keeping.allCases)
  func withoutAnswer(keeping: Keeping) async throws {
    let levels = try asking()
    let graph = try levels.outer.compile(checkpointer: keeping.make())
    let first = try await graph.run(.entry("in"), on: "t").interrupts
    #expect(try await graph.run(on: "t").interrupts == first)
    #expect(try await graph.run(.resume("yes"), on: "t").outcome == .finished)
    #expect(Set(levels.visits.list).count == levels.visits.list.count)
  }

  @Test("G35 parallel nested graphs: each answer goes to its leaf", arguments: Keeping.allCases, Durability.allCases)
  func parallel(keeping: Keeping, durability: Durability) async throws {
    var page = Graph<Page>("page")
    for name in ["p", "q"] {
      page.node(name) { state, context in
        .write(\.words, [try context.interrupt(.string(state.topic + name)).stringValue ?? ""])
      }
    }
    page.start(at: "p", "q")
    var graph = Graph<Ledger>()
    for name in ["left", "right"] {
      graph.subgraph(
        name, try page.compile(), input: { _ in .write(\.topic, name) },
        output: { .entry(name + $0.words.joined(separator: "")) })
    }
    graph.start(at: "left", "right")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    let open = try await compiled.run(.nothing, on: "t", options: options).interrupts
    #expect(open.map(\.value) == ["leftp", "leftq", "rightp", "rightq"])
    let one = try await compiled.run(.resume("1", to: open[3].id), on: "t", options: options)
    #expect(one.interrupts == Array(open.prefix(3)))
    let answers = Command<Ledger>.resume("2", to: open[0].id).resume("3", to: open[2].id)
    let two = try await compiled.run(answers, on: "t", options: options)
    #expect(two.interrupts == [open[1]])
    #expect(try await compiled.run(.resume("4"), on: "t", options: options).state.lines == ["left24", "right31"])
  }

  @Test("G35 questions one after the other at different levels", arguments: Keeping.allCases)
  func sequence(keeping: Keeping) async throws {
    let levels = try ThreeLevels { _, context in
      let first = try context.interrupt("1").stringValue ?? ""
      return .write(\.words, [first + (try context.interrupt("2").stringValue ?? "")])
    }
    var outer = levels.outer
    outer.node("o4") { _, context in .entry(try context.interrupt("3").stringValue ?? "") }
    outer.edge("o3", to: "o4")
    let graph = try outer.compile(checkpointer: keeping.make())
    var result = try await graph.run(.nothing, on: "t")
    for answer in ["a", "b", "c"] { result = try await graph.run(.resume(.string(answer)), on: "t") }
    #expect(result.state.lines == ["o1.0", "m1.0", "i1.0", "ab", "i3.0", "m3.0", "o3.0", "c"])
  }

  @Test("G35 a stop in a nested graph surfaces, and a resume passes it once", arguments: Keeping.allCases)
  func stops(keeping: Keeping) async throws {
    let levels = try ThreeLevels(stopBefore: .all) { _, _ in .write(\.words, ["i2"]) }
    let graph = try levels.outer.compile(checkpointer: keeping.make())
    var (nodes, result) = ([String](), try await graph.run(.nothing, on: "t"))
    while result.outcome != .finished, nodes.count < 9 {
      nodes += result.interrupts.map(\.node)
      result = try await graph.run(on: "t")
    }
    #expect(nodes == ["i1", "i2", "i3"])
    #expect(result.state.lines == ["o1.0", "m1.0", "i1.0", "i2", "i3.0", "m3.0", "o3.0"])
    #expect(try await graph.history(of: "t").flatMap(\.interrupts) == [])
  }

  @Test("G35 own state is kept through an interrupt, and goes on with the next call", arguments: Keeping.allCases)
  func own(keeping: Keeping) async throws {
    let levels = try ThreeLevels(checkpointing: .own) { _, context in
      .write(\.words, [try context.interrupt("?").stringValue ?? ""])
    }
    let graph = try levels.outer.compile(checkpointer: keeping.make())
    _ = try await graph.run(.nothing, on: "t")
    #expect(try await graph.run(.resume("1"), on: "t").state.lines.count == 7)
    _ = try await graph.run(.overwrite(\.entries, []), on: "t")
    let state = try await graph.run(.resume("2"), on: "t").state
    // The innermost graph has both calls' words; the middle one gets all of them again.
    let first = ["m1.0", "i1.0", "1", "i3.0", "m3.0"]
    #expect(state.lines == ["o1.1"] + first + ["m1.1", "i1.0", "1", "i3.0", "i1.1", "2", "i3.1", "m3.1", "o3.1"])
  }

  @Test("G35 an update of a nested state at its question is gone on with", arguments: Keeping.allCases)
  func update(keeping: Keeping) async throws {
    let (levels, keeper) = (try asking(), keeping.make())
    let graph = try levels.outer.compile(checkpointer: keeper)
    let interrupt = try #require(try await graph.run(.nothing, on: "t").interrupts.first)
    let inner = try levels.inner.compile(checkpointer: keeper)
    let reference = try #require(try await inner.snapshot(of: "t", in: interrupt.namespace)?.reference)
    try await inner.updateState(of: "t", .write(\.words, ["by hand"]), asNode: "i2", at: reference)
    let result = try await graph.run(on: "t")
    #expect(result.outcome == .finished)
    #expect(result.state.lines == ["o1.0", "m1.0", "i1.0", "by hand", "i3.0", "m3.0", "o3.0"])
  }

  @Test("G35 a crash after an answer was stored below does not ask again", arguments: [Durability.sync, .async])
  func crashAfterAnswer(durability: Durability) async throws {
    let (levels, keeper) = (try asking(), Keeping.encoded.make())
    _ = try await levels.outer.compile(checkpointer: keeper).run(.nothing, on: "t")
    let cut = CutCheckpointer(keeper) { write in
      if case .checkpoint(let record) = write { record.metadata.ran == ["i2"] } else { false }
    }
    await #expect(throws: CutCheckpointer.Cut.self) {
      try await levels.outer.compile(checkpointer: cut).run(
        .resume("yes"), on: "t", options: RunOptions(durability: durability))
    }
    let result = try await levels.outer.compile(checkpointer: keeper).run(on: "t")
    #expect(result.outcome == .finished && result.state.lines.contains("yes"))
  }
}
