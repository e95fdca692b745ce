import AgentJSON
import AgentTesting
import FoundationEssentials
import Testing

@testable import AgentRuntime

struct ConversationTests {
  private let harness = RuntimeHarness(ScriptedChatModel { _, number in .text("answer \(number)") })

  @Test func aThreadIsKept() async throws {
    try await harness.agent("a", ["system_prompt": "Be kind."])
    let first = try await harness.chat([.user("one")], session: "s")
    #expect(first.completion.message.text == "answer 0")
    #expect(first.steps.map(\.name) == ["process_message", "generate_response"])
    #expect(first.steps.allSatisfy { $0.status == .completed })
    _ = try await harness.chat([.user("two")], session: "s")
    #expect(harness.prompt(0) == ["system: Be kind.", "user: one"])
    #expect(harness.prompt(1) == ["system: Be kind.", "user: one", "assistant: answer 0", "user: two"])
    #expect(
      try await harness.thread("s") == ["user: one", "assistant: answer 0", "user: two", "assistant: answer 1"])
  }

  @Test func sessionsAndAgentsAreApart() async throws {
    try await harness.agent("a")
    try await harness.agent("b")
    for (agent, session) in [("a", "s"), ("a", "t"), ("b", "s")] {
      _ = try await harness.chat([.user("\(agent)\(session)")], agent: agent, session: session)
    }
    for number in 0..<3 { #expect(harness.model.requests[number].messages.count == 1) }
    #expect(try await harness.thread("s", agent: "b") == ["user: bs", "assistant: answer 2"])
  }

  @Test func withoutASessionNothingIsKept() async throws {
    try await harness.agent()
    _ = try await harness.chat([.user("one")])
    _ = try await harness.chat([.user("two")])
    #expect(harness.prompt(1) == ["user: two"])
  }

  @Test(
    arguments: [
      (nil, nil, nil, true), (nil, nil, false, false), (nil, false, true, false), (true, false, false, true),
      (false, true, true, false), (nil, true, false, true),
    ] as [(Bool?, Bool?, Bool?, Bool)])
  func continuousOfRequestAgentTemplate(asked: Bool?, own: Bool?, template: Bool?, isKept: Bool) async throws {
    func object(_ value: Bool?) -> JSONObject { value.map { ["continuous": .bool($0)] } ?? [:] }
    try await harness.agent(
      "a",
      ["conversation_config": .object(object(own)), "template_config": ["conversation": .object(object(template))]])
    _ = try await harness.chat([.user("one")], session: "s", config: object(asked))
    #expect(try await harness.thread("s") == (isKept ? ["user: one", "assistant: answer 0"] : nil))
  }

  @Test func notContinuousDoesNotReadEither() async throws {
    try await harness.agent()
    _ = try await harness.chat([.user("one")], session: "s")
    _ = try await harness.chat([.user("two")], session: "s", config: ["continuous": false])
    #expect(harness.prompt(1) == ["user: two"])
    #expect(try await harness.thread("s")?.count == 2)
  }

  @Test(
    arguments: [
      (nil, nil, nil, 10), (nil, nil, 6, 6), (nil, 4, 6, 4), (2, 4, 6, 2), (50, nil, nil, 20), (nil, 99, nil, 20),
    ] as [(Int?, Int?, Int?, Int)])
  func lengthOfRequestAgentTemplateAndLimit(asked: Int?, own: Int?, template: Int?, seen: Int) async throws {
    func object(_ value: Int?) -> JSONObject { value.map { ["historyLength": .integer($0)] } ?? [:] }
    var limits = RuntimeLimits()
    limits.conversationHistoryMax = 20
    let harness = RuntimeHarness(limits: limits)
    try await harness.agent(
      "a",
      ["conversation_config": .object(object(own)), "template_config": ["conversation": .object(object(template))]])
    // All are the user's, so that the cut is exactly where the count says.
    let messages = (0..<40).map { Message.user("\($0)") }
    _ = try await harness.chat(messages, config: object(asked))
    #expect(harness.prompt(0) == messages.suffix(seen).map(\.short))
    _ = try await harness.chat(messages, session: "s", config: object(asked))
    _ = try await harness.chat([.user("new")], session: "s", config: object(asked))
    #expect(harness.model.requests[2].messages.count <= seen)
    #expect(harness.prompt(2).last == "user: new")
  }

  @Test func allMessagesOfTheRequestAreStoredButSystemOnes() async throws {
    try await harness.agent("a", ["system_prompt": "agent's"])
    _ = try await harness.chat([.system("own"), .user("one"), .user("two")], session: "s")
    #expect(harness.prompt(0) == ["system: own", "user: one", "user: two"])
    #expect(try await harness.thread("s") == ["user: one", "user: two", "assistant: answer 0"])
  }

  @Test func aRequestWithHistoryReplacesTheThread() async throws {
    try await harness.agent()
    _ = try await harness.chat([.user("old")], session: "s")
    _ = try await harness.chat([.user("q"), .assistant("edited"), .user("next")], session: "s")
    #expect(harness.prompt(1) == ["user: q", "assistant: edited", "user: next"])
    #expect(
      try await harness.thread("s") == ["user: q", "assistant: edited", "user: next", "assistant: answer 1"])
  }

  @Test func aToolExchangeGoesOnInTheThread() async throws {
    let call: JSONObject = [
      "role": "assistant", "content": .null,
      "tool_calls": [["id": "c", "type": "function", "function": ["name": "f", "arguments": "{}"]]],
    ]
    let harness = RuntimeHarness(
      ScriptedChatModel(.message(call, finishReason: "tool_calls"), .text("done"), .text("sent whole")))
    try await harness.agent()
    let first = try await harness.chat([.user("q")], session: "s")
    #expect(first.completion.finishReason == "tool_calls")
    _ = try await harness.chat([.result("c")], session: "s", config: ["historyLength": 1])
    #expect(harness.prompt(1) == ["user: q", "assistant: →c", "tool: c"])
    #expect(try await harness.thread("s") == ["user: q", "assistant: →c", "tool: c", "assistant: done"])
    // A client that sends the exchange again adds it, it does not replace the thread.
    _ = try await harness.chat([.user("r"), .calls("d"), .result("d")], session: "s")
    #expect(try await harness.thread("s")?.count == 8)
  }

  @Test func aLongToolExchangeIsReadBackToItsQuestion() async throws {
    try await harness.agent()
    let key = ThreadKey(agentID: "a", sessionID: "s")
    let exchange = [Message.user("q")] + (0..<9).flatMap { [Message.calls("\($0)"), .result("\($0)")] }
    try await harness.store.appendTurn(
      ThreadTurn(
        key: key, userID: nil, messages: exchange + [.calls("9")], replacesHistory: false, time: .distantPast))
    _ = try await harness.chat([.result("9")], session: "s", config: ["historyLength": 5])
    #expect(harness.prompt(0) == (exchange + [.calls("9"), .result("9")]).map(\.short))
  }

  @Test func aFailedTurnStoresNothing() async throws {
    let harness = RuntimeHarness(
      ScriptedChatModel(
        .text("first"), .failing(ModelError(.unavailable, "down"), after: "part"), .text("third")))
    try await harness.agent()
    _ = try await harness.chat([.user("one")], session: "s")
    let error = await runtimeError { _ = try await harness.chat([.user("two")], session: "s") }
    #expect(error?.code == .llmUnavailable)
    #expect(try await harness.thread("s") == ["user: one", "assistant: first"])
    _ = try await harness.chat([.user("three")], session: "s")
    #expect(harness.prompt(2) == ["user: one", "assistant: first", "user: three"])
  }

  @Test func anAbandonedTurnStoresNothing() async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness(ScriptedChatModel(.text("a", "b").waiting(at: gate, before: 1)))
    try await harness.agent()
    let handle = RunHandle()
    async let error = failure { _ = try await harness.chat([.user("one")], session: "s", handle: handle) }
    await gate.reached()
    handle.cancel(.disconnected)
    #expect(await error is CancellationError)
    #expect(try await harness.thread("s") == nil)
    #expect(harness.runs.count == 0)
  }

  @Test func anAnswerThatCameTooLateIsNotStored() async throws {
    let harness = RuntimeHarness(ScriptedChatModel(.text("whole")))
    try await harness.agent()
    let handle = RunHandle()
    let error = await failure {
      // The last delta is out when the caller leaves, so that the model returns its answer all the same.
      _ = try await harness.chat([.user("one")], session: "s", handle: handle) { _ in
        await Task.yield()
        handle.cancel(.disconnected)
      }
    }
    #expect(error is CancellationError)
    #expect(try await harness.thread("s") == nil)
  }

  @Test func aThreadBelongsToItsFirstUser() async throws {
    try await harness.agent()
    _ = try await harness.chat([.user("one")], session: "s")
    _ = try await harness.chat([.user("two")], session: "s", user: "u")
    _ = try await harness.chat([.user("three")], session: "s")
    _ = try await harness.chat([.user("four")], session: "s", user: "u")
    let error = await runtimeError { _ = try await harness.chat([.user("five")], session: "s", user: "other") }
    #expect(error?.code == .accessDenied && error?.status == 403)
    let replacing = [Message.user("x"), .assistant("y"), .user("z")]
    #expect(await runtimeError { _ = try await harness.chat(replacing, session: "s", user: "o") }?.status == 403)
    #expect(try await harness.thread("s")?.count == 8)
    #expect(harness.model.calls.count == 4)
  }

  @Test func turnsOfOneThreadTakeTurns() async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness(
      ScriptedChatModel { _, number in
        number == 0 ? .text("first").waiting(at: gate) : .text("second")
      })
    try await harness.agent()
    async let first = harness.chat([.user("one")], session: "s")
    await gate.reached()
    // Runs at once until it stands in line, so that the order is certain.
    let second = Task.immediate { try await harness.chat([.user("two")], session: "s") }
    // Another session is not held up.
    #expect(try await harness.chat([.user("x")], session: "t").completion.message.text == "second")
    gate.open()
    _ = try await (first, second.value)
    #expect(harness.prompt(2) == ["user: one", "assistant: first", "user: two"])
  }

  @Test(arguments: ["interrupt", "rollback"])
  func aNewerTurnTakesOver(policy: String) async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness(
      ScriptedChatModel { _, number in
        number == 0 ? .text("first").waiting(at: gate) : .text("second")
      })
    try await harness.agent()
    async let superseded = runtimeError { _ = try await harness.chat([.user("one")], session: "s") }
    await gate.reached()
    let second = try await harness.chat([.user("two")], session: "s", config: ["on_busy": .string(policy)])
    #expect(second.completion.message.text == "second")
    let error = try #require(await superseded)
    #expect(error.code == .conflict && error.status == 409)
    #expect(try await harness.thread("s") == ["user: two", "assistant: second"])
  }

  @Test func aBusyThreadMayReject() async throws {
    let gate = ModelGate()
    let harness = RuntimeHarness(ScriptedChatModel(.text("first").waiting(at: gate)))
    try await harness.agent("a", ["conversation_config": ["on_busy": "reject"]])
    async let first = harness.chat([.user("one")], session: "s")
    await gate.reached()
    let error = await runtimeError { _ = try await harness.chat([.user("two")], session: "s") }
    #expect(error?.code == .conflict && error?.message.contains("on_busy") == true)
    gate.open()
    _ = try await first
    #expect(try await harness.thread("s")?.count == 2)
  }
}
