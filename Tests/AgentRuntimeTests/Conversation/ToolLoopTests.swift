import AgentJSON
import AgentTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import AgentRuntime

/// A call of a tool as a model writes it.
func toolCall(_ id: String, _ name: String, _ arguments: String = "{}") -> JSONValue {
  ["id": .string(id), "type": "function", "function": ["name": .string(name), "arguments": .string(arguments)]]
}

/// A model's message of calls.
func calling(_ calls: JSONValue..., text: String? = nil) -> ScriptedAnswer {
  .message(
    ["role": "assistant", "content": text.map { .string($0) } ?? .null, "tool_calls": .array(calls)],
    finishReason: "tool_calls")
}

extension Toolset {
  static func test(_ tools: any Tool..., policy: ToolsetPolicy = ToolsetPolicy()) -> Toolset {
    Toolset(name: "tools", source: ScriptedToolSource(tools), policy: policy)
  }
}

@Suite(.timeLimit(.minutes(1)))
struct ToolLoopTests {
  private static let schema: JSONObject = [
    "type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"], "additionalProperties": false,
  ]
  private let double = ScriptedTool("double", schema: schema) { arguments, _ in
    ToolOutput("\((arguments["n"]?.intValue ?? 0) * 2)")
  }

  private func harness(
    _ answers: ScriptedAnswer..., tools: Toolset? = nil, limits: RuntimeLimits = RuntimeLimits()
  ) async throws -> RuntimeHarness {
    let harness = RuntimeHarness(
      ScriptedChatModel { _, number in answers[min(number, answers.count - 1)] }, limits: limits,
      toolsets: [tools ?? .test(double)])
    try await harness.agent("a", ["toolsets": ["tools"]])
    return harness
  }

  @Test(arguments: [nil, "s"])
  func aModelCallsAndAnswers(session: String?) async throws {
    let harness = try await harness(
      calling(toolCall("1", "double", #"{"n":4}"#), toolCall("2", "double", #"{"n":5}"#)), .text("8 and 10"))
    let result = try await harness.chat([.user("double 4 and 5")], session: session)
    #expect(result.completion.message.text == "8 and 10" && result.completion.finishReason == "stop")
    #expect(result.tools == ["double"])
    let names = ["process_message", "generate_response", "call_tool_double", "call_tool_double", "generate_response"]
    #expect(result.steps.map(\.name) == names && result.steps.allSatisfy { $0.status == .completed })
    #expect(harness.prompt(1) == ["user: double 4 and 5", "assistant: →1,2", "tool: 1", "tool: 2"])
    #expect(harness.model.requests[1].messages.suffix(2).map(\.text) == ["8", "10"])
    let offered = harness.model.requests[0].parameters["tools"]?.arrayValue?.first?["function"]
    #expect(offered?["name"] == "double" && offered?["parameters"]?["type"] == "object")
    let keys = Set(double.calls.map(\.context.idempotencyKey))
    #expect(keys.count == 2)
    if let session {
      let whole = ["user: double 4 and 5", "assistant: →1,2", "tool: 1", "tool: 2", "assistant: 8 and 10"]
      #expect(try await harness.thread(session) == whole)
      _ = try await harness.chat([.user("thanks")], session: session)
      #expect(harness.prompt(2) == whole + ["user: thanks"])
    }
  }

  @Test func faultsGoBackToTheModel() async throws {
    let failing = ScriptedTool("failing") { _, _ in throw ToolError("the disk is full") }
    let broken = ScriptedTool("broken") { _, _ in throw StoreError(.corrupt, "secret detail") }
    let harness = try await harness(
      calling(
        toolCall("1", "double", #"{"n":"x"}"#), toolCall("2", "double", #"{"n":"#), toolCall("3", "nothing"),
        toolCall("4", "failing"), toolCall("5", "broken"), toolCall("6", "double", "[1]")),
      .text("sorry"), tools: .test(double, failing, broken))
    let result = try await harness.chat([.user("x")])
    let texts = Array(harness.model.requests[1].messages.suffix(6).map(\.text))
    #expect(texts[0].contains("/n") || texts[0].contains("n"))
    #expect(texts[1].contains("not JSON"))
    #expect(texts[2].contains("no tool 'nothing'") && texts[2].contains("double"))
    #expect(texts[3] == "the disk is full")
    #expect(texts[4] == "The tool failed.")
    #expect(texts[5].contains("not an object"))
    #expect(double.calls.isEmpty)
    #expect(result.completion.message.text == "sorry")
    // Also what was refused before it ran.
    let refused = ["call_tool_double", "call_tool_double", "call_tool_double", "call_tool_nothing"]
    #expect(
      result.steps.filter { $0.status == .error }.map(\.name).sorted()
        == (refused + ["call_tool_broken", "call_tool_failing"]).sorted())
  }

  @Test func aToolIsBounded() async throws {
    let gate = Mutex<CheckedContinuation<Void, Never>?>(nil)
    let hanging = ScriptedTool("hanging") { _, _ in
      // Heeds no cancellation.
      await withCheckedContinuation { continuation in gate.withLock { $0 = continuation } }
      return ToolOutput("late")
    }
    let long = ScriptedTool("long") { _, _ in ToolOutput(String(repeating: "ä", count: 5000)) }
    var policy = ToolsetPolicy()
    policy.timeout = .milliseconds(20)
    policy.outputBytesMax = 101
    let harness = try await harness(
      calling(toolCall("1", "hanging"), toolCall("2", "long")), .text("ok"),
      tools: .test(hanging, long, policy: policy))
    _ = try await harness.chat([.user("x")])
    let texts = Array(harness.model.requests[1].messages.suffix(2).map(\.text))
    gate.withLock { $0.take() }?.resume()
    #expect(texts[0].contains("no result within"))
    #expect(texts[1] == String(repeating: "ä", count: 50) + "\n[cut: 10000 bytes, of which 101 are allowed]")
  }

  @Test func theLoopIsBounded() async throws {
    let harness = RuntimeHarness(
      ScriptedChatModel { call, _ in
        call.request.parameters["tool_choice"] == "none"
          ? .text("enough") : calling(toolCall("1", "double", #"{"n":1}"#))
      }, toolsets: [.test(double)])
    try await harness.agent("a", ["toolsets": ["tools"], "limits": ["max_tool_turns": 3]])
    let result = try await harness.chat([.user("x")])
    #expect(result.completion.message.text == "enough" && double.calls.count == 3)
    let stubborn = try await self.harness(calling(toolCall("1", "double", #"{"n":1}"#)))
    let error = await runtimeError { _ = try await stubborn.chat([.user("x")]) }
    #expect(error?.code == .execution && error?.message.contains("25") == true)
  }

  @Test func aStreamGoesOnAcrossTurns() async throws {
    let harness = try await harness(
      calling(toolCall("1", "double", #"{"n":4}"#), text: "Let me see. "), .text("It ", "is 8."))
    let deltas = Mutex<[ChatDelta]>([])
    let result = try await harness.chat([.user("x")]) { pieces in deltas.withLock { $0 += pieces } }
    #expect(deltas.withLock { $0 }.compactMap(\.content) == ["Let me see. ", "It ", "is 8."])
    #expect(deltas.withLock { $0 }.allSatisfy { $0.extra == nil })
    let steps = deltas.withLock { $0 }.compactMap { $0.metadata?["execution_steps"]?.arrayValue?.last }
    #expect(steps.map { $0["step"] } == ["call_tool_double", "call_tool_double"])
    #expect(steps.map { $0["status"] } == ["running", "completed"])
    #expect(result.completion.message.text == "It is 8.")
  }

  @Test(arguments: [nil, "s"])
  func theCallersToolsEndTheTurn(session: String?) async throws {
    let harness = try await harness(
      calling(toolCall("1", "mine"), toolCall("2", "double", #"{"n":4}"#)), .text("done"))
    let tools: JSONObject = ["tools": [["type": "function", "function": ["name": "mine"]]]]
    let result = try await harness.chat([.user("x")], session: session, parameters: tools)
    #expect(result.completion.finishReason == "tool_calls")
    #expect(result.completion.message.toolCalls.map(\.id) == ["1"])
    #expect(double.calls.count == 1 && harness.model.calls.count == 1)
    #expect(harness.model.requests[0].parameters["tools"]?.arrayValue?.count == 2)
    if let session { #expect(try await harness.thread(session) == ["user: x", "assistant: →1,2", "tool: 2"]) }
    let seen = [.user("x"), result.completion.message]
    let messages = (session == nil ? seen : []) + [.result("1")]
    let next = try await harness.chat(messages, session: session, parameters: tools)
    #expect(next.completion.message.text == "done")
    #expect(harness.prompt(1) == ["user: x", "assistant: →1,2", "tool: 2", "tool: 1"])
  }

  @Test func whatIsNotTheSameConversationGetsNoResults() async throws {
    let harness = try await harness(
      calling(toolCall("1", "mine"), toolCall("2", "double", #"{"n":4}"#)), .text("done"))
    let tools: JSONObject = ["tools": [["type": "function", "function": ["name": "mine"]]]]
    let shown = try await harness.chat([.user("x")], parameters: tools).completion.message
    _ = try await harness.chat([.user("z"), shown, .result("1")], parameters: tools)
    #expect(harness.prompt(1) == ["user: z", "assistant: →1", "tool: 1"])
  }

  @Test func callsWithoutAResultGetOne() async throws {
    let harness = try await harness(calling(toolCall("1", "mine")), .text("done"))
    let tools: JSONObject = ["tools": [["type": "function", "function": ["name": "mine"]]]]
    _ = try await harness.chat([.user("x")], session: "s", parameters: tools)
    _ = try await harness.chat([.user("never mind")], session: "s", parameters: tools)
    #expect(harness.prompt(1) == ["user: x", "assistant: →1", "tool: 1", "user: never mind"])
  }

  @Test func aCallersToolMayNotHaveTheNameOfAnAgents() async throws {
    let harness = try await harness(.text("ok"))
    let error = await runtimeError {
      _ = try await harness.chat(
        [.user("x")], parameters: ["tools": [["type": "function", "function": ["name": "double"]]]])
    }
    #expect(error?.faultList == ["body.tools[0].function.name: name_taken"])
  }

  @Test func aDeadSourceCostsItsToolsAlone() async throws {
    let source = ScriptedToolSource([double])
    source.setProblem(ToolError("connection refused"))
    let harness = RuntimeHarness(
      ScriptedChatModel { _, _ in .text("ok") },
      toolsets: [Toolset(name: "dead", source: source), .test(double)])
    let change = try await harness.catalog.create([
      "id": "a", "name": "A", "template_id": "customer-service-bot", "toolsets": ["dead", "tools", "unknown"],
    ])
    #expect(change.warnings == ["toolsets: no toolset 'unknown' is configured"])
    let result = try await harness.chat([.user("x")])
    #expect(result.warnings.count == 2)
    #expect(result.warnings[0].contains("'dead'") && result.warnings[0].contains("connection refused"))
    #expect(harness.model.requests[0].parameters["tools"]?.arrayValue?.count == 1)
  }

  @Test func namesThatAreTakenGetTheirToolsets() async throws {
    let other = ScriptedTool("double") { _, _ in ToolOutput("other") }
    let harness = RuntimeHarness(
      ScriptedChatModel(calling(toolCall("1", "more_double")), .text("ok")),
      toolsets: [.test(double), Toolset(name: "more", source: ScriptedToolSource([other]))])
    try await harness.agent("a", ["toolsets": ["tools", "more"]])
    _ = try await harness.chat([.user("x")])
    #expect(other.calls.count == 1)
  }

  @Test func aNamedChoiceOffersThatToolAloneAndOnce() async throws {
    let other = ScriptedTool("other") { _, _ in ToolOutput("other") }
    let harness = try await harness(
      calling(toolCall("1", "double", #"{"n":4}"#)), .text("8"), tools: .test(double, other))
    let choice: JSONObject = ["tool_choice": ["type": "function", "function": ["name": "double"]]]
    _ = try await harness.chat([.user("x")], parameters: choice)
    #expect(harness.model.requests[0].parameters["tool_choice"] == "required")
    #expect(harness.model.requests[0].parameters["tools"]?.arrayValue?.count == 1)
    #expect(harness.model.requests[1].parameters["tool_choice"] == "auto")
    #expect(harness.model.requests[1].parameters["tools"]?.arrayValue?.count == 2)
  }

  @Test func aTurnThatFailedGoesOnWhereItWas() async throws {
    let harness = RuntimeHarness(
      ScriptedChatModel { _, number in
        switch number {
        case 0: calling(toolCall("1", "double", #"{"n":4}"#))
        case 1: .failing(ModelError(.unavailable, "down"))
        default: .text("8")
        }
      }, toolsets: [.test(double)])
    try await harness.agent("a", ["toolsets": ["tools"]])
    let error = await runtimeError { _ = try await harness.chat([.user("x")], session: "s") }
    #expect(error?.code == .llmUnavailable)
    #expect(try await harness.thread("s") == nil)
    let result = try await harness.chat([.user("x")], session: "s")
    #expect(result.completion.message.text == "8" && double.calls.count == 1)
    #expect(try await harness.thread("s") == ["user: x", "assistant: →1", "tool: 1", "assistant: 8"])
  }

  @Test func anotherRequestDiscardsWhatWasUnfinished() async throws {
    let harness = RuntimeHarness(
      ScriptedChatModel { _, number in
        switch number {
        case 0: calling(toolCall("1", "double", #"{"n":4}"#))
        case 1: .failing(ModelError(.unavailable, "down"))
        default: .text("hello")
        }
      }, toolsets: [.test(double)])
    try await harness.agent("a", ["toolsets": ["tools"]])
    _ = await runtimeError { _ = try await harness.chat([.user("x")], session: "s") }
    _ = try await harness.chat([.user("y")], session: "s")
    #expect(harness.prompt(2) == ["user: y"])
    #expect(try await harness.thread("s") == ["user: y", "assistant: hello"])
  }
}
