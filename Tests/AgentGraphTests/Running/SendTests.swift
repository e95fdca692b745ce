import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct SendTests {
  private struct Job: Codable, Sendable, Equatable {
    var name: String
    var weight: Double
  }

  @Test("G9 each send is a task of its own in the next superstep, in the order of their index")
  func oneEach() async throws {
    var graph = Graph<Ledger>()
    graph.node("plan") { _ in .entry("plan") }
    graph.node("work", input: Job.self) { job, context in .entry("\(job.name) \(job.weight) \(context.step)") }
    graph.node("join") { state in .entry("join \(state.entries.count)") }
    graph.start(at: "plan")
    graph.edge("plan", to: ["work"]) { _ in
      .sends([Send("work", Job(name: "b", weight: 2)), Send("work", Job(name: "a", weight: 0.5))])
    }
    graph.edge("work", to: "join")
    let result = try await graph.compile().run(.nothing)
    #expect(result.state.lines == ["plan", "b 2.0 2", "a 0.5 2", "join 3"])
    #expect(result.supersteps == 3)
  }

  @Test("G9 a node may be both triggered and sent to: a task for each")
  func both() async throws {
    var graph = Graph<Ledger>()
    graph.node("plan") { _ in .goto(.sends([Send("work", state: Ledger.titled("sent"))])) }
    graph.node("work") { state in .entry("work \(state.title)") }
    graph.start(at: "plan")
    graph.edge("plan", to: "work")
    let result = try await graph.compile().run(.write(\.title, "shared"))
    #expect(result.state.lines == ["work shared", "work sent"])
    #expect(result.state.title == "shared")
  }

  @Test("G9 a send with a state is what the node reads; the shared one is in the context and gets the writes")
  func sentState() async throws {
    var graph = Graph<Ledger>()
    graph.node("work") { state, context in
      .entry("\(state.title) \(state.total) \(context.state.title)").write(\.total, 1)
    }
    graph.start(at: ["work"]) { _ in
      .sends([Send("work", state: Ledger.titled("one")), Send("work", state: Ledger.titled("two"))])
    }
    let state = try await graph.compile().run(.write(\.title, "shared").write(\.total, 5)).state
    #expect(state.lines == ["one 0 shared", "two 0 shared"])
    #expect(state.total == 7)
  }

  @Test("G9 sends survive a stop, typed inputs and states", arguments: Keeping.allCases)
  func stored(_ keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("plan") { _ in
      var state = Ledger.titled("sent")
      state.entries = ["kept"]
      return .goto(.sends([Send("job", Job(name: "x", weight: 1.5)), Send("state", state: state)]))
    }
    graph.node("job", input: Job.self) { job, _ in .entry("\(job.name) \(job.weight)") }
    graph.node("state") { state in .entry("\(state.title) \(state.lines)") }
    graph.start(at: "plan")
    graph.edge("plan", to: ["job", "state"]) { _ in .end }
    let compiled = try graph.compile(
      checkpointer: keeping.make(), interruptBefore: .nodes(["job"]))
    let first = try await compiled.run(.nothing, on: "t")
    #expect(first.interrupts.map(\.node) == ["job"])
    #expect(try await compiled.run(on: "t").state.lines == ["x 1.5", #"sent ["kept"]"#])
  }

  @Test("G9 an input of another type than the node's is an error that names the node")
  func wrongType() async throws {
    var graph = Graph<Ledger>()
    graph.node("job", input: Job.self) { _, _ in .nothing }
    graph.node("state") { _ in .nothing }
    graph.start(at: ["job", "state"]) { state in
      .sends(state.title == "job" ? [Send("job", 1)] : [Send("state", state: Page())])
    }
    let compiled = try graph.compile()
    for name in ["job", "state"] {
      let error = await graphError { _ = try await compiled.run(.write(\.title, name)) }
      #expect(error?.code == .wrongInput)
      #expect(error?.node == name)
    }
  }

  @Test("G9 a node that takes an input and is triggered without one is an error that names it")
  func missingInput() async throws {
    var graph = Graph<Ledger>()
    graph.node("job", input: Job.self) { _, _ in .nothing }
    graph.start(at: ["job"]) { _ in "job" }
    let compiled = try graph.compile()
    let error = await graphError { _ = try await compiled.run(.nothing) }
    #expect(error?.code == .wrongInput)
    #expect(error?.node == "job")
  }

  @Test("G9 a send to an unknown node is an error that names both")
  func unknown() async throws {
    var graph = Graph<Ledger>()
    graph.node("plan") { _ in .goto(.sends([Send("gone", 1)])) }
    graph.start(at: "plan")
    let compiled = try graph.compile()
    let error = await graphError { _ = try await compiled.run(.nothing) }
    #expect(error?.code == .unknownDestination)
    #expect(error?.node == "plan")
    #expect(error?.message.contains("\"gone\"") == true)
  }

  @Test("G9 many sends: all run, and write in order")
  func many() async throws {
    var graph = Graph<Ledger>()
    graph.node("work", input: Int.self) { number, _ in .entry("\(number)").write(\.total, number) }
    graph.start(at: ["work"]) { _ in .sends((0..<1000).map { Send("work", $0) }) }
    let state = try await graph.compile().run(.nothing).state
    #expect(state.lines == (0..<1000).map(String.init))
    #expect(state.total == 499_500)
  }
}

extension Ledger {
  static func titled(_ title: String) -> Ledger {
    var state = Ledger()
    state.title = title
    return state
  }
}
