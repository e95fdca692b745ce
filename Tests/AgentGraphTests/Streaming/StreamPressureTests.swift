import AgentGraph
import AgentJSON
import Testing

@Suite struct StreamPressureTests {
  /// Emits numbers for ever, or so many.
  private func talker(_ visits: Visits, upTo count: Int = .max, ended: Latch = Latch()) -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("talk") { _, context in
      defer { ended.open() }
      var number = 0
      while number < count {
        try await context.emit(.integer(number))
        visits.add("emitted")
        number += 1
      }
      return .entry("talked")
    }
    graph.start(at: "talk")
    return graph
  }

  @Test("G37 a slow consumer slows the run: what waits is bounded")
  func slowConsumer() async throws {
    let (visits, ended) = (Visits(), Latch())
    let graph = try talker(visits, ended: ended).compile()
    var iterator: GraphStream<Ledger>.Iterator? = graph.stream(.nothing, modes: .custom).makeAsyncIterator()
    for taken in 1...200 {
      #expect(try await iterator?.next()?.text == "custom talk \(taken - 1)")
      for _ in 0..<20 { await Task.yield() }
      #expect(visits.list.count <= taken + GraphStream<Ledger>.bufferMax)
    }
    iterator = nil
    await ended.wait()
  }

  @Test("G37 every event arrives, in each node's order, from several nodes through a small buffer")
  func severalWriters() async throws {
    var graph = Graph<Ledger>()
    for name in ["a", "b", "c", "d"] {
      graph.node(name) { _, context in
        for number in 0..<300 { try await context.emit(.integer(number)) }
        return .nothing
      }
    }
    graph.start(at: "a", "b", "c", "d")
    let (events, error) = await (try graph.compile().stream(.nothing, modes: .custom)).drained()
    #expect(error == nil && events.count == 1_200)
    for name in ["a", "b", "c", "d"] {
      let numbers = events.filter { $0.node == name }.map(\.text)
      #expect(numbers == (0..<300).map { "custom \(name) \($0)" })
    }
  }

  @Test("G37 leaving the stream cancels the run")
  func leaving() async throws {
    let (visits, ended) = (Visits(), Latch())
    let graph = try talker(visits, ended: ended).compile(checkpointer: InMemoryCheckpointer())
    for try await event in graph.stream(.entry("in"), on: "t", modes: .custom) where event.text.hasSuffix("7") { break }
    await ended.wait()
    let snapshot = try #require(try await graph.snapshot(of: "t"))
    #expect(snapshot.next == ["talk"] && snapshot.state.lines == ["in"])
  }

  @Test("G37 leaving the stream reaches a node that waits for something else")
  func leavingAWaitingNode() async throws {
    let ended = Latch()
    var graph = Graph<Ledger>()
    graph.node("wait") { _ in
      defer { ended.open() }
      try await untilCancelled()
      return .nothing
    }
    graph.start(at: "wait")
    for try await _ in try graph.compile().stream(.nothing, modes: .tasks) { break }
    await ended.wait()
  }

  @Test("G37 cancelling whoever reads cancels the run, and ends the stream with that")
  func cancellingTheReader() async throws {
    let (visits, ended, isBegun) = (Visits(), Latch(), Latch())
    let graph = try talker(visits, upTo: 3, ended: Latch()).waiting(isBegun, ended).compile()
    let reader = Task { await graph.stream(.nothing, modes: .custom).drained() }
    await isBegun.wait()
    reader.cancel()
    let (events, error) = await reader.value
    #expect(error is CancellationError && events.count <= 3)
    await ended.wait()
  }

  @Test("G37 a detached run goes on when the stream is left, and keeps its state")
  func detached() async throws {
    let (visits, ended) = (Visits(), Latch())
    let graph = try talker(visits, upTo: 500, ended: ended).compile(checkpointer: InMemoryCheckpointer())
    for try await _ in graph.stream(.entry("in"), on: "t", modes: .custom, detached: true) { break }
    await ended.wait()
    for _ in 0..<10_000 {
      if try await graph.snapshot(of: "t")?.next == [] { break }
      await Task.yield()
    }
    #expect(try await graph.snapshot(of: "t")?.state.lines == ["in", "talked"])
    #expect(visits.list.count == 500)
  }

  @Test("G37 a stream that nobody reads runs nothing")
  func unread() async throws {
    let visits = Visits()
    let graph = try talker(visits, upTo: 1).compile()
    _ = graph.stream(.nothing, modes: .custom)
    for _ in 0..<100 { await Task.yield() }
    #expect(visits.list == [])
  }

  @Test("G37 what a closure throws ends the run; the run waits for a slow closure")
  func closure() async throws {
    let visits = Visits()
    let graph = try talker(visits).compile()
    let seen = Visits()
    await #expect(throws: Mishap(text: "enough")) {
      try await graph.run(.nothing, modes: .custom) { event in
        seen.add(event.text)
        await Task.yield()
        #expect(visits.list.count == seen.list.count - 1)
        if seen.list.count == 10 { throw Mishap(text: "enough") }
      }
    }
    #expect(seen.list.count == 10)
  }

  @Test("G36 G37 an error comes at the end of the stream, after all events", arguments: Keeping.allCases)
  func errors(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("fail") { _, context in
      for number in 0..<100 { try await context.emit(.integer(number)) }
      throw Mishap(text: "at last")
    }
    graph.start(at: "fail")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let (events, error) = await compiled.stream(.nothing, on: "t", modes: [.custom, .tasks]).drained()
    #expect(events.count == 102 && events.last?.text.hasPrefix("failed fail") == true)
    #expect(error as? Mishap == Mishap(text: "at last"))
    let refused = await compiled.stream(.resume("x"), on: "other", modes: .values).drained()
    #expect(refused.events.isEmpty && (refused.error as? GraphError)?.code == .unknownInterrupt)
  }

  @Test("G37 two walks of a stream are two runs")
  func twice() async throws {
    let graph = try chain("a").compile(checkpointer: InMemoryCheckpointer())
    let stream = graph.stream(.entry("in"), on: "t", modes: .values)
    #expect(await stream.drained().events.map(\.text) == ["values in", "values in,a"])
    #expect(await stream.drained().events.map(\.text).last == "values in,a,in,a")
  }
}

extension Graph<Ledger> {
  /// The graph with a node that follows `talk`, and waits to be cancelled.
  fileprivate func waiting(_ isBegun: Latch, _ ended: Latch) -> Graph {
    var graph = self
    graph.node("wait") { _ in
      isBegun.open()
      defer { ended.open() }
      try await untilCancelled()
      return .nothing
    }
    graph.edge("talk", to: "wait")
    return graph
  }
}
