import AgentGraph
import Testing

@Suite struct HistoryTests {
  /// Two runs of two nodes, an update, and a fork from the first run's last checkpoint but one.
  private func thread(_ keeping: Keeping) async throws -> (CompiledGraph<Ledger>, [StateSnapshot<Ledger>]) {
    let graph = try chain("a", "b").compile(checkpointer: keeping.make())
    for run in ["one", "two"] {
      var options = RunOptions()
      options.runID = run
      _ = try await graph.run(.entry(run), on: "t", options: options)
    }
    try await graph.updateState(of: "t", .entry("hand"), asNode: "b")
    let all = try await graph.history(of: "t")
    _ = try await graph.run(on: "t", options: .from(all[6].reference))
    return (graph, try await graph.history(of: "t"))
  }

  @Test("G24 history is newest first", arguments: Keeping.allCases)
  func order(keeping: Keeping) async throws {
    let (_, history) = try await thread(keeping)
    #expect(history.count == 11)
    #expect(history.map(\.reference.id) == history.map(\.reference.id).sorted(by: >))
  }

  @Test("G24 a limit, and pages by what comes before", arguments: Keeping.allCases)
  func pages(keeping: Keeping) async throws {
    let (graph, history) = try await thread(keeping)
    let two = try await graph.history(of: "t", HistoryQuery(limit: 2))
    #expect(two.map(\.reference) == history.prefix(2).map(\.reference))
    #expect(try await graph.history(of: "t", HistoryQuery(limit: 0)).isEmpty)
    var (paged, before) = ([CheckpointReference](), CheckpointID?.none)
    while true {
      let page = try await graph.history(of: "t", HistoryQuery(limit: 4, before: before))
      guard let last = page.last else { break }
      paged += page.map(\.reference)
      before = last.reference.id
    }
    #expect(paged == history.map(\.reference))
  }

  @Test("G24 filters by source and by run, together with limit and before", arguments: Keeping.allCases)
  func filters(keeping: Keeping) async throws {
    let (graph, history) = try await thread(keeping)
    let queries: [HistoryQuery] = [
      HistoryQuery(sources: [.fork]), HistoryQuery(sources: [.input, .update]), HistoryQuery(run: "one"),
      HistoryQuery(limit: 1, sources: [.loop], run: "two"), HistoryQuery(before: history[3].reference.id, run: "two"),
      HistoryQuery(sources: []), HistoryQuery(run: "nobody"),
    ]
    let counts = [1, 3, 4, 1, 3, 0, 0]
    for (query, count) in zip(queries, counts) {
      let found = try await graph.history(of: "t", query).map(\.reference)
      let expected = history.filter { query.matches($0.reference.id, $0.metadata) }.prefix(query.limit)
      #expect(found == expected.map(\.reference))
      #expect(found.count == count)
    }
  }

  @Test("G24 threads have histories of their own")
  func threads() async throws {
    let graph = try chain("a").compile(checkpointer: InMemoryCheckpointer())
    for thread in ["t", "u", ""] { _ = try await graph.run(.entry(thread), on: thread) }
    #expect(try await graph.snapshot(of: "u")?.state.lines == ["u", "a"])
    #expect(try await graph.snapshot(of: "")?.state.lines == ["", "a"])
    #expect(try await graph.history(of: "u").count == 3)
  }
}
