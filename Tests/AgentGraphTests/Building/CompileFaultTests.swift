import AgentGraph
import AgentTesting
import Testing

@Suite struct CompileFaultTests {
  private func faults(
    interruptBefore: InterruptPoints = .nowhere, _ build: (inout Graph<Ledger>) -> Void
  ) -> [GraphFault] {
    var graph = Graph<Ledger>()
    build(&graph)
    do {
      _ = try graph.compile(interruptBefore: interruptBefore)
      return []
    } catch {
      return (error as? GraphError)?.faults ?? []
    }
  }

  private func add(_ names: String..., to graph: inout Graph<Ledger>) {
    for name in names { graph.node(name) { _ in .nothing } }
  }

  @Test("G8 a graph without an entry does not compile")
  func noEntry() {
    #expect(faults { add("a", to: &$0) } == [.noEntry])
    #expect(faults { _ in } == [.noEntry])
  }

  @Test("G8 an unreachable node does not compile, also in a circle of its own, and is named")
  func unreachable() {
    let found = faults { graph in
      add("a", "lost", "x", "y", to: &graph)
      graph.start(at: "a")
      graph.edge("x", to: "y")
      graph.edge("y", to: "x")
    }
    #expect(found == [.unreachable("lost"), .unreachable("x"), .unreachable("y")])
  }

  @Test("G8 an unknown target does not compile, wherever it stands")
  func unknownTarget() {
    let found = faults { graph in
      graph.node("a", .onError("no handler"), .destinations(["no destination"])) { _ in .nothing }
      graph.start(at: "a", "no start")
      graph.edge("a", to: "no edge")
      graph.edge("a", to: ["no condition"]) { _ in .end }
      graph.edge(["a"], to: "no barrier")
    }
    let expected = Set([
      GraphFault.unknownTarget("no start", from: "__start__"), .unknownTarget("no edge", from: "a"),
      .unknownTarget("no condition", from: "a"), .unknownTarget("no barrier", from: "a"),
      .unknownTarget("no destination", from: "a"), .unknownTarget("no handler", from: "a"),
    ])
    #expect(Set(found) == expected)
    #expect(found.count == expected.count)
  }

  @Test("G8 G9 an edge to a node that takes what is sent to it does not compile; conditions and commands may send")
  func missingInput() throws {
    let page = try GraphCase.page().compile()
    func build(_ graph: inout Graph<Ledger>) {
      graph.node("job", input: Int.self) { _, _ in .nothing }
      graph.subgraph("page", page, takes: String.self, input: { _ in .nothing }, output: { _ in .nothing })
      graph.node("a", .destinations(["job", "page"])) { _ in .nothing }
      graph.start(at: "a")
      graph.edge("a", to: ["job", "page"]) { _ in .end }
    }
    #expect(faults(build) == [])
    let found = faults { graph in
      build(&graph)
      graph.node("b", .onError("job")) { _ in .nothing }
      graph.start(at: "job", "b")
      graph.edge("a", to: "page")
      graph.edge(["a", "b"], to: "job")
    }
    let expected = Set([
      GraphFault.missingInput("job", from: "__start__"), .missingInput("page", from: "a"),
      .missingInput("job", from: "b"), .missingInput("job", from: "a, b"),
    ])
    #expect(Set(found) == expected && found.count == expected.count)
  }

