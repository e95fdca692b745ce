import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

struct RunIndexTests {
  @Test func whatCallersSendIsBoundedToo() async throws {
    let harness = RuntimeHarness()
    try await harness.agent()
    let agent = try await harness.catalog.runnable("a", userID: nil)
    var ids: [String] = []
    for _ in 0..<10 {
      var call = ChatCall(model: "a", messages: [.user("x")])
      call.metadata = ["note": .string(String(repeating: "x", count: 1 << 20))]
      ids.append(try await harness.executor.execute(call, agent: agent, handle: RunHandle()).runID)
    }
    #expect(ids.filter { harness.executor.index.entry($0) != nil } == ids.suffix(7), "of 8 MB")
  }
}
