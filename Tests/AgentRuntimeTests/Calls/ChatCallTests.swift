import AgentJSON
import AgentRuntime
import Testing

struct ChatCallTests {
  private static let hello: JSONValue = [["role": "user", "content": "hello"]]

  private func call(_ fields: JSONObject, limits: RuntimeLimits = RuntimeLimits()) throws -> ChatCall {
    var body: JSONObject = ["model": "a", "messages": Self.hello]
    for (key, value) in fields { body[key] = value }
    return try ChatCall(body: body, requestID: "r", limits: limits)
  }

  private func faults(_ fields: JSONObject) async -> [String] {
    await runtimeError { _ = try call(fields) }?.faultList ?? []
  }

  @Test func theLeastBody() throws {
    let call = try call([:])
    #expect(call.model == "a" && call.messages == [Message(.user, "hello")] && call.requestID == "r")
    #expect(!call.stream && !call.includeUsage && call.parameters.isEmpty && call.metadata.isEmpty)
    #expect(call.sessionID == nil && call.userID == nil && call.conversationConfig == nil)
  }

  @Test func everythingIsTaken() throws {
    let parameters: JSONObject = [
      "temperature": 2, "top_p": 0, "max_tokens": 1, "max_completion_tokens": 9, "stop": ["a", "b"], "seed": -1,
      "presence_penalty": -2, "frequency_penalty": 2, "tools": [["type": "function", "function": ["name": "f"]]],
      "tool_choice": ["type": "function"], "parallel_tool_calls": false, "response_format": ["type": "text"],
      "reasoning_effort": "low", "user": "u", "logit_bias": ["1": 2], "unknown": ["x": .null],
    ]
    var fields = parameters
    fields["stream"] = true
    fields["stream_options"] = ["include_usage": true, "other": 1]
    fields["n"] = 1
    fields["metadata"] = ["session_id": "s", "user_id": "m", "extra": [1]]
    fields["conversation_config"] = ["historyLength": 3, "on_busy": "reject", "unknown": 1]
    let call = try call(fields)
    var sent = parameters
    sent["stream_options"] = fields["stream_options"]
    #expect(call.parameters == sent)
    #expect(call.parameters.keys == sent.keys)
    #expect(call.stream && call.includeUsage)
    #expect(call.metadata == ["session_id": "s", "user_id": "m", "extra": [1]])
    #expect(call.sessionID == "s" && call.userID == "m")
    #expect(call.conversationConfig?.historyLength == 3 && call.conversationConfig?.onBusy == .reject)
  }

  @Test func reservedMembersDoNotGoUpstream() throws {
    let call = try call([
      "stream": false, "metadata": [:], "conversation_config": [:], "n": 1, "store": true,
    ])
    #expect(call.parameters == ["store": true])
  }

