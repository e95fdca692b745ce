import AgentGraph
import AgentTesting
import Testing

private struct Tally: GraphState {
  var words = SharedList<String>()
  struct Channels: Sendable { let words = StateChannel.appended("words", \Tally.words) }
  static let channels = Channels()
}

/// What a cache remembers is what was stored.
@Suite struct CheckpointCacheTests {
  private func tallyGraph(_ checkpointer: any Checkpointer) throws -> CompiledGraph<Tally> {
    var graph = Graph<Tally>("tally")
    graph.node("keep") { _ in .nothing }
    graph.start(at: "keep")
    return try graph.compile(checkpointer: checkpointer)
  }

  private func cache(_ base: any Checkpointer, bytesMax: Int = 1 << 20) -> CheckpointCache {
    CheckpointCache(base, bytesMax: bytesMax) { image in
      (image.value as? Tally).map { $0.words.reduce(100) { $0 + $1.utf8.count } }
    }
  }

  private let exit = RunOptions(durability: .exit)

  @Test("a thread that was run is not read again", arguments: Durability.allCases)
  func remembers(durability: Durability) async throws {
    let options = RunOptions(durability: durability)
    let reads = CountingCheckpointer()
    let cache = cache(reads)
    let graph = try tallyGraph(cache)
    for word in ["a", "b", "c"] { _ = try await graph.run(.write(\.words, [word]), on: "t", options: options) }
    #expect(reads.loads == 1)
    #expect(try await graph.snapshot(of: "t").map { Array($0.state.words) } == ["a", "b", "c"])
    #expect(reads.loads == 1)
    #expect(cache.count == 1)
  }

  @Test("a read that began before a save was kept, and ended after, is not remembered")
  func forgetsWhatWasReadWhileItWasWritten() async throws {
    let slow = HoldingCheckpointer()
    let graph = try tallyGraph(cache(slow))
    async let run = graph.run(.write(\.words, ["a"]), on: "t", options: exit)
    await slow.held(1)
    #expect(try await graph.snapshot(of: "t") == nil)
    slow.letGo()
    _ = try await run
    #expect(try await graph.snapshot(of: "t").map { Array($0.state.words) } == ["a"])
  }

  @Test("a save that fails leaves what was stored before")
  func failedSave() async throws {
    let failing = CountingCheckpointer()
    let graph = try tallyGraph(cache(failing))
    _ = try await graph.run(.write(\.words, ["a"]), on: "t", options: exit)
    failing.refuse(true)
    await #expect(throws: CountingCheckpointer.Refused.self) {
      _ = try await graph.run(.write(\.words, ["b"]), on: "t", options: exit)
    }
    failing.refuse(false)
    #expect(try await graph.snapshot(of: "t").map { Array($0.state.words) } == ["a"])
  }

  @Test("a thread that was deleted, or everything that was forgotten, is read again")
  func forgets() async throws {
    let reads = CountingCheckpointer()
    let cache = cache(reads)
    let graph = try tallyGraph(cache)
    _ = try await graph.run(.write(\.words, ["a"]), on: "t", options: exit)
    #expect(try await cache.deleteThread("t"))
    #expect(try await graph.snapshot(of: "t") == nil)
    _ = try await graph.run(.write(\.words, ["b"]), on: "t", options: exit)
    cache.removeAll()
    let before = reads.loads
    #expect(try await graph.snapshot(of: "t").map { Array($0.state.words) } == ["b"])
    #expect(reads.loads == before + 1)
  }

  @Test("what is remembered is bounded, and a large state is not remembered")
  func bounded() async throws {
    let cache = cache(InMemoryCheckpointer(), bytesMax: 1000)
    let graph = try tallyGraph(cache)
    for number in 0..<50 { _ = try await graph.run(.write(\.words, ["w"]), on: "t\(number)", options: exit) }
    #expect(cache.count <= 9)
    _ = try await graph.run(.write(\.words, [String(repeating: "x", count: 500)]), on: "large", options: exit)
    #expect(try await graph.snapshot(of: "large")?.state.words.count == 1)
    cache.removeAll()
    _ = try await graph.snapshot(of: "large")
    #expect(cache.count == 0)
  }

  @Test("names that differ in their bytes alone are different threads")
  func namesByBytes() async throws {
    for checkpointer in [InMemoryCheckpointer() as any Checkpointer, cache(InMemoryCheckpointer())] {
      let graph = try tallyGraph(checkpointer)
      _ = try await graph.run(.write(\.words, ["one"]), on: "\u{E9}", options: exit)
      _ = try await graph.run(.write(\.words, ["two"]), on: "e\u{301}", options: exit)
      #expect(try await graph.snapshot(of: "\u{E9}").map { Array($0.state.words) } == ["one"])
    }
  }
}
