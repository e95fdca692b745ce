import AgentGraph
import Testing

@Suite struct CheckpointMetadataTests {
  @Test("G21 a run leaves an input checkpoint and one a superstep", arguments: Keeping.allCases)
  func sources(keeping: Keeping) async throws {
    let graph = try chain("a", "b").compile(checkpointer: keeping.make())
    _ = try await graph.run(.entry("in"), on: "t")
    let history = try await graph.history(of: "t").reversed().map { $0 }
    #expect(history.map(\.metadata.source) == [.input, .loop, .loop, .loop])
    #expect(history.map(\.metadata.step) == [-1, 0, 1, 2])
    #expect(history.map(\.metadata.ran) == [[], [], ["a"], ["b"]])
    #expect(history.map(\.next) == [["__start__"], ["a"], ["b"], []])
    #expect(history.map(\.state.lines) == [["in"], ["in"], ["in", "a"], ["in", "a", "b"]])
  }

  @Test("G21 an update and a fork are sources of their own")
  func updateAndFork() async throws {
    let graph = try chain("a", "b").compile(checkpointer: InMemoryCheckpointer())
    _ = try await graph.run(.entry("in"), on: "t")
    let first = try #require(try await graph.history(of: "t").last)
    try await graph.updateState(of: "t", .entry("hand"), asNode: "a")
    #expect(try await graph.snapshot(of: "t")?.metadata.source == .update)
    _ = try await graph.run(on: "t", options: .from(first.reference))
    let sources = try await graph.history(of: "t").reversed().map(\.metadata.source)
    #expect(sources == [.input, .loop, .loop, .loop, .update, .fork, .loop, .loop, .loop])
  }

  @Test("G21 ids follow time, and each checkpoint names its parent", arguments: Keeping.allCases)
  func idsAndParents(keeping: Keeping) async throws {
    let graph = try chain("a", "b", "c").compile(checkpointer: keeping.make())
    _ = try await graph.run(.entry("one"), on: "t")
    _ = try await graph.run(.entry("two"), on: "t")
    let history = try await graph.history(of: "t").reversed().map { $0 }
    let ids = history.map(\.reference.id)
    #expect(ids == ids.sorted())
    #expect(ids.map(\.description) == ids.map(\.description).sorted())
    #expect(Set(ids).count == ids.count)
    #expect(history.map(\.parent) == [nil] + ids.dropLast())
    #expect(history.map(\.metadata.createdAt) == history.map(\.metadata.createdAt).sorted())
    #expect(history.map(\.metadata.step) == Array(-1...8))
    #expect(ids.allSatisfy { CheckpointID($0.description) == $0 })
  }

  @Test("G21 a given clock, origin and run make the same ids every time")
  func givenIDs() async throws {
    func ids() async throws -> [String] {
      let graph = try chain("a", "b").compile(checkpointer: InMemoryCheckpointer())
      var options = RunOptions()
      options.ids = GraphIDs(now: { 1_000 }, origin: 7)
      options.runID = "run"
      _ = try await graph.run(.entry("in"), on: "t", options: options)
      return try await graph.history(of: "t").flatMap { ["\($0.reference.id)"] + $0.tasks.map { "\($0.id)" } }
    }
    let first = try await ids()
    #expect(first.count == 7)
    #expect(try await ids() == first)
  }

  @Test("G21 a checkpoint tells its run, its graph and its namespace")
  func runAndGraph() async throws {
    let graph = try chain("a", as: "books").compile(checkpointer: InMemoryCheckpointer())
    var options = RunOptions()
    options.runID = "run-7"
    _ = try await graph.run(.entry("in"), on: "t", options: options)
    _ = try await graph.run(.entry("more"), on: "t")
    let history = try await graph.history(of: "t")
    #expect(history.allSatisfy { $0.metadata.graph == "books" && $0.reference.namespace == .root })
    #expect(history.suffix(3).allSatisfy { $0.metadata.run == "run-7" })
    #expect(Set(history.prefix(3).map(\.metadata.run)).count == 1)
    #expect(history.first?.metadata.run != "run-7")
  }

  @Test("G21 a nested graph's checkpoints name those of the graphs around")
  func parents() async throws {
    var inner = Graph<Page>("inner")
    inner.node("word") { _ in .write(\.words, ["w"]) }
    inner.start(at: "word")
    var outer = Graph<Ledger>("outer")
    outer.subgraph("page", try inner.compile(), input: { _ in .nothing }, output: { _ in .entry("done") })
    outer.start(at: "page")
    let keeper = InMemoryCheckpointer()
    let graph = try outer.compile(checkpointer: keeper)
    _ = try await graph.run(.entry("in"), on: "t")
    let root = try await graph.history(of: "t")
    let namespace = try #require(try await keeper.namespaces(thread: "t").last)
    let nested = try await inner.compile(checkpointer: keeper).history(of: "t", in: namespace)
    #expect(nested.map(\.metadata.step) == [1, 0, -1])
    #expect(root[1].next == ["page"])
    #expect(nested.allSatisfy { $0.metadata.parents == ["": root[1].reference.id] })
    #expect(nested.allSatisfy { $0.reference.namespace == namespace && $0.metadata.graph == "inner" })
    #expect(namespace.rawValue == "page:\(root[1].tasks[0].id)")
  }

  @Test("G21 versions say which superstep wrote each channel last", arguments: Keeping.allCases)
  func versions(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .entry("a") }
    graph.node("b") { _ in .write(\.title, "b") }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.write(\.total, 1), on: "t")
    let versions = try await compiled.history(of: "t").reversed().map { $0.metadata.versions }
    let (entries, title, total) = (0, 1, 2)
    // Input, start and each superstep are a bump each.
    #expect(versions.map { $0[total] } == [1, 1, 1, 1])
    #expect(versions.map { $0[entries] } == [0, 0, 3, 3])
    #expect(versions.map { $0[title] } == [0, 0, 0, 4])
  }
}