  @Test func whoSendsManyFaultsIsToldOfAHundred() throws {
    let junk = JSONValue.array((0..<5000).map { .integer($0) })
    let error = #expect(throws: RuntimeError.self) { try call(["messages": junk]) }
    #expect(error?.faults.count == 100)
    let tooMany = #expect(throws: RuntimeError.self) {
      try call(["messages": .array(Array(repeating: ["role": "user", "content": "x"], count: 10_001))])
    }
    #expect(tooMany?.faults.map(\.type) == ["wrong_count"])
  }

  @Test(
    arguments: [
      (["session_id": "s", "task_id": "t"], "s"), (["task_id": "t"], "t"),
      (["session_id": .null, "task_id": "t"], "t"),
      ([:], nil), (["session_id": .null], nil),
    ] as [(JSONObject, String?)])
  func sessions(metadata: JSONObject, session: String?) throws {
    #expect(try call(["metadata": .object(metadata)]).sessionID == session)
  }

  @Test(
    arguments: [
      (["user": "u"], "u"), (["user": "u", "metadata": ["user_id": "m"]], "m"), (["metadata": ["user_id": "m"]], "m"),
      (["user": "u", "metadata": ["user_id": .null]], "u"), (["metadata": .null], nil),
    ] as [(JSONObject, String?)])
  func users(fields: JSONObject, user: String?) throws {
    #expect(try call(fields).userID == user)
  }

  @Test(arguments: [
    "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "seed",
    "presence_penalty", "frequency_penalty", "tools", "tool_choice", "parallel_tool_calls", "response_format",
    "reasoning_effort", "user", "metadata", "conversation_config", "n",
  ])
  func nullIsAsIfAbsent(key: String) throws {
    #expect(throws: Never.self) { try call([key: .null]) }
  }

  @Test(
    arguments: [
      (["model": .null], "body.model: missing"), (["model": 1], "body.model: wrong_type"),
      (["model": ""], "body.model: wrong_length"),
      (["messages": .null], "body.messages: missing"), (["messages": [:]], "body.messages: wrong_type"),
      (["messages": "hi"], "body.messages: wrong_type"), (["messages": []], "body.messages: wrong_count"),
      (["stream": "true"], "body.stream: wrong_type"), (["stream": 1], "body.stream: wrong_type"),
      (["stream_options": true], "body.stream_options: wrong_type"),
      (["stream_options": ["include_usage": 1]], "body.stream_options.include_usage: wrong_type"),
      (["temperature": -0.1], "body.temperature: out_of_range"),
      (["temperature": 2.1], "body.temperature: out_of_range"),
      (["temperature": "1"], "body.temperature: wrong_type"), (["temperature": true], "body.temperature: wrong_type"),
      (["top_p": 1.1], "body.top_p: out_of_range"), (["presence_penalty": 2.5], "body.presence_penalty: out_of_range"),
      (["frequency_penalty": -3], "body.frequency_penalty: out_of_range"),
      (["max_tokens": 0], "body.max_tokens: out_of_range"), (["max_tokens": 1.5], "body.max_tokens: wrong_type"),
      (["max_completion_tokens": "x"], "body.max_completion_tokens: wrong_type"),
      (["seed": 0.5], "body.seed: wrong_type"),
      (["stop": 1], "body.stop: wrong_type"), (["stop": ["a", 1]], "body.stop: wrong_type"),
      (["n": 2], "body.n: out_of_range"), (["n": 0], "body.n: out_of_range"), (["n": "1"], "body.n: wrong_type"),
      (["user": 1], "body.user: wrong_type"), (["metadata": []], "body.metadata: wrong_type"),
      (["metadata": ["session_id": 1]], "body.metadata.session_id: wrong_type"),
      (["metadata": ["session_id": ""]], "body.metadata.session_id: wrong_length"),
      (["metadata": ["user_id": 1]], "body.metadata.user_id: wrong_type"),
      (["parallel_tool_calls": "no"], "body.parallel_tool_calls: wrong_type"),
      (["reasoning_effort": 1], "body.reasoning_effort: wrong_type"),
      (["response_format": "json"], "body.response_format: wrong_type"),
      (["response_format": [:]], "body.response_format: missing"), (["tool_choice": 1], "body.tool_choice: wrong_type"),
      (["tools": [:]], "body.tools: wrong_type"),
      (["tools": [["type": "function", "function": [:]]]], "body.tools[0].function.name: missing"),
      (["tools": [["type": "function", "function": ["name": ""]]]], "body.tools[0].function.name: missing"),
      (["tools": ["f"]], "body.tools[0]: wrong_type"),
      (["conversation_config": 1], "body.conversation_config: wrong_type"),
      (["conversation_config": ["historyLength": 0]], "body.conversation_config.historyLength: out_of_range"),
      (["conversation_config": ["on_busy": "wait"]], "body.conversation_config.on_busy: not_allowed"),
      (["conversation_config": ["temperature": 3]], "body.conversation_config.temperature: out_of_range"),
    ] as [(JSONObject, String)])
  func oneFault(fields: JSONObject, fault: String) async {
    #expect(await faults(fields) == [fault])
  }

  @Test func allFaultsComeAtOnce() async throws {
    let error = try #require(
      await runtimeError {
        _ = try call([
          "model": 1, "stream": "x", "temperature": 9, "n": 3, "stop": 1, "metadata": ["session_id": 1],
          "conversation_config": ["historyLength": -1],
          "messages": [["role": "function", "content": "x"], 7, ["role": "user"], ["content": "x"]],
          "tools": [["type": "function"]],
        ])
      })
    #expect(error.code == .validation && error.status == 422)
    #expect(
      error.faultList == [
        "body.conversation_config.historyLength: out_of_range", "body.messages[0].role: not_allowed",
        "body.messages[1]: wrong_type", "body.messages[2].content: missing", "body.messages[3].role: missing",
        "body.metadata.session_id: wrong_type", "body.model: wrong_type", "body.n: out_of_range",
        "body.stop: wrong_type", "body.stream: wrong_type", "body.temperature: out_of_range",
        "body.tools[0].function.name: missing",
      ])
    #expect(error.message.contains("and 11 more"))
    #expect(error.faults[0].json["loc"]?.arrayValue?.first == "body")
  }

  @Test func thePathOfAFaultIsAListForTheAPI() {
    let fault = Fault(path: [.key("body"), .key("messages"), .index(2), .key("role")], message: "m", type: "t")
    #expect(fault.json == ["loc": ["body", "messages", 2, "role"], "msg": "m", "type": "t"])
    #expect(fault.pathText == "body.messages[2].role")
  }
}
