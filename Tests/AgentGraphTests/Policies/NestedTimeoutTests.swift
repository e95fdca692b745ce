import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct NestedTimeoutTests {
  private let clock = ManualClock()
  private var options: RunOptions {
    var options = RunOptions()
    options.clock = clock
    return options
  }

  @Test("G16 a nested graph that outlives its node's timeout saves, tells and writes nothing any more")
  func nested() async throws {
    let (gate, visits) = (NodeGate(), Visits())
    var inner = Graph<Page>("inner")
    inner.node("hang") { _, context in
      await gate.passIgnoringCancellation()
      do { try await context.emit("late") } catch { visits.add("refused") }
      return .write(\.words, ["late"])
    }
    inner.node("never") { _ in
      visits.add("never")
      return .nothing
    }
    inner.start(at: "hang")
    inner.edge("hang", to: "never")
    var outer = Graph<Ledger>()
    outer.subgraph(
      "page", try inner.compile(), .timeout(TimeoutPolicy(run: .seconds(10), grace: .zero)),
      input: { _ in .nothing }, output: { .write(\.total, $0.words.count) })
    outer.start(at: "page")
    let checkpointer = InMemoryCheckpointer()
    let compiled = try outer.compile(checkpointer: checkpointer)
    let run = Task { [options] in
      try await compiled.run(.nothing, on: "t", options: options, modes: [.custom, .updates], subgraphs: true) {
        event in
        if !event.namespace.isRoot { visits.add("event") }
      }
    }
    await gate.reached()
    await clock.sleepers(1)
    clock.advance(by: .seconds(10))
    #expect(await graphError { _ = try await run.value }?.code == .nodeTimeout)
    let namespace = try #require(try await checkpointer.namespaces(thread: "t").last)
    let before = try await checkpointer.history(thread: "t", namespace: namespace, query: HistoryQuery()).map(\.id)
    let running = AbandonedAttempts.count
    gate.open()
    while visits.count("refused") == 0 || AbandonedAttempts.count >= running { await Task.yield() }
    let after = try await checkpointer.history(thread: "t", namespace: namespace, query: HistoryQuery()).map(\.id)
    #expect(after == before)
    #expect(visits.list == ["refused"])
  }

  @Test("G16 a nested graph's signs of life are its node's")
  func nestedLife() async throws {
    let (beat, gate) = (NodeGate(), NodeGate())
    var inner = Graph<Page>("inner")
    inner.node("work") { _, context in
      try await beat.pass()
      context.heartbeat()
      try await gate.pass()
      return .nothing
    }
    inner.start(at: "work")
    var outer = Graph<Ledger>()
    outer.subgraph(
      "page", try inner.compile(), .timeout(TimeoutPolicy(idle: .seconds(10))), input: { _ in .nothing },
      output: { _ in .entry("done") })
    outer.start(at: "page")
    let compiled = try outer.compile()
    let run = Task { [options] in try await compiled.run(.nothing, options: options) }
    await beat.reached()
    await clock.sleepers(1)
    clock.advance(by: .seconds(9))
    beat.open()
    await gate.reached()
    clock.advance(by: .seconds(1))
    await clock.sleepers(1)
    #expect(clock.pauses == [.seconds(9)])
    gate.open()
    #expect(try await run.value.state.lines == ["done"])
  }
}
