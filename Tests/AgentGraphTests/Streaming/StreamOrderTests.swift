import AgentGraph
import Testing

@Suite struct StreamOrderTests {
  private static let all: StreamModes = [.values, .updates, .tasks, .checkpoints]

  @Test("G38 the order of one node's events", arguments: Keeping.allCases, Durability.allCases)
  func oneNode(keeping: Keeping, durability: Durability) async throws {
    let graph = try chain("a").compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    let events = await graph.stream(.entry("in"), on: "t", options: options, modes: Self.all).drained().events
    #expect(
      events.map(\.text) == [
        "checkpoint input -1 → __start__", "values in", "checkpoint loop 0 → a", "start a",
        "updates a entries,total", "end a", "values in,a", "checkpoint loop 1 → ",
      ])
    #expect(events.map(\.step) == [-1, 0, 0, 1, 1, 1, 1, 1])
  }

  @Test("G38 the same order through a closure, and without a checkpointer")
  func closure() async throws {
    let visits = Visits()
    _ = try await chain("a").compile().run(.entry("in"), modes: Self.all) { visits.add($0.text) }
    #expect(visits.list == ["values in", "start a", "updates a entries,total", "end a", "values in,a"])
  }

  @Test("G38 a resume, a fork and a second input tell what they do, in that order", arguments: Keeping.allCases)
  func laterRuns(keeping: Keeping) async throws {
    let graph = try chain("a", "b").compile(checkpointer: keeping.make(), interruptBefore: .nodes(["b"]))
    let first = await graph.stream(.entry("in"), on: "t", modes: Self.all).drained().events.map(\.text)
    #expect(first.suffix(3) == ["values in,a", "checkpoint loop 1 → b", "interrupted b"])
    let resumed = await graph.stream(on: "t", modes: Self.all).drained().events.map(\.text)
    #expect(
      resumed == ["start b", "updates b entries,total", "end b", "values in,a,b", "checkpoint loop 2 → "])
    let stop = try #require(try await graph.history(of: "t").first { $0.next == ["a"] })
    let forked = await graph.stream(on: "t", options: .from(stop.reference), modes: Self.all).drained().events
    #expect(forked.prefix(2).map(\.text) == ["checkpoint fork 1 → a", "start a"])
    let second = await graph.stream(.entry("more"), on: "t", modes: Self.all).drained().events.map(\.text)
    #expect(second.first == "checkpoint input 3 → __start__")
    #expect(second.dropFirst().first == "values in,a,more")
  }
}
