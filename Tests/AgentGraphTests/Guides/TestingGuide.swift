import AgentGraph
import AgentJSON
import AgentTesting
import Synchronization
import Testing

/// The code of the guide "Testing your graph".
@Suite struct TestingGuide {
  struct Fetch: GraphState {
    var page = ""
    struct Channels: Sendable { let page = StateChannel.last("page", \Fetch.page) }
    static let channels = Channels()
  }

  struct ServerIsBusy: Error {}

  @Test func aNodeAlone() async throws {
    func greet(_ state: Fetch) -> Command<Fetch> { .write(\.page, "Hello") }
    let command = greet(Fetch())
    #expect(command.writes.map(\.channel.name) == ["page"])
    #expect(command.writes.first?.value as? String == "Hello")
  }

  @Test func retriesAfterAPause() async throws {
    var graph = Graph<Fetch>()
    let policy = RetryPolicy(attemptsMax: 2, initialInterval: .seconds(30), jitter: false)
    graph.node("fetch", .retry(policy)) { _, context in
      if context.attempt == 1 { throw ServerIsBusy() }
      return .write(\.page, "attempt \(context.attempt)")
    }
    graph.start(at: "fetch")
    let compiled = try graph.compile()

    let clock = ManualClock()
    var options = RunOptions()
    options.clock = clock
    async let result = compiled.run(.nothing, options: options)
    await clock.sleepers(1)  // the pause has begun
    #expect(clock.pauses == [.seconds(30)])
    clock.advance(by: .seconds(30))
    #expect(try await result.state.page == "attempt 2")
  }

  @Test func isCancelledWhileItWaits() async throws {
    let gate = NodeGate()
    var graph = Graph<Fetch>()
    graph.node("fetch") { _ in
      try await gate.pass()
      return .write(\.page, "late")
    }
    graph.start(at: "fetch")
    let compiled = try graph.compile()

    await withThrowingTaskGroup(of: String.self) { group in
      group.addTask { try await compiled.run(.nothing).state.page }
      await gate.reached()  // the node is running now
      group.cancelAll()
      await #expect(throws: CancellationError.self) { try await group.next() }
    }
  }

  @Test func goesOnAfterACrash() async throws {
    var graph = Graph<Fetch>()
    graph.node("fetch") { _ in .write(\.page, "fetched") }
    graph.node("trim") { state in .write(\.page, state.page + ", trimmed") }
    graph.start(at: "fetch")
    graph.edge("fetch", to: "trim")

    let disk = EncodingCheckpointer()  // gives back bytes, as a file would
    let dying = CutCheckpointer(disk) { write in
      if case .checkpoint(let record) = write { record.metadata.ran == ["trim"] } else { false }
    }
    await #expect(throws: CutCheckpointer.Cut.self) {
      try await graph.compile(checkpointer: dying).run(.nothing, on: "thread")
    }
    let result = try await graph.compile(checkpointer: disk).run(on: "thread")
    #expect(result.state.page == "fetched, trimmed")
  }

  @Test func happensInThisOrder() async throws {
    var graph = Graph<Fetch>()
    graph.node("fetch") { _ in .write(\.page, "fetched") }
    graph.start(at: "fetch")

    let told = Mutex<[String]>([])
    var options = RunOptions()
    options.ids = GraphIDs(now: { 1_000 }, origin: 1)  // the same ids in every run
    _ = try await graph.compile().run(.nothing, options: options, modes: .tasks) { event in
      switch event.content {
      case .taskStarted: told.withLock { $0.append("\(event.node ?? "") begins") }
      case .taskEnded: told.withLock { $0.append("\(event.node ?? "") ends") }
      default: break
      }
    }
    #expect(told.withLock { $0 } == ["fetch begins", "fetch ends"])
  }

  @Test("Conforms", arguments: CheckpointerConformance.checks)
  func conforms(check: CheckpointerConformance.Check) async throws {
    try await check.run { clock in InMemoryCheckpointer(now: clock) }
  }
}
