import AgentGraph
import AgentJSON
import Testing

/// A graph to be driven to its end: interrupts are answered, and what failed is run again.
struct GraphCase: Sendable, CustomTestStringConvertible {
  var name: String
  var expected: [String]
  var make: @Sendable () throws -> Graph<Ledger>
  var testDescription: String { name }

  /// The final state.
  func drive(
    _ keeper: (any Checkpointer)?, _ durability: Durability, interruptAt: InterruptPoints = .nowhere
  ) async throws -> Ledger {
    let graph = try make().compile(checkpointer: keeper, interruptBefore: interruptAt, interruptAfter: interruptAt)
    var input: Command<Ledger>? = .entry("in")
    for _ in 0..<40 {
      do {
        let result = try await graph.run(input, on: "t", options: RunOptions(durability: durability))
        if result.outcome == .finished { return result.state }
        let questions = result.interrupts.filter { $0.kind == .question }
        input = questions.isEmpty ? nil : Command.nothing
        for question in questions { input = input?.resume("yes", to: question.id) }
      } catch is Mishap {
        input = nil
      }
    }
    throw Mishap(text: "the graph does not end")
  }
}

@Suite struct DurabilityTableTests {
  @Test("G22 the final state is the same in all durabilities, by reference and encoded", arguments: GraphCase.all)
  func finalStates(graph: GraphCase) async throws {
    for durability in Durability.allCases {
      for keeping in Keeping.allCases {
        let state = try await graph.drive(keeping.make(), durability)
        #expect(state.lines == graph.expected, "\(durability) \(keeping)")
        #expect(state == (try await graph.drive(InMemoryCheckpointer(), .sync)), "\(durability) \(keeping)")
      }
    }
  }

  @Test("G22 G33 stops before and after every node change nothing in the final state", arguments: GraphCase.all)
  func stops(graph: GraphCase) async throws {
    for durability in Durability.allCases {
      for keeping in Keeping.allCases {
        let state = try await graph.drive(keeping.make(), durability, interruptAt: .all)
        #expect(state.lines == graph.expected, "\(durability) \(keeping)")
      }
    }
  }
}

extension GraphCase {
  static let all: [GraphCase] = [
    GraphCase(name: "chain", expected: ["in", "a", "b", "c"]) { chain("a", "b", "c") },
    GraphCase(name: "fan-out and barrier", expected: ["in", "a", "c", "b", "join"], make: fanOut),
    GraphCase(name: "conditional loop", expected: ["in", "0", "1", "2"], make: loop),
    GraphCase(name: "sends", expected: ["in", "item 1", "item 2", "item 3", "sum 6"], make: sends),
    GraphCase(name: "sends of states", expected: ["in", "got x", "got y"], make: stateSends),
    GraphCase(name: "deferred", expected: ["in", "a", "b", "last"], make: deferred),
    GraphCase(name: "two questions in a node", expected: ["in", "yes+yes"], make: questions),
    GraphCase(name: "parallel questions", expected: ["in", "a yes", "b", "c yes", "end"], make: parallelQuestions),
    GraphCase(name: "failing beside finished", expected: ["in", "a", "b", "end"], make: failing),
    GraphCase(name: "error handler", expected: ["in", "handled bad"], make: handler),
    GraphCase(name: "goto", expected: ["in", "a", "c"], make: goto),
    GraphCase(name: "topic, ephemeral and messages", expected: ["in", "1+h+n1", "0+-+n1,n2"], make: transient),
    GraphCase(name: "effects and a question", expected: ["in", "paid 1 yes"], make: effects),
    GraphCase(name: "nested question", expected: ["in", "yes,1"], make: nested),
    GraphCase(name: "nested own", expected: ["in", "1", "2", "3"], make: own),
    GraphCase(name: "nested same state", expected: ["in", "x", "y", "end"], make: sameState),
    GraphCase(name: "nested failing", expected: ["in", "w,w2"], make: nestedFailing),
    GraphCase(name: "command for the parent", expected: ["in", "from below", "b"], make: parentCommand),
  ]