  @Test("G8 the start is no target, and the end is no source and no error handler")
  func ends() {
    let found = faults { graph in
      graph.node("a", .onError("__end__")) { _ in .nothing }
      graph.start(at: "a")
      graph.edge("a", to: "__start__")
      graph.edge("__end__", to: "a")
    }
    #expect(
      Set(found) == [
        .unknownTarget("__end__", from: "a"), .unknownTarget("__start__", from: "a"),
        .unknownSource("__end__", edge: "__end__ → a"),
      ])
  }

  @Test("G8 an unknown source does not compile, wherever it stands")
  func unknownSource() {
    let found = faults { graph in
      add("a", to: &graph)
      graph.start(at: "a")
      graph.edge("x", to: "a")
      graph.edge("y", to: ["a", "__end__"]) { _ in .end }
      graph.edge(["a", "z"], to: "a")
    }
    #expect(
      found == [
        .unknownSource("x", edge: "x → a"), .unknownSource("y", edge: "y → a, __end__"),
        .unknownSource("z", edge: "[a, z] → a"),
      ])
  }

  @Test("G8 names that are empty, reserved or hold a separator do not compile")
  func names() {
    for name in ["", "__start__", "__end__", "a|b", "a:b"] {
      let found = faults { graph in
        add(name, "ok", to: &graph)
        graph.start(at: "ok")
        graph.edge("ok", to: name)
      }
      #expect(found.contains(.invalidName(name)), "\(name)")
    }
    #expect(
      faults { graph in
        add("a", "a", to: &graph)
        graph.start(at: "a")
      } == [.duplicateNode("a")])
  }

  @Test("G8 a conditional edge without targets, and a list edge without sources, do not compile")
  func empty() {
    let found = faults { graph in
      add("a", to: &graph)
      graph.start(at: "a")
      graph.edge("a", to: [String]()) { _ in .end }
      graph.edge([String](), to: "a")
    }
    #expect(found == [.noTargets(from: "a"), .emptyBarrier(to: "a")])
  }

  @Test("G8 interrupts at unknown nodes do not compile")
  func interrupts() {
    let found = faults(interruptBefore: .nodes(["b", "a"])) { graph in
      add("a", to: &graph)
      graph.start(at: "a")
    }
    #expect(found == [.unknownInterrupt("b")])
  }

  @Test("G8 error handlers that lead back to their node do not compile")
  func handlerCycle() {
    let found = faults { graph in
      graph.node("self", .onError("self")) { _ in .nothing }
      graph.node("a", .onError("b")) { _ in .nothing }
      graph.node("b", .onError("c")) { _ in .nothing }
      graph.node("c", .onError("b")) { _ in .nothing }
      graph.start(at: "self", "a")
    }
    #expect(found == [.handlerCycle("self"), .handlerCycle("b"), .handlerCycle("c")])
  }

  @Test("G8 policies out of range do not compile")
  func policies() {
    let policies: [NodeOption<Ledger>] = [
      .retry(RetryPolicy(attemptsMax: 0)), .retry(RetryPolicy(initialInterval: .seconds(-1))),
      .retry(RetryPolicy(intervalMax: .seconds(-1))), .retry(RetryPolicy(multiplier: 0.5)),
      .retry(RetryPolicy(multiplier: .nan)), .timeout(TimeoutPolicy(run: .zero)),
      .timeout(TimeoutPolicy(idle: .seconds(-1))), .timeout(TimeoutPolicy(run: .seconds(1), grace: .seconds(-1))),
    ]
    for policy in policies {
      let found = faults { graph in
        graph.node("a", policy) { _ in .nothing }
        graph.start(at: "a")
      }
      guard case .invalidPolicy("a", _) = found.first, found.count == 1 else {
        Issue.record("\(policy): \(found)")
        continue
      }
    }
  }

  private struct Odd: GraphState {
    var one = 0
    var two = 0
    struct Channels: Sendable {
      let one = StateChannel.last("same", \Odd.one)
      let two = StateChannel.last("same", \Odd.two)
      let foreign = StateChannel.last("title", \Ledger.title)
      let plain = 3
    }
    static let channels = Channels()
  }

  private struct Computed: GraphState {
    var one = 0
    struct Channels: Sendable { let one = StateChannel.last("one", \Computed.one) }
    static var channels: Channels { Channels() }
  }

  @Test("G8 a state whose channels are no channels, double or computed does not compile")
  func state() {
    var odd = Graph<Odd>()
    odd.node("a") { _ in .nothing }
    odd.start(at: "a")
    let found = #expect(throws: GraphError.self) { try odd.compile() }
    #expect(
      found?.faults == [
        .duplicateChannel("same"), .notAChannel(property: "foreign", state: "Odd"),
        .notAChannel(property: "plain", state: "Odd"),
      ])
    var computed = Graph<Computed>()
    computed.node("a") { _ in .nothing }
    computed.start(at: "a")
    let error = #expect(throws: GraphError.self) { try computed.compile() }
    #expect(error?.faults == [.computedChannels(state: "Computed")])
  }

  @Test("G8 compile names every fault at once, each in the message")
  func all() throws {
    var graph = Graph<Ledger>("broken")
    graph.node("a|b", .retry(RetryPolicy(attemptsMax: 0)), .onError("gone")) { _ in .nothing }
    graph.node("lost") { _ in .nothing }
    graph.node("twice") { _ in .nothing }
    graph.node("twice") { _ in .nothing }
    graph.start(at: "a|b", "twice")
    graph.edge("nowhere", to: "a|b")
    graph.edge("a|b", to: [String]()) { _ in .end }
    graph.edge([String](), to: "twice")
    let error = try #require(
      #expect(throws: GraphError.self) { try graph.compile(interruptAfter: .nodes(["unknown"])) })
    #expect(error.code == .invalidGraph)
    #expect(error.message.contains("\"broken\""))
    #expect(error.faults.count == 9)
    for fault in error.faults { #expect(error.message.contains(fault.description)) }
  }

  @Test("G8 every kind of fault says what is wrong, and where")
  func descriptions() {
    let faults: [(GraphFault, [String])] = [
      (.noEntry, ["__start__"]), (.invalidName("a|b"), ["a|b"]), (.duplicateNode("n"), ["\"n\""]),
      (.unknownSource("s", edge: "s → t"), ["\"s\"", "s → t"]), (.unknownTarget("t", from: "s"), ["\"t\"", "\"s\""]),
      (.unreachable("n"), ["\"n\""]), (.noTargets(from: "n"), ["\"n\""]), (.emptyBarrier(to: "n"), ["\"n\""]),
      (.unknownInterrupt("n"), ["\"n\""]), (.handlerCycle("n"), ["\"n\""]),
      (.invalidPolicy(node: "n", "too long"), ["\"n\"", "too long"]),
      (.notAChannel(property: "p", state: "S"), ["S.Channels.p"]), (.duplicateChannel("c"), ["\"c\""]),
      (.computedChannels(state: "S"), ["S.channels"]),
    ]
    for (fault, parts) in faults {
      for part in parts { #expect(fault.description.contains(part)) }
    }
  }
}
