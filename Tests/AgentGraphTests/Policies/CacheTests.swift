import AgentGraph
import AgentJSON
import AgentTesting
import Synchronization
import Testing

@Suite struct CacheTests {
  private let visits = Visits()

  private func options(_ cache: NodeCache?) -> RunOptions {
    var options = RunOptions()
    options.cache = cache
    return options
  }

  private func graph(_ policy: CachePolicy<Ledger>) throws -> CompiledGraph<Ledger> {
    var graph = Graph<Ledger>("cached")
    let visits = visits
    graph.node("costly", .cache(policy)) { state in
      .entry("costly \(state.title) #\(visits.number("call"))").write(\.total, 1)
    }
    graph.node("other", .cache(policy)) { state in
      visits.add("other")
      return .entry("other \(state.title)")
    }
    graph.start(at: "costly")
    graph.edge("costly", to: ["other", "__end__"]) { $0.title == "both" ? "other" : .end }
    return try graph.compile()
  }

  @Test("G18 the same key: the node is not called, its writes are used again, and its route")
  func reuse() async throws {
    let (cache, graph) = (NodeCache(), try graph(CachePolicy { $0.title }))
    for _ in 0..<3 {
      let state = try await graph.run(.write(\.title, "both"), options: options(cache)).state
      #expect(state.lines == ["costly both #0", "other both"])
      #expect(state.total == 1)
    }
    let other = try await graph.run(.write(\.title, "x"), options: options(cache)).state
    #expect(other.lines == ["costly x #1"])
    #expect(visits.list == ["call", "other", "call"])
    #expect(cache.count == 3)
  }

  @Test("G18 a result that was used again is shown as cached")
  func shown() async throws {
    let (cache, graph) = (NodeCache(), try graph(CachePolicy { $0.title }))
    for expected in [false, true] {
      let told = Visits()
      _ = try await graph.run(.nothing, options: options(cache), modes: .updates) { event in
        if case .updates(let updates, let isCached) = event.content { told.add("\(updates.count) \(isCached)") }
      }
      #expect(told.list == ["2 \(expected)"])
    }
  }

  @Test("G18 without a cache, or with a key of nil, the node is called")
  func off() async throws {
    let graph = try graph(CachePolicy { $0.title == "never" ? nil : $0.title })
    _ = try await graph.run(.nothing)
    _ = try await graph.run(.nothing)
    #expect(visits.count("call") == 2)
    let cache = NodeCache()
    for _ in 0..<2 { _ = try await graph.run(.write(\.title, "never"), options: options(cache)) }
    #expect(visits.count("call") == 4)
    #expect(cache.count == 0)
  }

  @Test("G18 time to live: a result holds until its time is over")
  func timeToLive() async throws {
    final class Time: Sendable { let now = Mutex<UInt64>(5_000_000) }
    let time = Time()
    let cache = NodeCache(now: { time.now.withLock { $0 } })
    let graph = try graph(CachePolicy(timeToLive: .milliseconds(1500)) { $0.title })
    for (advance, calls) in [(0, 1), (1_499_999, 1), (1, 2), (1_499_999, 2)] as [(UInt64, Int)] {
      time.now.withLock { $0 += advance }
      _ = try await graph.run(.nothing, options: options(cache))
      #expect(visits.count("call") == calls)
    }
  }

  @Test("G18 clear: of one node, or of all")
  func clear() async throws {
    let (cache, graph) = (NodeCache(), try graph(CachePolicy { $0.title }))
    func run() async throws { _ = try await graph.run(.write(\.title, "both"), options: options(cache)) }
    try await run()
    cache.clear(node: "costly")
    try await run()
    #expect(visits.list == ["call", "other", "call"])
    cache.clear()
    #expect(cache.count == 0)
    try await run()
    #expect(visits.list == ["call", "other", "call", "call", "other"])
  }

  @Test("G18 a bound: beyond it the cache begins anew")
  func bound() async throws {
    let (cache, graph) = (NodeCache(entriesMax: 2), try graph(CachePolicy { $0.title }))
    for title in ["1", "2", "3"] { _ = try await graph.run(.write(\.title, title), options: options(cache)) }
    #expect(cache.count <= 2)
  }

  @Test("G18 failures and interrupts are not kept")
  func onlyResults() async throws {
    var graph = Graph<Ledger>()
    let visits = visits
    graph.node("a", .cache(CachePolicy { _ in "k" })) { _, context in
      switch visits.number("call") {
      case 0: throw Mishap()
      case 1: return .entry(try context.interrupt("?").stringValue ?? "")
      default: return .entry("done")
      }
    }
    graph.start(at: "a")
    let (compiled, cache) = (try graph.compile(), NodeCache())
    await #expect(throws: Mishap()) { try await compiled.run(.nothing, options: options(cache)) }
    #expect(try await compiled.run(.nothing, options: options(cache)).interrupts.count == 1)
    #expect(cache.count == 0)
    for _ in 0..<2 { #expect(try await compiled.run(.nothing, options: options(cache)).state.lines == ["done"]) }
    #expect(visits.count("call") == 3)
  }

  @Test("G18 what is sent to a node is part of its key")
  func sends() async throws {
    var graph = Graph<Ledger>()
    let visits = visits
    graph.node("typed", input: Int.self, .cache(CachePolicy { _ in "k" })) { number, _ in
      visits.add("typed \(number)")
      return .entry("typed \(number)")
    }
    graph.node("state", .cache(CachePolicy { $0.title })) { state in
      visits.add("state \(state.title)")
      return .entry("state \(state.title)")
    }
    graph.start(at: ["typed", "state"]) { _ in
      .sends([Send("typed", 1), Send("typed", 2)] + ["x", "y"].map { Send("state", state: Ledger.titled($0)) })
    }
    let (compiled, cache) = (try graph.compile(), NodeCache())
    for _ in 0..<2 {
      let state = try await compiled.run(.nothing, options: options(cache)).state
      #expect(state.lines == ["typed 1", "typed 2", "state x", "state y"])
    }
    #expect(visits.list.sorted() == ["state x", "state y", "typed 1", "typed 2"])
  }

  @Test("G18 one cache serves many graphs: entries are told apart by graph and node")
  func apart() async throws {
    let cache = NodeCache()
    func run(_ graphName: String, _ text: String) async throws -> [String] {
      var graph = Graph<Ledger>(graphName)
      for name in ["a", "b"] { graph.node(name, .cache(CachePolicy { _ in "k" })) { _ in .entry("\(text) \(name)") } }
      graph.start(at: "a", "b")
      return try await graph.compile().run(.nothing, options: options(cache)).state.lines
    }
    #expect(try await run("one", "1") == ["1 a", "1 b"])
    #expect(try await run("two", "2") == ["2 a", "2 b"])
    #expect(try await run("one", "3") == ["1 a", "1 b"])
  }
}
