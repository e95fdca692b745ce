import AgentJSON
import AgentRuntime
import NIOCore
import Testing

@testable import AgentLLM

@Suite(.timeLimit(.minutes(2))) struct StreamReaderTests {
  @Test func toolCallsComeTogetherByIndex() throws {
    let (deltas, completion) = try read(
      event("{\"role\":\"assistant\",\"content\":null}"),
      toolCalls(#"{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}"#),
      toolCalls(#"{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{"}}"#),
      toolCalls(#"{"index":0,"function":{"arguments":"}"}},{"index":1,"function":{"arguments":"[]"}}"#),
      toolCalls(#"{"index":1,"id":"again","function":{"name":""}}"#),
      event("{}", finish: "tool_calls") + "data: [DONE]\n\n")
    #expect(deltas.count == 4)
    let calls: JSONValue = [
      ["id": "a", "type": "function", "function": ["name": "f", "arguments": "{}"]],
      ["id": "b", "type": "function", "function": ["name": "g", "arguments": "[]"]],
    ]
    #expect(completion?.message.json == ["role": "assistant", "content": .null, "tool_calls": calls])
    #expect(completion?.finishReason == "tool_calls")
    #expect(completion?.usage == nil)
  }

  @Test func textRefusalAndReasoningAreJoined() throws {
    let (deltas, completion) = try read(
      event("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}"),
      event("{\"reasoning_content\":\"Let \"}"), event("{\"reasoning_content\":\"me.\",\"content\":null}"),
      event(text: "Hel"), event(text: "lo"), event("{\"refusal\":\"N\"}"), event("{\"refusal\":\"o\"}"),
      event("{\"content\":[{\"type\":\"text\",\"text\":\"!\"}]}"), streamEnd)
    #expect(deltas.map { $0.content ?? "-" } == ["-", "-", "Hel", "lo", "-", "-", "!"])
    #expect(deltas[0].extra == ["reasoning_content": "Let "])
    #expect(deltas[2].extra == nil)
    let json: JSONObject = ["role": "assistant", "content": "Hello!", "reasoning_content": "Let me.", "refusal": "No"]
    #expect(completion?.message.json == json)
  }

  @Test func anEmptyAnswerIsAnEmptyText() throws {
    let (deltas, completion) = try read(event("{\"role\":\"assistant\",\"content\":null}"), streamEnd)
    #expect(deltas.isEmpty)
    #expect(completion?.message.json == ["role": "assistant", "content": ""])
  }

  @Test func otherChoicesEmptyEventsAndUnknownOnesAreSkipped() throws {
    let (deltas, completion) = try read(
      "data: {\"choices\":[]}\n\n", "data: {}\n\n", "data:\n\n", "data: {\"choices\":[{\"index\":0}]}\n\n",
      #"data: {"choices":[{"index":1,"delta":{"content":"no"},"finish_reason":"length"}],"error":null}"# + "\n\n",
      "data: {\"choices\":[{\"delta\":{\"content\":\"yes\"},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
      #"data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":-4,"total_tokens":9e99,"x":{"y":1}}}"#
        + "\n\n",
      "data: [DONE]\n\ndata: nothing that counts\n\n")
    #expect(deltas == [ChatDelta(content: "yes")])
    #expect(completion?.finishReason == "stop")
    #expect(completion?.usage == TokenUsage(promptTokens: 3, completionTokens: 0, details: ["x": ["y": 1]]))
  }

  @Test(arguments: [
    "data: {\"choices\"\n\n", "data: 7\n\n", "data: [DONE\n\n", "data: [DONE]x\n\n",
    "data: {\"choices\":[{\"delta\":{\"tool_calls\":{}}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"tool_calls\":[1]}}]}\n\n",
    "data: {\"error\":{\"message\":\"boom\",\"code\":500}}\n\n", "data: {\"error\":\"boom\"}\n\n",
    "data: {\"error\":[1]}\n\n",
  ])
  func whatIsBrokenFailsAfterWhatWasWhole(_ broken: String) throws {
    var reader = StreamReader()
    let (deltas, failure) = reader.read(ByteBuffer(string: event(text: "a") + broken + event(text: "b")))
    #expect(deltas == [ChatDelta(content: "a")])
    #expect(failure is StreamAssembler.Failure)
  }

  @Test func invalidUTF8Fails() throws {
    var reader = StreamReader()
    var bytes = Array(event(text: "a").utf8)
    bytes[bytes.count - 60] = 0xFF
    let (deltas, failure) = reader.read(ByteBuffer(bytes: bytes))
    #expect(deltas.isEmpty)
    #expect(failure is StreamAssembler.Failure)
  }

  @Test func nothingIsCompleteWithoutBothEnds() throws {
    #expect(try read(event(text: "a"), event("{}", finish: "stop")).completion == nil)
    #expect(try read(event(text: "a"), "data: [DONE]\n\n").completion == nil)
    #expect(try read(event(text: "a"), streamEnd).completion != nil)
    #expect(try read(event(text: "a"), event("{}", finish: "stop"), "data: [DONE]").completion != nil)
  }

  @Test func toolCallsAreBounded() throws {
    var calls = ToolCallAssembler()
    for index in 0..<ToolCallAssembler.callsMax {
      try calls.merge([["index": .integer(index * 1_000_000), "function": ["name": "f"]]])
    }
    #expect(throws: ToolCallAssembler.Fault.self) { try calls.merge([["index": -1]]) }
  }

  private func toolCalls(_ calls: String) -> String { event("{\"tool_calls\":[\(calls)]}") }

  private func read(_ pieces: String...) throws -> (deltas: [ChatDelta], completion: ChatCompletion?) {
    var reader = StreamReader()
    var all: [ChatDelta] = []
    for piece in pieces.map({ ByteBuffer(string: $0) as ByteBuffer? }) + [nil] {
      let (deltas, failure) = reader.read(piece)
      if let failure { throw failure }
      all += deltas
    }
    return (all, reader.assembler.completion())
  }
}
