import AgentJSON
import AgentRuntime
import Testing

struct MessageDecoderTests {
  private func decode(_ messages: [JSONValue], lengthMax: Int = 32_000) throws -> [Message] {
    var limits = RuntimeLimits()
    limits.messageLengthMax = lengthMax
    return try ChatCall(body: ["model": "a", "messages": .array(messages)], requestID: "", limits: limits).messages
  }

  @Test(
    arguments: [
      ["role": "system", "content": "x"], ["role": "developer", "content": "x"], ["role": "user", "content": ""],
      ["role": "user", "content": "x", "name": "n", "unknown": [1]],
      [
        "role": "user", "content": [["type": "text", "text": "x"], ["type": "image_url", "image_url": ["url": "u"]]],
      ],
      ["role": "user", "content": [["type": "input_audio", "input_audio": [:]], ["type": "new_part"]]],
      ["role": "assistant", "content": "x"], ["role": "assistant", "content": .null], ["role": "assistant"],
      ["role": "assistant", "refusal": "no"],
      [
        "role": "assistant", "content": .null,
        "tool_calls": [["id": "c", "type": "function", "function": ["name": "f", "arguments": "{"]]],
      ],
      ["role": "tool", "tool_call_id": "c", "content": "x"],
      ["role": "tool", "tool_call_id": "c", "content": [["type": "text", "text": "x"]]],
    ] as [JSONObject])
  func isKeptAsItCame(message: JSONObject) throws {
    let decoded = try decode([.object(message)])
    #expect(decoded.map(\.json) == [message])
    #expect(decoded[0].json.keys == message.keys)
    #expect(decoded[0].role.rawValue == message["role"]?.stringValue)
    #expect(Message(stored: .object(message)) == decoded[0])
  }

  @Test(
    arguments: [
      ([:], "role: missing"), (["role": .null, "content": "x"], "role: missing"),
      (["role": 1, "content": "x"], "role: wrong_type"), (["role": "function", "content": "x"], "role: not_allowed"),
      (["role": "User", "content": "x"], "role: not_allowed"), (["role": "user"], "content: missing"),
      (["role": "user", "content": .null], "content: missing"), (["role": "system"], "content: missing"),
      (["role": "tool", "tool_call_id": "c"], "content: missing"),
      (["role": "user", "content": 1], "content: wrong_type"),
      (["role": "user", "content": [:]], "content: wrong_type"),
      (["role": "user", "content": []], "content: wrong_count"),
      (["role": "user", "content": ["x"]], "content[0]: wrong_type"),
      (["role": "user", "content": [["text": "x"]]], "content[0]: wrong_type"),
      (["role": "user", "content": [["type": "text"]]], "content[0].text: missing"),
      (["role": "user", "content": [["type": "text", "text": 1]]], "content[0].text: missing"),
      (["role": "user", "content": "x", "name": 1], "name: wrong_type"),
      (["role": "tool", "content": "x"], "tool_call_id: missing"),
      (["role": "tool", "content": "x", "tool_call_id": 1], "tool_call_id: wrong_type"),
      (["role": "assistant", "content": 1], "content: wrong_type"),
      (["role": "assistant", "tool_calls": [:]], "tool_calls: wrong_type"),
      (["role": "assistant", "tool_calls": [["type": "function"]]], "tool_calls[0].id: missing"),
    ] as [(JSONObject, String)])
  func oneFault(message: JSONObject, fault: String) async {
    let error = await runtimeError { _ = try decode([["role": "user", "content": "first"], .object(message)]) }
    #expect(error?.faultList == ["body.messages[1].\(fault)"])
  }

  @Test func lengthCountsScalarsOfAllTexts() async throws {
    let texts: [JSONValue] = [
      ["role": "system", "content": "ab"], ["role": "user", "content": [["type": "text", "text": "界e\u{301}"]]],
      ["role": "assistant", "content": .null],
      ["role": "user", "content": [["type": "image_url", "image_url": "long"]]],
    ]
    #expect(try decode(texts, lengthMax: 5).count == 4)
    #expect(await runtimeError { _ = try decode(texts, lengthMax: 4) }?.faultList == ["body.messages: too_long"])
  }

  @Test func textsOfMessages() {
    #expect(Message(.user, "x").text == "x")
    #expect(Message(role: .assistant, json: ["role": "assistant", "content": .null]).text == "")
    let parts: JSONValue = [["type": "text", "text": "a"], ["type": "image_url"], ["type": "text", "text": "b"]]
    #expect(Message(role: .user, json: ["role": "user", "content": parts]).text == "ab")
    #expect(Message.calls("c").hasToolCalls && !Message.assistant("x").hasToolCalls)
    #expect(!Message(role: .assistant, json: ["role": "assistant", "tool_calls": []]).hasToolCalls)
    #expect(Message(stored: ["role": "function"]) == nil && Message(stored: "x") == nil)
  }
}
