import AgentJSON
import AgentTesting
import Testing

@testable import AgentRuntime

/// What tools are told of the files that they may keep, and when they must let go of them.
@Suite(.timeLimit(.minutes(1)))
struct KeptFilesTests {
  @Test(
    arguments: [
      (nil, 0), ([:], 0), (["keep_files_mb": 0], 0), (["keep_files_mb": 3], 3 << 20),
      (["keep_files_mb": .integer(.max)], 1 << 40),
    ] as [(JSONObject?, Int)])
  func toolsAreToldWhatTheAgentAllows(codeInterpreter: JSONObject?, bytesMax: Int) async throws {
    let tool = ScriptedTool("work") { _, _ in ToolOutput("done") }
    let call: JSONObject = [
      "role": "assistant", "content": .null,
      "tool_calls": [["id": "1", "type": "function", "function": ["name": "work", "arguments": "{}"]]],
    ]
    let harness = RuntimeHarness(
      ScriptedChatModel(.message(call, finishReason: "tool_calls"), .text("ok")),
      toolsets: [Toolset(name: "set", source: ScriptedToolSource([tool]))])
    var fields: JSONObject = ["toolsets": ["set"]]
    fields["code_interpreter"] = codeInterpreter.map { .object($0) }
    try await harness.agent("a", fields)
    _ = try await harness.chat([.user("q")])
    #expect(tool.calls.map(\.context.keptFilesBytesMax) == [bytesMax])
  }

  @Test func whatIsDeletedIsForgotten() async throws {
    let source = ForgetfulSource()
    let harness = RuntimeHarness(toolsets: [Toolset(name: "set", source: source)])
    try await harness.agent()
    _ = try await harness.chat([.user("q")], session: "s")
    #expect(try await harness.executor.deleteThread(ThreadKey(agentID: "a", sessionID: "s")))
    try await harness.catalog.delete("a")
    #expect(source.forgotten.all == ["a/s", "a/*"])
  }
}

private struct ForgetfulSource: ToolSource {
  let forgotten = Recorded<String>()

  func tools() async throws -> [any Tool] { [] }
  var health: ToolSourceHealth { ToolSourceHealth(isReachable: true) }
  func run() async {}
  func forget(agentID: String, sessionID: String?) async { forgotten.add("\(agentID)/\(sessionID ?? "*")") }
}
