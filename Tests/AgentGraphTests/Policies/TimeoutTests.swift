import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct TimeoutTests {
  private let clock = ManualClock()
  private var options: RunOptions {
    var options = RunOptions()
    options.clock = clock
    return options
  }

  private func graph(
    _ policy: TimeoutPolicy, _ more: NodeOption<Ledger> = .destinations([]),
    run: @escaping @Sendable (Ledger, NodeContext<Ledger>) async throws -> Command<Ledger>
  ) -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("before") { _ in .entry("before") }
    graph.node("slow", .timeout(policy), more, run: run)
    graph.start(at: "before")
    graph.edge("before", to: "slow")
    return graph
  }

  @Test("G16 the run timeout is hard: neither events nor heartbeats move it")
  func hard() async throws {
    let (gate, beat) = (NodeGate(), NodeGate())
    let compiled = try graph(TimeoutPolicy(run: .seconds(10))) { _, context in
      try await beat.pass()
      context.heartbeat()
      try await context.emit("alive")
      try await gate.pass()
      return .entry("slow")
    }.compile(checkpointer: InMemoryCheckpointer())
    let run = Task { [options] in try await compiled.run(.nothing, on: "t", options: options) }
    await clock.sleepers(1)
    clock.advance(by: .seconds(9))
    beat.open()
    await gate.reached()
    clock.advance(by: .seconds(1))
    let error = await graphError { _ = try await run.value }
    #expect(error?.code == .nodeTimeout)
    #expect(error?.node == "slow")
    #expect(error?.message.contains("run timeout of 10.0 seconds") == true)
    let snapshot = try #require(try await compiled.snapshot(of: "t"))
    #expect(snapshot.state.lines == ["before"])
    #expect(snapshot.next == ["slow"])
  }

  @Test("G16 a node that is in time is not disturbed, and nothing of its timeout is left")
  func inTime() async throws {
    let gate = NodeGate()
    let compiled = try graph(TimeoutPolicy(run: .seconds(10), idle: .seconds(5))) { _, _ in
      try await gate.pass()
      return .entry("slow")
    }.compile()
    let run = Task { [options] in try await compiled.run(.nothing, options: options) }
    await clock.sleepers(2)
    clock.advance(by: .seconds(4))
    gate.open()
    #expect(try await run.value.state.lines == ["before", "slow"])
  }

  @Test("G16 the idle timeout counts from the last sign of life: a heartbeat, an event, a message, an effect")
  func idle() async throws {
    let steps = (0..<5).map { _ in NodeGate() }
    let compiled = try graph(TimeoutPolicy(idle: .seconds(10))) { _, context in
      try await steps[0].pass()
      context.heartbeat()
      try await steps[1].pass()
      try await context.emit(1)
      try await steps[2].pass()
      try await context.emitMessage(2)
      try await steps[3].pass()
      _ = try await context.effect("e") { _ in 3 }
      try await steps[4].pass()
      return .nothing
    }.compile()
    let run = Task { [options] in try await compiled.run(.nothing, options: options) }
    for step in 0..<4 {
      await steps[step].reached()
      await clock.sleepers(1)
      clock.advance(by: .seconds(7))
      steps[step].open()
    }
    await steps[4].reached()
    // 28 s have gone by; the last sign of life is fresh. What sleeps until an older deadline looks, and sleeps on.
    for _ in 0..<3 {
      await clock.sleepers(1)
      clock.advance(by: .seconds(3))
    }
    await clock.sleepers(1)
    #expect(clock.pauses == [.seconds(1)])
    clock.advance(by: .seconds(1))
    let error = await graphError { _ = try await run.value }
    #expect(error?.code == .nodeTimeout)
    #expect(error?.message.contains("idle timeout of 10.0 seconds") == true)
  }

  @Test("G16 each attempt has its own time; a timeout is retried, and the retry's result counts")
  func retried() async throws {
    let gate = NodeGate()
    let retry = RetryPolicy(attemptsMax: 2, initialInterval: .seconds(3), jitter: false)
    let compiled = try graph(TimeoutPolicy(run: .seconds(10)), .retry(retry)) { _, context in
      if context.attempt == 1 { try await gate.pass() }
      return .entry("attempt \(context.attempt)")
    }.compile()
    let run = Task { [options] in try await compiled.run(.nothing, options: options) }
    await clock.sleepers(1)
    clock.advance(by: .seconds(10))
    await clock.sleeper(for: .seconds(3))
    clock.advance(by: .seconds(3))
    #expect(try await run.value.state.lines == ["before", "attempt 2"])
  }

  @Test("G16 a node that ignores its cancellation is given up after the grace; what it does later is discarded")
  func ignoring() async throws {
    let (gate, visits) = (NodeGate(), Visits())
    var whole = graph(TimeoutPolicy(run: .seconds(10), grace: .seconds(2)), .onError("mend")) { _, context in
      await gate.passIgnoringCancellation()
      do { try await context.emit("late") } catch { visits.add("emit refused") }
      do { try await context.emitMessage("late") } catch { visits.add("message refused") }
      do { _ = try await context.effect("late") { _ in visits.number("effect done") } } catch {
        visits.add("effect refused")
      }
      visits.add("ended")
      return .entry("late").write(\.total, 1000)
    }
    whole.node("mend") { _, context in .entry("mend \(context.failure?.code ?? "")") }
    let (graph, checkpointer) = (whole, InMemoryCheckpointer())
    let events = Visits()
    let run = Task { [options] in
      try await graph.compile(checkpointer: checkpointer).run(
        .nothing, on: "t", options: options, modes: [.custom, .messages]
      ) { _ in events.add("event") }
    }
    await gate.reached()
    await clock.sleepers(1)
    clock.advance(by: .seconds(10))
    await clock.sleeper(for: .seconds(2))
    clock.advance(by: .seconds(2))
    #expect(try await run.value.state.lines == ["before", "mend node_timeout"])
    gate.open()
    while visits.count("ended") == 0 { await Task.yield() }
    #expect(visits.list == ["emit refused", "message refused", "effect refused", "ended"])
    #expect(events.list == [])
    let snapshot = try #require(try await graph.compile(checkpointer: checkpointer).snapshot(of: "t"))
    #expect(snapshot.state.lines == ["before", "mend node_timeout"])
    #expect(snapshot.state.total == 0)
  }

  @Test("G16 a node that returns within the grace is too late all the same", arguments: [true, false])
  func withinGrace(_ emits: Bool) async throws {
    let (gate, visits) = (NodeGate(), Visits())
    let compiled = try graph(TimeoutPolicy(run: .seconds(10), grace: .seconds(60))) { _, context in
      do { try await gate.pass() } catch { visits.add("cancelled") }
      if emits { do { try await context.emit("late") } catch { visits.add("refused") } }
      return .entry("late")
    }.compile()
    let run = Task { [options] in
      try await compiled.run(.nothing, options: options, modes: .custom) { _ in visits.add("event") }
    }
    await clock.sleepers(1)
    await gate.reached()
    clock.advance(by: .seconds(10))
    #expect(await graphError { _ = try await run.value }?.code == .nodeTimeout)
    #expect(visits.list == (emits ? ["cancelled", "refused"] : ["cancelled"]))
  }

  @Test("G16 an effect that ends after the timeout is not recorded: the retry does it again, with the same key")
  func lateEffect() async throws {
    let (gate, visits) = (NodeGate(), Visits())
    let retry = RetryPolicy(attemptsMax: 2, initialInterval: .zero)
    let compiled = try graph(TimeoutPolicy(run: .seconds(10), grace: .zero), .retry(retry)) { _, context in
      let attempt = context.attempt
      let result = try await context.effect("pay") { key in
        visits.add(key)
        if attempt == 1 { await gate.passIgnoringCancellation() }
        return attempt
      }
      return .entry("paid by \(result)")
    }.compile()
    let run = Task { [options] in try await compiled.run(.nothing, options: options) }
    await gate.reached()
    await clock.sleepers(1)
    clock.advance(by: .seconds(10))
    #expect(try await run.value.state.lines == ["before", "paid by 2"])
    gate.open()
    #expect(visits.list.count == 2 && visits.list[0] == visits.list[1])
  }

  @Test("G16 cancelled from outside, a node that ignores it is given up after the grace")
  func cancelledOutside() async throws {
    let gate = NodeGate()
    let compiled = try graph(TimeoutPolicy(run: .seconds(100), grace: .seconds(2))) { _, _ in
      await gate.passIgnoringCancellation()
      return .entry("late")
    }.compile(checkpointer: InMemoryCheckpointer())
    let run = Task { [options] in try await compiled.run(.nothing, on: "t", options: options) }
    await gate.reached()
    run.cancel()
    await clock.sleeper(for: .seconds(2))
    clock.advance(by: .seconds(2))
    await #expect(throws: CancellationError.self) { try await run.value }
    #expect(try await compiled.snapshot(of: "t")?.state.lines == ["before"])
    gate.open()
    #expect(try await compiled.run(on: "t").state.lines == ["before", "late"])
  }

  @Test("G16 abandoned attempts are counted until they end")
  func counted() async throws {
    let gate = NodeGate()
    let compiled = try graph(TimeoutPolicy(run: .seconds(10), grace: .zero)) { _, _ in
      await gate.passIgnoringCancellation()
      return .nothing
    }.compile()
    let run = Task { [options] in try await compiled.run(.nothing, options: options) }
    await gate.reached()
    await clock.sleepers(1)
    clock.advance(by: .seconds(10))
    #expect(await graphError { _ = try await run.value }?.code == .nodeTimeout)
    #expect(AbandonedAttempts.count >= 1)
    gate.open()
  }

  @Test("G14 a node with a timeout may interrupt, and gets its answer", arguments: Keeping.allCases)
  func interrupts(_ keeping: Keeping) async throws {
    let compiled = try graph(TimeoutPolicy(run: .seconds(10), idle: .seconds(5))) { _, context in
      .entry(try context.interrupt("?").stringValue ?? "")
    }.compile(checkpointer: keeping.make())
    #expect(try await compiled.run(.nothing, on: "t", options: options).interrupts.count == 1)
    #expect(try await compiled.run(.resume("yes"), on: "t", options: options).state.lines == ["before", "yes"])
  }
}
