import AgentGraph
import AgentJSON
import Testing

@Suite struct InterruptSchemaTests {
  private static let schema: JSONValue = [
    "type": "object", "required": ["approve"], "properties": ["approve": ["type": "boolean"]],
  ]

  @Test(
    "G32 an answer that does not fit is refused: nothing is saved, and the question stays open",
    arguments: Keeping.allCases, Durability.allCases)
  func refused(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in
      visits.add("ask")
      let answer = try context.interrupt("ok?", schema: Self.schema)
      return .entry(answer["approve"]?.boolValue == true ? "approved" : "refused")
    }
    graph.start(at: "ask")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    let open = try await compiled.run(.nothing, on: "t", options: options).interrupts
    #expect(open[0].schema == Self.schema)
    let before = try #require(try await compiled.snapshot(of: "t"))
    for bad in ["yes", .null, ["approve": "yes"], [:]] as [JSONValue] {
      let input = Command<Ledger>.resume(bad).write(\.title, "x")
      let error = await graphError { _ = try await compiled.run(input, on: "t", options: options) }
      #expect(error?.code == .invalidAnswer && error?.node == "ask", "\(bad)")
    }
    let after = try #require(try await compiled.snapshot(of: "t"))
    #expect(after.interrupts == open && after.reference == before.reference && after.state == before.state)
    #expect(after.tasks == before.tasks)
    #expect(visits.list == ["ask"])
    let result = try await compiled.run(.resume(["approve": true]), on: "t", options: options)
    #expect(result.state.lines == ["approved"])
  }

  @Test("G32 of several answers one that does not fit refuses all")
  func allOrNothing() async throws {
    var graph = Graph<Ledger>()
    for name in ["a", "b"] {
      graph.node(name) { _, context in
        .entry(try context.interrupt(.string(name), schema: ["type": "string"]).stringValue ?? "")
      }
    }
    graph.start(at: "a", "b")
    let compiled = try graph.compile(checkpointer: Keeping.encoded.make())
    let open = try await compiled.run(.nothing, on: "t").interrupts
    let error = await graphError {
      _ = try await compiled.run(.resume("fine", to: open[0].id).resume(3, to: open[1].id), on: "t")
    }
    #expect(error?.code == .invalidAnswer && error?.node == "b")
    #expect(try await compiled.snapshot(of: "t")?.interrupts == open)
  }

  @Test("G32 a schema that is none fails the node that asks, not whoever answers")
  func badSchema() async throws {
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in .entry(try context.interrupt("?", schema: ["type": "wish"]).stringValue ?? "") }
    graph.start(at: "ask")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    await #expect(throws: (any Error).self) { try await compiled.run(.nothing, on: "t") }
    #expect(try await compiled.snapshot(of: "t")?.interrupts == [])
  }

  @Test("G32 a nested graph's question is held to its schema at the root", arguments: Keeping.allCases)
  func nested(keeping: Keeping) async throws {
    var page = Graph<Page>("page")
    page.node("ask") { _, context in
      .write(\.words, [try context.interrupt("?", schema: ["type": "string"]).stringValue ?? ""])
    }
    page.start(at: "ask")
    var graph = Graph<Ledger>()
    graph.subgraph(
      "page", try page.compile(), input: { _ in .nothing }, output: { .entry($0.words.joined(separator: "")) })
    graph.start(at: "page")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let open = try await compiled.run(.nothing, on: "t").interrupts
    let error = await graphError { _ = try await compiled.run(.resume(1), on: "t") }
    #expect(error?.code == .invalidAnswer)
    #expect(try await compiled.snapshot(of: "t")?.interrupts == open)
    #expect(try await compiled.run(.resume("fits"), on: "t").state.lines == ["fits"])
  }
}
