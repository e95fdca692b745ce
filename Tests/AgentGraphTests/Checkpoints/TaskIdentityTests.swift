import AgentGraph
import AgentJSON
import AgentTesting
import Synchronization
import Testing

@Suite struct TaskIdentityTests {
  /// Notes the id of every task that begins, and fails the first time in `last`.
  private func graph(_ seen: TaskIDs) -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("first", .destinations(["item"])) { _, context in
      seen.add("first", context.taskID)
      return .goto(.sends([Send("item", 1), Send("item", 2)]))
    }
    graph.node("item", input: Int.self) { number, context in
      seen.add("item \(number)", context.taskID)
      return .entry("item \(number)")
    }
    graph.node("last") { _, context in
      let number = seen.add("last", context.taskID)
      if number == 0 { throw Mishap() }
      return .entry("last")
    }
    graph.start(at: "first")
    graph.edge("item", to: "last")
    return graph
  }

  @Test("G23 a task that is run again has the same id", arguments: Keeping.allCases)
  func sameOnReplay(keeping: Keeping) async throws {
    let seen = TaskIDs()
    let compiled = try graph(seen).compile(checkpointer: keeping.make())
    await #expect(throws: Mishap()) { try await compiled.run(.entry("in"), on: "t") }
    let due = try #require(try await compiled.snapshot(of: "t")?.tasks)
    _ = try await compiled.run(on: "t")
    let last = seen.ids("last")
    #expect(last.count == 2 && last[0] == last[1])
    #expect(due.map(\.id) == [last[0]])
    #expect(Set(["first", "item 1", "item 2", "last"].flatMap(seen.ids)).count == 4)
    #expect(last[0].rawValue.count == 32)
  }

  @Test("G23 a crash before the superstep's checkpoint leaves the ids of its tasks as they were")
  func sameAfterCrash() async throws {
    let (seen, base) = (TaskIDs(), InMemoryCheckpointer())
    let graph = graph(seen)
    let cut = CutCheckpointer(base) { write in
      if case .checkpoint(let record) = write { record.metadata.ran.contains("item") } else { false }
    }
    await #expect(throws: CutCheckpointer.Cut.self) {
      try await graph.compile(checkpointer: cut).run(
        .entry("in"), on: "t", options: RunOptions(durability: .sync))
    }
    // Both items were stored as done, so that nothing but what follows runs.
    let resumed = try graph.compile(checkpointer: base)
    await #expect(throws: Mishap()) { try await resumed.run(on: "t") }
    #expect(seen.ids("item 1").count == 1)
    let history = try await resumed.history(of: "t")
    #expect(history[1].tasks.map(\.id) == seen.ids("item 1") + seen.ids("item 2"))
  }

  @Test("G23 other checkpoints, supersteps, nodes, paths and namespaces have other ids")
  func distinct() async throws {
    let seen = TaskIDs()
    var inner = Graph<Page>("inner")
    inner.node("same") { _, context in
      seen.add("inner", context.taskID)
      return .nothing
    }
    inner.start(at: "same")
    var graph = Graph<Ledger>("outer")
    graph.node("same", .destinations(["same"])) { state, context in
      seen.add("outer", context.taskID)
      return state.total < 2 ? .write(\.total, 1).goto("same") : .nothing
    }
    graph.subgraph("nested", try inner.compile(), input: { _ in .nothing }, output: { _ in .nothing })
    graph.start(at: "same", "nested")
    for keeper in [InMemoryCheckpointer(), nil] {
      let compiled = try graph.compile(checkpointer: keeper)
      _ = try await compiled.run(.nothing, on: "t")
      _ = try await compiled.run(.nothing, on: "u")
    }
    // Without a checkpointer a run is told apart from another by nothing.
    let (outer, inside) = (seen.ids("outer"), seen.ids("inner"))
    #expect(outer.count == 12 && Set(outer).count == 9)
    #expect(inside.count == 4 && Set(inside).count == 3)
  }
}

/// Ids by what they are of.
private final class TaskIDs: Sendable {
  private let all = Mutex<[String: [TaskID]]>([:])
  func ids(_ name: String) -> [TaskID] { all.withLock { $0[name] ?? [] } }
  @discardableResult
  func add(_ name: String, _ id: TaskID) -> Int {
    all.withLock { all in
      all[name, default: []].append(id)
      return (all[name]?.count ?? 0) - 1
    }
  }
}
