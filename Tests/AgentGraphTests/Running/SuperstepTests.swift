import AgentGraph
import AgentJSON
import AgentTesting
import Synchronization
import Testing

@Suite struct SuperstepTests {
  private func add(_ names: String..., to graph: inout Graph<Ledger>) {
    for name in names { graph.node(name) { _ in .entry(name) } }
  }

  @Test("G1 a node runs in the superstep after one that triggers it, once however many trigger it, and no other")
  func triggers() async throws {
    var graph = Graph<Ledger>()
    for name in ["a", "b", "c", "d"] {
      graph.node(name) { _, context in .entry("\(name)\(context.step)") }
    }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    graph.edge("a", to: "c")
    graph.edge("b", to: "d")
    graph.edge("c", to: "d")
    let result = try await graph.compile().run(.nothing)
    #expect(result.state.lines == ["a1", "b2", "c2", "d3"])
    #expect(result.supersteps == 3)
  }

  @Test("G1 a node that is triggered in two supersteps runs in both")
  func twice() async throws {
    var graph = Graph<Ledger>()
    add("a", "b1", "b2", "c", to: &graph)
    graph.start(at: "a", "b1")
    graph.edge("a", to: "c")
    graph.edge("b1", to: "b2")
    graph.edge("b2", to: "c")
    #expect(try await graph.compile().run(.nothing).state.lines == ["a", "b1", "b2", "c", "c"])
  }

  @Test("G1 a node without a new trigger does not run again, also over many inputs")
  func perInput() async throws {
    var graph = Graph<Ledger>()
    add("a", "b", to: &graph)
    graph.start(at: "a")
    graph.edge("a", to: ["b"]) { $0.title == "b" ? "b" : .end }
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    _ = try await compiled.run(.write(\.title, "b"), on: "t")
    let second = try await compiled.run(.write(\.title, "-"), on: "t")
    #expect(second.state.lines == ["a", "b", "a"])
    #expect(second.supersteps == 1)
    // Nothing is due any more.
    let third = try await compiled.run(on: "t")
    #expect(third.supersteps == 0)
    #expect(third.outcome == .finished)
  }

  @Test("G2 all tasks of a superstep read the same snapshot, and see no sibling's write")
  func snapshot() async throws {
    var graph = Graph<Ledger>()
    let gate = NodeGate()
    graph.node("first") { state in .write(\.total, 10).entry("first \(state.total)") }
    graph.node("second") { state, context in
      try await gate.pass()
      return .write(\.total, 100).entry("second \(state.total) \(context.state.total)")
    }
    graph.node("after") { state in .entry("after \(state.total)") }
    graph.start(at: "first", "second")
    graph.edge(["first", "second"], to: "after")
    let compiled = try graph.compile()
    let result = try await compiled.run(.write(\.total, 1), modes: .updates) { event in
      if event.node == "first" { gate.open() }
    }
    #expect(result.state.lines == ["first 1", "second 1 1", "after 111"])
  }

  @Test(
    "G3 writes are applied in the order of tasks, whatever the order in which they end", arguments: [0, 1, 2, 3, 4])
  func order(_ rotation: Int) async throws {
    let names = ["b", "a", "e", "d", "c"]
    let last = Array(names[rotation...] + names[..<rotation])
    let gates = Dictionary(uniqueKeysWithValues: names.map { ($0, NodeGate()) })
    var graph = Graph<Ledger>()
    for name in names {
      graph.node(name) { _ in
        try await gates[name]?.pass()
        return .entry(name)
      }
      graph.start(at: name)
    }
    let (ended, compiled) = (Visits(), try graph.compile())
    gates[last[0]]?.open()
    let result = try await compiled.run(.nothing, modes: .updates) { event in
      guard let node = event.node, let place = last.firstIndex(of: node) else { return }
      ended.add(node)
      if place + 1 < last.count { gates[last[place + 1]]?.open() }
    }
    #expect(ended.list == last)
    #expect(result.state.lines == ["a", "b", "c", "d", "e"])
  }

  @Test("G3 triggered tasks write before sent ones, sent ones by their index", arguments: [1, 2, 128])
  func sentOrder(_ concurrency: Int) async throws {
    var graph = Graph<Ledger>()
    graph.node("z") { _ in .entry("z") }
    graph.node("a", input: Int.self) { number, _ in .entry("a\(number)") }
    graph.node("start") { _ in .goto("z").goto(.sends([3, 1, 2].map { Send("a", $0) })) }
    graph.start(at: "start")
    graph.edge("start", to: ["z", "a"]) { _ in .end }
    var options = RunOptions()
    options.concurrencyMax = concurrency
    #expect(try await graph.compile().run(.nothing, options: options).state.lines == ["z", "a3", "a1", "a2"])
  }

  @Test("G3 no more tasks run at once than concurrencyMax says")
  func concurrency() async throws {
    var graph = Graph<Ledger>()
    let (running, most) = (SharedNumber(), SharedNumber())
    graph.node("a", input: Int.self) { number, _ in
      most.raise(to: running.add(1))
      for _ in 0..<20 { await Task.yield() }
      running.add(-1)
      return .write(\.total, number)
    }
    graph.start(at: ["a"]) { _ in .sends((1...50).map { Send("a", $0) }) }
    var options = RunOptions()
    options.concurrencyMax = 3
    #expect(try await graph.compile().run(.nothing, options: options).state.total == 1275)
    #expect(most.value <= 3)
    #expect(running.value == 0)
  }
}

/// A number that tasks share.
final class SharedNumber: Sendable {
  private let number = Mutex(0)
  var value: Int { number.withLock { $0 } }
  @discardableResult func add(_ count: Int) -> Int {
    number.withLock { number in
      number += count
      return number
    }
  }
  func raise(to value: Int) { number.withLock { $0 = max($0, value) } }
}
