import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct OwnTimeTravelTests {
  /// Counts its calls.
  private func counter() throws -> CompiledGraph<Page> {
    var page = Graph<Page>("counter")
    page.node("count") { _ in .write(\.count, 1) }
    page.start(at: "count")
    return try page.compile()
  }

  /// Calls the counter, unless the title says to skip it.
  private func caller(_ keeping: Keeping) throws -> (graph: CompiledGraph<Ledger>, keeper: any Checkpointer) {
    var graph = Graph<Ledger>("caller")
    graph.subgraph(
      "page", try counter(), checkpointing: .own, input: { _ in .nothing }, output: { .entry("\($0.count)") })
    graph.start(at: ["page"]) { $0.title == "skip" ? .end : "page" }
    let keeper = keeping.make()
    return (try graph.compile(checkpointer: keeper), keeper)
  }

  private let call = Command<Ledger>.write(\.title, "call")
  private let skip = Command<Ledger>.write(\.title, "skip")

  private func options(_ durability: Durability, from id: CheckpointID? = nil) -> RunOptions {
    var options = RunOptions(durability: durability)
    options.from = id.map { CheckpointReference($0) }
    return options
  }

  @Test(
    "G35 own state: before the first call, between two, after the last; the old branch stays",
    arguments: Keeping.allCases, Durability.allCases)
  func places(keeping: Keeping, durability: Durability) async throws {
    let (graph, keeper) = try caller(keeping)
    var ends = [try #require(try await graph.run(skip, on: "t", options: options(durability)).checkpoint)]
    for number in 1...3 {
      let result = try await graph.run(call, on: "t", options: options(durability))
      #expect(result.state.lines.last == "\(number)")
      ends.append(try #require(result.checkpoint))
    }
    let child = try counter().checkpointed(by: keeper)
    let place = GraphNamespace(rawValue: "page")
    let old = try await child.history(of: "t", in: place)
    for (number, end) in ends.enumerated() {
      let before = Array(["1", "2", "3"].prefix(number))
      let forked = try await graph.run(call, on: "t", options: options(durability, from: end))
      #expect(forked.state.lines == before + ["\(number + 1)"])
      let next = try await graph.run(call, on: "t", options: options(durability))
      #expect(next.state.lines == before + ["\(number + 1)", "\(number + 2)"])
      // A branch that does not call at once goes on with the same state when it does.
      _ = try await graph.run(skip, on: "t", options: options(durability, from: end))
      let late = try await graph.run(call, on: "t", options: options(durability))
      #expect(late.state.lines == before + ["\(number + 1)"])
    }
    let kept = try await child.history(of: "t", in: place).suffix(old.count)
    #expect(kept.map(\.reference) == old.map(\.reference) && kept.map(\.state) == old.map(\.state))
  }

  @Test("G35 own state: a fork of a fork, and back", arguments: Keeping.allCases, Durability.allCases)
  func forkOfFork(keeping: Keeping, durability: Durability) async throws {
    let (graph, _) = try caller(keeping)
    func run(from id: CheckpointID? = nil) async throws -> (String?, CheckpointID?) {
      let result = try await graph.run(call, on: "t", options: options(durability, from: id))
      return (result.state.lines.last, result.checkpoint)
    }
    var trunk: [CheckpointID?] = []
    for _ in 0..<3 { trunk.append(try await run().1) }
    let branch = [try await run(from: trunk[0]), try await run()]
    #expect(branch.map(\.0) == ["2", "3"])
    let twig = [try await run(from: branch[0].1), try await run(), try await run()]
    #expect(twig.map(\.0) == ["3", "4", "5"])
    #expect(try await run(from: trunk[2]).0 == "4")
    #expect(try await run(from: branch[1].1).0 == "4")
    #expect(try await run(from: twig[2].1).0 == "6")
    #expect(try await run().0 == "7")
  }

  @Test("G35 own state of two levels", arguments: Keeping.allCases, Durability.allCases)
  func twoLevels(keeping: Keeping, durability: Durability) async throws {
    var middle = Graph<Page>("middle")
    middle.subgraph(
      "inner", try counter(), checkpointing: .own, input: { _ in .nothing },
      output: { .write(\.words, ["\($0.count)"]) })
    middle.start(at: "inner")
    var graph = Graph<Ledger>("outer")
    graph.subgraph(
      "middle", try middle.compile(), checkpointing: .own, input: { _ in .nothing },
      output: { .entry($0.words.joined(separator: ",")) })
    graph.start(at: "middle")
    let compiled = try graph.compile(checkpointer: keeping.make())
    var ends: [CheckpointID?] = []
    for _ in 0..<3 { ends.append(try await compiled.run(.nothing, on: "t", options: options(durability)).checkpoint) }
    let forked = try await compiled.run(.nothing, on: "t", options: options(durability, from: ends[0]))
    #expect(forked.state.lines == ["1", "1,2"])
    #expect(try await compiled.run(.nothing, on: "t", options: options(durability)).state.lines.last == "1,2,3")
    let late = try await compiled.run(.nothing, on: "t", options: options(durability, from: ends[2]))
    #expect(late.state.lines == ["1", "1,2", "1,2,3", "1,2,3,4"])
  }

  @Test("G35 own state within a nested graph that is forked", arguments: Keeping.allCases)
  func withinInherited(keeping: Keeping) async throws {
    var middle = Graph<Page>("middle")
    middle.subgraph(
      "inner", try counter(), checkpointing: .own, input: { _ in .nothing },
      output: { .write(\.words, ["\($0.count)"]) })
    middle.start(at: "inner")
    middle.edge("inner", to: ["inner"]) { $0.words.count < 4 ? "inner" : .end }
    var graph = Graph<Ledger>("outer")
    graph.subgraph(
      "middle", try middle.compile(), input: { _ in .nothing }, output: { .entry($0.words.joined(separator: ",")) })
    graph.start(at: "middle")
    let keeper = keeping.make()
    let compiled = try graph.compile(checkpointer: keeper)
    #expect(try await compiled.run(.nothing, on: "t").state.lines == ["1,2,3,4"])
    let place = try await keeper.namespaces(thread: "t")[1]
    let history = try await middle.compile(checkpointer: keeper).history(of: "t", in: place)
    for checkpoint in history {
      var options = RunOptions()
      options.from = checkpoint.reference
      let result = try await compiled.run(on: "t", options: options)
      #expect(result.state.lines == ["1,2,3,4"], "from \(checkpoint.state.words.count)")
    }
  }

  @Test("G29 G35 retention keeps the own state of every checkpoint that stays", arguments: Keeping.allCases)
  func retention(keeping: Keeping) async throws {
    let (graph, keeper) = try caller(keeping)
    for _ in 0..<6 { _ = try await graph.run(call, on: "t") }
    try await keeper.prune(thread: "t", keeping: RetentionPolicy(last: 6))
    let rest = try await graph.history(of: "t")
    #expect(rest.count == 6)
    for checkpoint in rest {
      let result = try await graph.run(call, on: "t", options: options(.sync, from: checkpoint.reference.id))
      #expect(result.state.lines.last == "\(checkpoint.state.lines.count + 1)")
    }
  }
}
