import AgentGraph
import AgentTesting
import Foundation
import Testing

@Suite(.serialized) struct LongRunTests {
  private static let count = 100_000

  private var graph: Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("step", .destinations(["step"])) { state in
      let command = Command<Ledger>.write(\.total, 1).write(\.title, "\(state.total)")
      return state.total + 1 < Self.count ? command.goto("step") : command
    }
    graph.start(at: "step")
    return graph
  }

  private var options: RunOptions {
    var options = RunOptions()
    options.superstepsMax = Self.count
    return options
  }

  @Test("G12 100,000 supersteps in one run: memory flat")
  func flat() async throws {
    let compiled = try graph.compile()
    let before = try residentMegabytes()
    let result = try await compiled.run(.nothing, options: options)
    #expect(result.supersteps == Self.count)
    #expect(result.state.total == Self.count)
    #expect(try residentMegabytes() - before < 50)
  }

  @Test("G12 100,000 supersteps with checkpoints of which a few are kept: memory flat")
  func saved() async throws {
    let checkpointer = InMemoryCheckpointer(retention: RetentionPolicy(last: 5))
    let compiled = try graph.compile(checkpointer: checkpointer)
    let before = try residentMegabytes()
    let result = try await compiled.run(.nothing, on: "t", options: options)
    #expect(result.supersteps == Self.count)
    #expect(try residentMegabytes() - before < 50)
    let history = try await checkpointer.history(thread: "t", namespace: .root, query: HistoryQuery(limit: .max))
    #expect((5...26).contains(history.count))
  }

  private func residentMegabytes() throws -> Int {
    let statm = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return (Int(statm[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
  }
}
