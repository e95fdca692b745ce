import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct CommandTests {
  @Test("G10 a command's update is the node's write; goto adds to static edges")
  func gotoAdds() async throws {
    var graph = Graph<Ledger>()
    graph.node("a", .destinations(["c"])) { _ in .entry("a").goto("c") }
    graph.node("b") { _ in .entry("b") }
    graph.node("c") { _ in .entry("c") }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    let result = try await graph.compile().run(.nothing)
    #expect(result.state.lines == ["a", "b", "c"])
    #expect(result.supersteps == 2)
  }

  @Test("G10 goto where an edge leads, too, makes one task; goto the end adds none")
  func gotoOnce() async throws {
    for route in ["b", .end, ["b", "b"]] as [Route] {
      var graph = Graph<Ledger>()
      graph.node("a") { _ in .entry("a").goto(route) }
      graph.node("b") { _ in .entry("b") }
      graph.start(at: "a")
      graph.edge("a", to: "b")
      #expect(try await graph.compile().run(.nothing).state.lines == ["a", "b"])
    }
  }

  @Test("G10 goto several nodes and sends at once, and to itself")
  func gotoMany() async throws {
    var graph = Graph<Ledger>()
    graph.node("a", .destinations(["b", "w"])) { state in
      let command = Command<Ledger>.entry("a").write(\.total, 1)
      return state.total < 2 ? command.goto("a") : command.goto(["b", .send(Send("w", 1)), .send(Send("w", 2))])
    }
    graph.node("b") { _ in .entry("b") }
    graph.node("w", input: Int.self) { number, _ in .entry("w\(number)") }
    graph.start(at: "a")
    #expect(try await graph.compile().run(.nothing).state.lines == ["a", "a", "a", "b", "w1", "w2"])
  }

  @Test("G10 goto an unknown node fails the run, names both, and writes nothing")
  func unknown() async throws {
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .entry("a").goto("gone") }
    graph.start(at: "a")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    let error = await graphError { _ = try await compiled.run(.nothing, on: "t") }
    #expect(error?.code == .unknownDestination)
    #expect(error?.message.contains("\"a\"") == true && error?.message.contains("\"gone\"") == true)
    #expect(try await compiled.snapshot(of: "t")?.state.lines == [])
  }

  @Test("G10 an input may go to nodes in place of the start")
  func inputGoto() async throws {
    var graph = Graph<Ledger>()
    for name in ["a", "b"] { graph.node(name) { _ in .entry(name) } }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    let compiled = try graph.compile()
    #expect(try await compiled.run(.entry("in").goto("b")).state.lines == ["in", "b"])
    let error = await graphError { _ = try await compiled.run(.goto("gone")) }
    #expect(error?.code == .unknownDestination)
  }

  /// A graph over pages whose node gives a command to a ledger's graph.
  private func page(_ command: Command<Ledger>) throws -> CompiledGraph<Page> {
    var graph = Graph<Page>("page")
    graph.node("leave") { _ in .parent(command) }
    graph.node("never") { _ in .write(\.words, ["never"]) }
    graph.start(at: "leave")
    graph.edge("leave", to: "never")
    return try graph.compile()
  }

  @Test("G10 a parent command ends the nested graph, and is what the node around returns")
  func parent() async throws {
    var graph = Graph<Ledger>()
    graph.subgraph(
      "page", try page(.entry("from page").goto("goal")), .destinations(["goal"]), input: { _ in .nothing },
      output: { page in .entry("output \(page.words.count)") })
    graph.node("next") { _ in .entry("next") }
    graph.node("goal") { _ in .entry("goal") }
    graph.start(at: "page")
    graph.edge("page", to: "next")
    #expect(try await graph.compile().run(.nothing).state.lines == ["from page", "goal", "next"])
  }

  @Test("G10 a parent command goes up through several levels to the nearest graph with its state")
  func levels() async throws {
    var middle = Graph<Shelf>("middle")
    middle.subgraph(
      "page", try page(.entry("from two below").goto("goal")), input: { _ in .nothing },
      output: { _ in .write(\.books, 1) })
    middle.start(at: "page")
    var graph = Graph<Ledger>()
    graph.subgraph(
      "shelf", try middle.compile(), .destinations(["goal"]), input: { _ in .nothing },
      output: { _ in .entry("output") })
    graph.node("goal") { _ in .entry("goal") }
    graph.start(at: "shelf")
    #expect(try await graph.compile().run(.nothing).state.lines == ["from two below", "goal"])
  }

  @Test("G10 a parent command for a graph of the same state stops at the nearest; one within one goes on")
  func sameState() async throws {
    func nested(_ command: Command<Ledger>) throws -> CompiledGraph<Ledger> {
      var inner = Graph<Ledger>("inner")
      inner.node("leave") { _ in .parent(command) }
      inner.start(at: "leave")
      var middle = Graph<Ledger>("middle")
      middle.subgraph("inner", try inner.compile())
      middle.node("after") { _ in .entry("after") }
      middle.start(at: "inner")
      middle.edge("inner", to: "after")
      var outer = Graph<Ledger>("outer")
      outer.subgraph("middle", try middle.compile())
      outer.start(at: "middle")
      return try outer.compile()
    }
    #expect(try await nested(.entry("one up")).run(.nothing).state.lines == ["one up", "after"])
    #expect(try await nested(.parent(Command<Ledger>.entry("two up"))).run(.nothing).state.lines == ["two up"])
  }

  @Test("G10 a parent command without a graph around is an error")
  func noParent() async throws {
    let compiled = try page(.entry("x"))
    let error = await graphError { _ = try await compiled.run(.nothing) }
    #expect(error?.code == .noParent)
    #expect(error?.message.contains("Ledger") == true)
  }

  @Test("G10 a parent command's goto is checked against the parent's nodes")
  func parentUnknown() async throws {
    var graph = Graph<Ledger>()
    graph.subgraph("page", try page(.goto("gone")), input: { _ in .nothing }, output: { _ in .nothing })
    graph.start(at: "page")
    let compiled = try graph.compile()
    let error = await graphError { _ = try await compiled.run(.nothing) }
    #expect(error?.code == .unknownDestination)
    #expect(error?.node == "page")
  }
}

struct Shelf: GraphState {
  var books = 0
  struct Channels: Sendable { let books = StateChannel.reduced("books", \Shelf.books) { $0 += ($1 as Int) } }
  static let channels = Channels()
}
