import AgentJSON
import AgentTesting
import Synchronization
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct AnswerFormatTests {
  private static let format: JSONObject = [
    "response_format": [
      "type": "json_schema",
      "json_schema": [
        "name": "x", "schema": ["type": "object", "required": ["a"], "properties": ["a": ["type": "integer"]]],
      ],
    ]
  ]

  @Test(
    arguments: [
      (["{\"a\":1}"], "{\"a\":1}", 1), (["{}", "{\"a\":1}"], "{\"a\":1}", 2), (["no", "{\"a\":2}"], "{\"a\":2}", 2),
      (["no", "{\"a\":\"x\"}"], nil, 2),
    ] as [([String], String?, Int)])
  func isCheckedAndRepairedOnce(answers: [String], expected: String?, calls: Int) async throws {
    let harness = RuntimeHarness(ScriptedChatModel { _, number in .text(answers[number]) })
    try await harness.agent()
    let error = await runtimeError {
      let result = try await harness.chat([.user("x")], session: "s", parameters: Self.format)
      #expect(result.completion.message.text == expected && result.usage?.promptTokens == 3 * calls)
    }
    #expect((error == nil) == (expected != nil))
    if let error { #expect(error.code == .execution && error.message.contains("integer")) }
    #expect(harness.model.calls.count == calls)
    #expect(harness.model.requests[0].parameters["response_format"] == Self.format["response_format"])
    // What was repaired is not part of the conversation.
    #expect(try await harness.thread("s") == expected.map { ["user: x", "assistant: \($0)"] })
  }

  @Test func jsonObjectIsAnyObject() async throws {
    let harness = RuntimeHarness(ScriptedChatModel(.text("[1]"), .text("{}")))
    try await harness.agent()
    let parameters: JSONObject = ["response_format": ["type": "json_object"]]
    let result = try await harness.chat([.user("x")], parameters: parameters)
    #expect(result.completion.message.text == "{}")
  }

  @Test func aStreamIsWarnedOf() async throws {
    let harness = RuntimeHarness(ScriptedChatModel(.text("no")))
    try await harness.agent()
    let result = try await harness.chat([.user("x")], parameters: Self.format) { _ in }
    #expect(result.warnings.count == 1 && harness.model.calls.count == 1)
  }

  @Test func whatIsCutOrRefusedIsLeftAsItIs() async throws {
    let harness = RuntimeHarness(ScriptedChatModel(.text("{\"a\"", finishReason: "length")))
    try await harness.agent()
    #expect(try await harness.chat([.user("x")], parameters: Self.format).completion.finishReason == "length")
  }

  @Test func aSchemaThatIsNoneIsRefused() async throws {
    let harness = RuntimeHarness()
    try await harness.agent()
    for format: JSONValue in [
      ["type": "json_schema", "json_schema": ["schema": ["type": "nothing"]]], ["type": "json_schema"], ["schema": 1],
    ] {
      let error = await runtimeError {
        _ = try await harness.chat([.user("x")], parameters: ["response_format": format])
      }
      #expect(error?.status == 422 && error?.faults.first?.pathText == "body.response_format")
    }
  }
}
