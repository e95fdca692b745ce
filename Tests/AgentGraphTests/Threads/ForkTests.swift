import AgentGraph
import AgentJSON
import Testing

@Suite struct ForkTests {
  @Test("G26 a run from an older checkpoint is a branch, and the old one stays", arguments: Keeping.allCases)
  func branch(keeping: Keeping) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    for name in ["a", "b", "c"] { graph.node(name) { _ in .entry("\(name)\(visits.number(name))") } }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    graph.edge("b", to: "c")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.entry("in"), on: "t")
    let old = try await compiled.history(of: "t")
    let beforeB = try #require(old.first { $0.next == ["b"] })
    let forked = try await compiled.run(on: "t", options: .from(beforeB.reference))
    #expect(forked.state.lines == ["in", "a0", "b1", "c1"])
    let all = try await compiled.history(of: "t")
    #expect(all.count == old.count + 3)
    #expect(all.suffix(old.count).map(\.reference) == old.map(\.reference))
    #expect(zip(all.suffix(old.count), old).allSatisfy { $0.state == $1.state && $0.next == $1.next })
    let fork = all[2]
    #expect(fork.metadata.source == .fork && fork.parent == beforeB.reference.id && fork.next == ["b"])
    #expect(all[0].reference.id == forked.checkpoint)
    // The branch goes on from its own end, the old one from where it is asked for.
    #expect(try await compiled.run(.entry("more"), on: "t").state.lines.prefix(5) == ["in", "a0", "b1", "c1", "more"])
    let onOld = try await compiled.run(.entry("on old"), on: "t", options: .from(old[0].reference))
    #expect(onOld.state.lines.prefix(5) == ["in", "a0", "b0", "c0", "on old"])
  }

  @Test("G26 a run from the final checkpoint does nothing", arguments: Keeping.allCases, Durability.allCases)
  func final(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("a") { _ in
      visits.add("a")
      return .entry("a")
    }
    graph.start(at: "a")
    let compiled = try graph.compile(checkpointer: keeping.make())
    var options = RunOptions(durability: durability)
    let first = try await compiled.run(.nothing, on: "t", options: options)
    let before = try await compiled.history(of: "t").map(\.reference)
    for from in [nil, first.checkpoint.map { CheckpointReference($0) }] {
      options.from = from
      let again = try await compiled.run(on: "t", options: options)
      #expect(again.state == first.state && again.outcome == .finished && again.supersteps == 0)
      #expect(again.checkpoint == first.checkpoint)
    }
    #expect(try await compiled.history(of: "t").map(\.reference) == before)
    #expect(visits.list == ["a"])
  }

  @Test("G26 interrupts fire again in a fork, with ids of their own", arguments: Keeping.allCases)
  func interrupts(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .entry("a") }
    graph.node("ask") { _, context in .entry(try context.interrupt("?").stringValue ?? "") }
    graph.start(at: "a")
    graph.edge("a", to: "ask")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let first = try await compiled.run(.nothing, on: "t").interrupts
    #expect(try await compiled.run(.resume("yes"), on: "t").state.lines == ["a", "yes"])
    let asked = try #require(try await compiled.history(of: "t").first { $0.next == ["ask"] })
    let again = try await compiled.run(on: "t", options: .from(asked.reference)).interrupts
    #expect(again.map(\.value) == ["?"] && again.map(\.id) != first.map(\.id))
    let stale = await graphError { _ = try await compiled.run(.resume("no", to: first[0].id), on: "t") }
    #expect(stale?.code == .unknownInterrupt)
    #expect(try await compiled.run(.resume("no"), on: "t").state.lines == ["a", "no"])
  }

  @Test("G26 a fork runs again what had finished beside what had not", arguments: Keeping.allCases)
  func unfinished(keeping: Keeping) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("done") { _ in .entry("done \(visits.number("done"))") }
    graph.node("ask") { _, context in .entry(try context.interrupt("?").stringValue ?? "") }
    graph.start(at: "ask", "done")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.nothing, on: "t")
    let open = try #require(try await compiled.snapshot(of: "t"))
    _ = try await compiled.run(on: "t", options: .from(open.reference))
    #expect(try await compiled.run(.resume("yes"), on: "t").state.lines == ["yes", "done 1"])
  }

  @Test("G26 every checkpoint of a thread can be forked, to the same end", arguments: GraphCase.all)
  func everyCheckpoint(graph: GraphCase) async throws {
    for keeping in Keeping.allCases {
      let keeper = keeping.make()
      let final = try await graph.drive(keeper, .sync)
      let compiled = try graph.make().compile(checkpointer: keeper)
      for checkpoint in try await compiled.history(of: "t") where graph.isRepeatable {
        var options = RunOptions.from(checkpoint.reference)
        var input: Command<Ledger>?
        for _ in 0..<20 {
          var result: GraphResult<Ledger>?
          do {
            result = try await compiled.run(input, on: "t", options: options)
          } catch is Mishap {}
          options.from = nil
          input = nil
          guard let result else { continue }
          if result.outcome == .finished {
            #expect(result.state.lines == final.lines, "\(keeping) from step \(checkpoint.metadata.step)")
            break
          }
          input = result.interrupts.reduce(Command.nothing) { $0.resume("yes", to: $1.id) }
        }
      }
    }
  }

  @Test("G26 no such checkpoint, answers in the past, and nothing to begin with are errors")
  func refusals() async throws {
    let graph = try chain("a").compile(checkpointer: InMemoryCheckpointer())
    _ = try await graph.run(.nothing, on: "t")
    let id = try #require(try await graph.snapshot(of: "t")?.reference.id)
    let absent = CheckpointID(time: 1, origin: 2)
    let errors = [
      await graphError { _ = try await graph.run(on: "t", options: .from(absent)) },
      await graphError { _ = try await graph.run(.resume("x"), on: "t", options: .from(id)) },
      await graphError { _ = try await graph.run(on: "other", options: .from(id)) },
      await graphError { _ = try await graph.checkpointed(by: nil).run(.nothing, options: .from(id)) },
    ]
    #expect(errors.map { $0?.code } == [.unknownCheckpoint, .invalidUse, .unknownCheckpoint, .noCheckpointer])
    #expect(errors[0]?.message.contains("\(absent)") == true)
  }
}

extension GraphCase {
  /// Whether its nodes do the same each time.
  fileprivate var isRepeatable: Bool { name != "nested own" && name != "effects and a question" }
}