  @Sendable private static func fanOut() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    for name in ["a", "b", "c", "join"] { graph.node(name) { _ in .entry(name).write(\.total, 1) } }
    graph.start(at: "c", "a")
    graph.edge("a", to: "b")
    graph.edge(["b", "c"], to: "join")
    graph.edge("c", to: "__end__")
    return graph
  }

  @Sendable private static func loop() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("again") { state in .entry("\(state.total)").write(\.total, 1) }
    graph.start(at: "again")
    graph.edge("again", to: ["again"]) { $0.total < 3 ? "again" : .end }
    return graph
  }

  @Sendable private static func sends() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("split") { _ in .nothing }
    graph.node("item", input: Int.self) { number, _ in .entry("item \(number)").write(\.total, number) }
    graph.node("sum") { state in .entry("sum \(state.total)") }
    graph.start(at: "split")
    graph.edge("split", to: ["item"]) { _ in .sends((1...3).map { Send("item", $0) }) }
    graph.edge("item", to: "sum")
    return graph
  }

  @Sendable private static func stateSends() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("split", .destinations(["take"])) { _ in
      .goto(
        .sends(
          ["x", "y"].map { title in
            var state = Ledger()
            state.title = title
            return Send("take", state: state)
          }))
    }
    graph.node("take") { state in .entry("got \(state.title)") }
    graph.start(at: "split")
    return graph
  }

  @Sendable private static func deferred() -> Graph<Ledger> {
    var graph = chain("a", "b")
    graph.node("last", .deferred) { _ in .entry("last") }
    graph.edge("a", to: "last")
    return graph
  }

  @Sendable private static func questions() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in
      let first = try context.interrupt("one").stringValue ?? ""
      let second = try context.interrupt("two").stringValue ?? ""
      return .entry(first + "+" + second)
    }
    graph.start(at: "ask")
    return graph
  }

  @Sendable private static func parallelQuestions() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    for name in ["a", "c"] {
      graph.node(name) { _, context in .entry("\(name) " + (try context.interrupt(.string(name)).stringValue ?? "")) }
    }
    graph.node("b") { _ in .entry("b") }
    graph.node("end") { _ in .entry("end") }
    graph.start(at: "a", "b", "c")
    graph.edge(["a", "b", "c"], to: "end")
    return graph
  }

  @Sendable private static func failing() -> Graph<Ledger> {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .entry("a") }
    graph.node("b") { _ in
      if visits.number("b") < 2 { throw Mishap() }
      return .entry("b")
    }
    graph.node("end") { _ in .entry("end") }
    graph.start(at: "a", "b")
    graph.edge(["a", "b"], to: "end")
    return graph
  }

  @Sendable private static func handler() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("bad", .onError("mend")) { _ in throw Mishap() }
    graph.node("mend") { _, context in .entry("handled " + (context.failure?.node ?? "nothing")) }
    graph.start(at: "bad")
    return graph
  }

  @Sendable private static func goto() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("a", .destinations(["b", "c"])) { _ in .entry("a").goto("c") }
    graph.node("b") { _ in .entry("b") }
    graph.node("c") { _ in .entry("c") }
    graph.start(at: "a")
    return graph
  }

  @Sendable private static func transient() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("write") { _ in
      .write(\.fresh, ["f"]).write(\.hint, "h").write(\.notes, [.put(LedgerNote(id: "n1", text: "one"))])
    }
    for name in ["read", "reread"] {
      graph.node(name) { state in
        let notes = state.notes.map(\.id).joined(separator: ",")
        return .entry("\(state.fresh.count)+\(state.hint ?? "-")+\(notes)")
          .write(\.notes, [.put(LedgerNote(id: "n1", text: "changed")), .put(LedgerNote(id: "n2", text: "two"))])
      }
    }
    graph.start(at: "write")
    graph.edge("write", to: "read")
    graph.edge("read", to: "reread")
    return graph
  }

  @Sendable private static func effects() -> Graph<Ledger> {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("pay") { _, context in
      let receipt = try await context.effect("pay") { _ in visits.number("pay") + 1 }
      return .entry("paid \(receipt) " + (try context.interrupt("ok?").stringValue ?? ""))
    }
    graph.start(at: "pay")
    return graph
  }
}
