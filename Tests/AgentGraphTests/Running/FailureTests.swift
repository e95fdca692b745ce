import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct FailureTests {
  /// Nodes in one superstep: "a" is done before "b" fails, "c" waits for its cancellation.
  private func graph(_ visits: Visits) -> Graph<Ledger> {
    let gate = NodeGate()
    var graph = Graph<Ledger>()
    graph.node("a") { _ in
      visits.add("a")
      gate.open()
      return .entry("a")
    }
    graph.node("b") { _ in
      guard visits.number("b") == 0 else { return .entry("b") }
      try await gate.pass()
      throw Mishap("b failed")
    }
    graph.node("c") { _ in
      guard visits.number("c") == 0 else { return .entry("c") }
      do {
        try await NodeGate().pass()
      } catch is CancellationError {
        visits.add("c cancelled")
        throw CancellationError()
      }
      return .entry("c")
    }
    graph.node("join") { _ in .entry("join") }
    graph.start(at: "a", "b", "c")
    graph.edge(["a", "b", "c"], to: "join")
    return graph
  }

  @Test("G13 the first error cancels its siblings and reaches the caller as it is")
  func cancels() async throws {
    let visits = Visits()
    let compiled = try graph(visits).compile()
    await #expect(throws: Mishap("b failed")) { try await compiled.run(.nothing) }
    #expect(visits.count("c cancelled") == 1)
  }

  @Test(
    "G13 finished siblings are not run again on resume; the failed and the cancelled are", arguments: Keeping.allCases)
  func resumed(_ keeping: Keeping) async throws {
    for durability in Durability.allCases {
      let visits = Visits()
      let compiled = try graph(visits).compile(checkpointer: keeping.make())
      let options = RunOptions(durability: durability)
      await #expect(throws: Mishap("b failed")) { try await compiled.run(.nothing, on: "t", options: options) }
      let snapshot = try #require(try await compiled.snapshot(of: "t"))
      #expect(snapshot.state.lines == [])
      #expect(snapshot.next == ["b", "c"])
      guard snapshot.tasks.count == 3, snapshot.tasks[0].status == .done, snapshot.tasks[2].status == .due,
        case .failed(let failure) = snapshot.tasks[1].status
      else {
        Issue.record("\(snapshot.tasks)")
        return
      }
      #expect(failure.node == "b")
      #expect(failure.message.contains("b failed"))
      #expect(try await compiled.run(on: "t", options: options).state.lines == ["a", "b", "c", "join"])
      #expect(visits.list.sorted() == ["a", "b", "b", "c", "c", "c cancelled"])
    }
  }

  @Test(
    "G13 a crash in the middle of a superstep: what was done before it is not done again", arguments: Keeping.allCases)
  func crash(_ keeping: Keeping) async throws {
    let (visits, checkpointer, gate) = (Visits(), keeping.make(), NodeGate())
    func graph() -> Graph<Ledger> {
      var graph = Graph<Ledger>()
      graph.node("done") { _ in
        visits.add("done")
        return .entry("done")
      }
      graph.node("late") { _ in
        if visits.number("late") == 0 { try await gate.pass() }
        return .entry("late")
      }
      graph.start(at: "done", "late")
      return graph
    }
    // The process ends when "late" would be stored.
    let cut = CutCheckpointer(checkpointer) { write in
      if case .pending(let record) = write {
        if record.node == "done" { gate.open() }
        return record.node == "late"
      }
      if case .checkpoint(let record) = write { return record.metadata.step > 0 }
      return false
    }
    let first = try graph().compile(checkpointer: cut)
    await #expect(throws: CutCheckpointer.Cut.self) { try await first.run(.nothing, on: "t") }
    #expect(try await graph().compile(checkpointer: checkpointer).run(on: "t").state.lines == ["done", "late"])
    #expect(visits.count("done") == 1)
    #expect(visits.count("late") == 2)
  }

  @Test("G13 tasks that were not started yet when one failed run on resume")
  func notStarted() async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("work", input: Int.self) { number, _ in
      if visits.number("\(number)") == 0, number == 2 { throw Mishap() }
      return .entry("\(number)")
    }
    graph.start(at: ["work"]) { _ in .sends((0..<6).map { Send("work", $0) }) }
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    var options = RunOptions()
    options.concurrencyMax = 1
    await #expect(throws: Mishap()) { try await compiled.run(.nothing, on: "t", options: options) }
    #expect(visits.list == ["0", "1", "2"])
    #expect(try await compiled.run(on: "t").state.lines == ["0", "1", "2", "3", "4", "5"])
    #expect(visits.list.sorted() == ["0", "1", "2", "2", "3", "4", "5"])
  }

  @Test("G13 a node that throws cannot corrupt state: what was written before stays, what it wanted is discarded")
  func intact() async throws {
    var graph = chain("a", "b")
    let visits = Visits()
    graph.node("throws") { state in
      var state = state
      state.entries.append("own copy")
      if visits.number("throws") < 3 { throw Mishap() }
      return .entry("throws")
    }
    graph.edge("b", to: "throws")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    await #expect(throws: Mishap()) { try await compiled.run(.nothing, on: "t") }
    for _ in 0..<2 {
      await #expect(throws: Mishap()) { try await compiled.run(on: "t") }
      #expect(try await compiled.snapshot(of: "t")?.state.lines == ["a", "b"])
    }
    #expect(try await compiled.run(on: "t").state.lines == ["a", "b", "throws"])
  }

  @Test("G13 a failure in a nested graph: what it had finished is not run again on resume", arguments: Keeping.allCases)
  func nested(_ keeping: Keeping) async throws {
    for durability in Durability.allCases {
      let visits = Visits()
      var inner = Graph<Ledger>("inner")
      for name in ["x", "y"] {
        inner.node(name) { _ in
          if visits.number(name) == 0, name == "y" { throw Mishap() }
          return .entry(name)
        }
      }
      inner.start(at: "x")
      inner.edge("x", to: "y")
      var outer = chain("a", as: "outer")
      outer.subgraph("inner", try inner.compile())
      outer.edge("a", to: "inner")
      let compiled = try outer.compile(checkpointer: keeping.make())
      let options = RunOptions(durability: durability)
      await #expect(throws: Mishap()) { try await compiled.run(.nothing, on: "t", options: options) }
      #expect(try await compiled.snapshot(of: "t")?.state.lines == ["a"])
      #expect(try await compiled.run(on: "t", options: options).state.lines == ["a", "x", "y"])
      #expect(visits.list == ["x", "y", "y"])
    }
  }

  @Test("G13 a checkpointer that fails, fails the run; what was stored goes on")
  func failingCheckpointer() async throws {
    for durability in [Durability.sync, .async] {
      let base = InMemoryCheckpointer()
      let cut = CutCheckpointer(base) { write in
        if case .checkpoint(let record) = write { return record.metadata.step == 2 }
        return false
      }
      let graph = chain("a", "b", "c")
      let first = try graph.compile(checkpointer: cut)
      await #expect(throws: CutCheckpointer.Cut.self) {
        try await first.run(.nothing, on: "t", options: RunOptions(durability: durability))
      }
      let second = try graph.compile(checkpointer: base)
      #expect(try await second.snapshot(of: "t")?.state.lines == ["a"])
      #expect(try await second.run(on: "t").state.lines == ["a", "b", "c"])
    }
  }

  @Test("G14 interrupts do not cancel siblings; several in one superstep surface together", arguments: Keeping.allCases)
  func interrupts(_ keeping: Keeping) async throws {
    let (visits, gate) = (Visits(), NodeGate())
    var graph = Graph<Ledger>()
    for name in ["ask1", "ask2"] {
      graph.node(name) { _, context in
        visits.add(name)
        let answer = try context.interrupt(.string(name))
        return .entry("\(name) \(answer.stringValue ?? "")")
      }
    }
    graph.node("slow") { _ in
      visits.add("slow")
      try await gate.pass()
      return .entry("slow")
    }
    graph.start(at: "ask1", "slow", "ask2")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let asked = SharedNumber()
    let result = try await compiled.run(.nothing, on: "t", modes: .tasks) { event in
      if case .taskEnded(_, .interrupted) = event.content, asked.add(1) == 2 { gate.open() }
    }
    #expect(result.interrupts.map(\.value) == ["ask1", "ask2"])
    #expect(result.state.lines == [])
    let (one, two) = (result.interrupts[0].id, result.interrupts[1].id)
    let half = try await compiled.run(.resume("yes", to: two), on: "t")
    #expect(half.interrupts.map(\.id) == [one])
    #expect(try await compiled.run(.resume("no"), on: "t").state.lines == ["ask1 no", "ask2 yes", "slow"])
    #expect(visits.list.sorted() == ["ask1", "ask1", "ask2", "ask2", "slow"])
  }

  @Test("G14 an error beside an interrupt ends the run with the error; both are due again")
  func interruptAndError() async throws {
    let (visits, gate) = (Visits(), NodeGate())
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in
      let answer = try context.interrupt("?")
      return .entry("ask \(answer.stringValue ?? "")")
    }
    graph.node("fails") { _ in
      try await gate.pass()
      if visits.number("fails") == 0 { throw Mishap() }
      return .entry("fails")
    }
    graph.start(at: "ask", "fails")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    await #expect(throws: Mishap()) {
      try await compiled.run(.nothing, on: "t", modes: .tasks) { event in
        if case .taskEnded(_, .interrupted) = event.content { gate.open() }
      }
    }
    let snapshot = try #require(try await compiled.snapshot(of: "t"))
    #expect(snapshot.interrupts.map(\.node) == ["ask"])
    #expect(snapshot.next == ["ask", "fails"])
    #expect(try await compiled.run(.resume("yes"), on: "t").state.lines == ["ask yes", "fails"])
  }
}
