import AgentGraph
import AgentJSON
import Synchronization
import Testing

@Suite struct RetentionTests {
  private func loop(_ keeper: (any Checkpointer)?, times: Int) throws -> CompiledGraph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("again") { _ in .write(\.total, 1) }
    graph.start(at: "again")
    graph.edge("again", to: ["again"]) { $0.total % times == 0 ? .end : "again" }
    return try graph.compile(checkpointer: keeper)
  }

  @Test("G29 the last N of a thread stay, and its current state with them")
  func last() async throws {
    let keeper = InMemoryCheckpointer()
    let graph = try loop(keeper, times: 10)
    let result = try await graph.run(.nothing, on: "t")
    _ = try await graph.run(.nothing, on: "other")
    let before = try await graph.history(of: "t")
    #expect(try await keeper.prune(thread: "t", keeping: RetentionPolicy(last: 3)) == 9)
    let after = try await graph.history(of: "t")
    #expect(after.map(\.reference) == before.prefix(3).map(\.reference))
    #expect(try await graph.snapshot(of: "t")?.state == result.state)
    #expect(try await graph.history(of: "other").count == 12)
    #expect(try await keeper.prune(thread: "t", keeping: RetentionPolicy(last: 0)) == 2)
    #expect(try await graph.snapshot(of: "t")?.state == result.state)
    #expect(try await keeper.prune(thread: "t", keeping: RetentionPolicy()) == 0)
    #expect(try await keeper.prune(thread: "nobody's", keeping: RetentionPolicy(last: 1)) == 0)
    // The thread goes on as if nothing were missing.
    #expect(try await graph.run(.nothing, on: "t").state.total == 20)
  }

  @Test("G29 those younger than T stay; what either rule keeps, stays")
  func age() async throws {
    let clock = Mutex<UInt64>(1_000_000)
    let now: @Sendable () -> UInt64 = { clock.withLock { $0 } }
    let keeper = InMemoryCheckpointer(now: now)
    let graph = try loop(keeper, times: 4)
    var options = RunOptions()
    options.ids = GraphIDs(now: now, origin: 1)
    _ = try await graph.run(.nothing, on: "t", options: options)
    clock.withLock { $0 += 60_000_000 }
    _ = try await graph.run(.nothing, on: "t", options: options)
    #expect(try await graph.history(of: "t").count == 12)
    #expect(try await keeper.prune(thread: "t", keeping: RetentionPolicy(age: .seconds(120))) == 0)
    #expect(try await keeper.prune(thread: "t", keeping: RetentionPolicy(last: 8, age: .seconds(30))) == 4)
    #expect(try await keeper.prune(thread: "t", keeping: RetentionPolicy(age: .seconds(30))) == 2)
    clock.withLock { $0 += 600_000_000 }
    #expect(try await keeper.prune(thread: "t", keeping: RetentionPolicy(age: .seconds(30))) == 5)
    #expect(try await graph.snapshot(of: "t")?.state.total == 8)
  }

  @Test("G29 pruning loses no open interrupt, also of a nested graph; an answered one is not kept")
  func interrupts() async throws {
    let keeper = InMemoryCheckpointer()
    var page = Graph<Page>("page")
    page.node("ask") { _, context in .write(\.words, [try context.interrupt("?").stringValue ?? ""]) }
    page.start(at: "ask")
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .entry("a") }
    graph.subgraph(
      "page", try page.compile(), input: { _ in .nothing }, output: { .entry($0.words.joined(separator: "")) })
    graph.node("b") { _ in .entry("b") }
    graph.start(at: "a")
    graph.edge("a", to: "page")
    graph.edge("page", to: "b")
    let compiled = try graph.compile(checkpointer: keeper, interruptBefore: .nodes(["b"]))
    let open = try await compiled.run(.entry("in"), on: "t").interrupts
    #expect(try await keeper.prune(thread: "t", keeping: RetentionPolicy(last: 1)) == 3)
    #expect(try await compiled.snapshot(of: "t")?.interrupts == open)
    #expect(try await compiled.run(.resume("yes"), on: "t").state.lines == ["in", "a", "yes"])
    _ = try await keeper.prune(thread: "t", keeping: RetentionPolicy(last: 1))
    #expect(try await compiled.history(of: "t").map(\.next) == [["b"]])
    #expect(try await compiled.run(on: "t").state.lines == ["in", "a", "yes", "b"])
    _ = try await keeper.prune(thread: "t", keeping: RetentionPolicy(last: 1))
    #expect(try await compiled.history(of: "t").count == 1)
    // What ran under removed checkpoints alone is gone, too.
    #expect(try await keeper.namespaces(thread: "t") == [.root])
  }

  @Test("G29 retention as checkpoints come bounds a thread, nested graphs with it, and keeps its state")
  func bounded() async throws {
    let keeper = InMemoryCheckpointer(retention: RetentionPolicy(last: 4))
    var page = Graph<Page>("page")
    page.node("word") { _ in .write(\.words, ["w"]) }
    page.start(at: "word")
    var graph = Graph<Ledger>()
    graph.subgraph("page", try page.compile(), input: { _ in .nothing }, output: { _ in .write(\.total, 1) })
    graph.start(at: "page")
    graph.edge("page", to: ["page"]) { $0.total < 200 ? "page" : .end }
    let compiled = try graph.compile(checkpointer: keeper)
    #expect(try await compiled.run(.nothing, on: "t").state.total == 200)
    #expect(try await compiled.history(of: "t").count <= 2 * 4 + 16)
    #expect(try await compiled.snapshot(of: "t")?.state.total == 200)
    #expect(try await keeper.namespaces(thread: "t").count <= 2 * 4 + 17)
  }

  @Test("G29 retention by age as checkpoints come")
  func boundedByAge() async throws {
    let clock = Mutex<UInt64>(1_000_000)
    let now: @Sendable () -> UInt64 = { clock.withLock { $0 } }
    let keeper = InMemoryCheckpointer(retention: RetentionPolicy(age: .seconds(1)), now: now)
    var graph = Graph<Ledger>()
    graph.node("again") { _ in
      clock.withLock { $0 += 500_000 }
      return .write(\.total, 1)
    }
    graph.start(at: "again")
    graph.edge("again", to: ["again"]) { $0.total < 300 ? "again" : .end }
    var options = RunOptions()
    options.ids = GraphIDs(now: now, origin: 1)
    let compiled = try graph.compile(checkpointer: keeper)
    _ = try await compiled.run(.nothing, on: "t", options: options)
    #expect(try await compiled.history(of: "t", HistoryQuery(limit: 1_000)).count <= 64)
    #expect(try await compiled.snapshot(of: "t")?.state.total == 300)
  }
}
