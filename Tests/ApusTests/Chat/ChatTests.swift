import AgentLLM
import Testing

@testable import apus

@Suite struct ChatTests {
  private static let stream = """
    : comment\r
    data: {"choices":[{"delta":{"role":"assistant","content":""}}]}

    data: {"choices":[{"delta":{"content":"Grüß "}}]}

    data:{"choices":[{"delta":{"content":"dich"}}]}

    data: {"choices":[{"delta":{},"finish_reason":"stop"}],"metadata":{}}

    data: [DONE]


    """

  @Test(arguments: [1, 2, 7, 1000])
  func streamIsReadWhereverItIsSplit(_ size: Int) throws {
    let bytes = Array(Self.stream.utf8)
    var reader = ChatStreamReader()
    var events: [ChatStreamReader.Event] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      events += try reader.feed(bytes[start..<min(start + size, bytes.count)])
    }
    #expect(events == [.text("Grüß "), .text("dich"), .finished(reason: "stop"), .end])
  }

  @Test func stepsComeBeforeTheAnswersEnd() throws {
    let steps = #"{"execution_steps":[{"step":"a","status":"running","duration_ms":0}]}"#
    var reader = ChatStreamReader()
    let events = try reader.feed(
      Array(
        """
        data: {"choices":[{"delta":{},"finish_reason":null}],"metadata":\(steps)}
        data: {"choices":[{"delta":{},"finish_reason":"stop"}],"metadata":\(steps)}

        """.utf8))
    #expect(events == [.steps([ChatStep(name: "a", status: .running)]), .finished(reason: "stop")])
  }

  @Test func failureInsideTheStream() throws {
    var reader = ChatStreamReader()
    let chunk =
      #"{"choices":[{"delta":{},"finish_reason":"error"}],"error":{"message":"Lost.","code":"LLM_UNAVAILABLE"}}"#
    #expect(
      try reader.feed(Array("data: \(chunk)\n".utf8)) == [.failed(ChatFailure(message: "Lost. (LLM_UNAVAILABLE)"))])
    #expect(throws: ChatFailure.self) { try reader.feed(Array("data: {\n".utf8)) }
  }

  @Test(arguments: [
    (
      401, #"{"error":{"message":"m","code":"INVALID_TOKEN"},"message":"Wrong token.","request_id":"r1"}"#,
      "Wrong token. (INVALID_TOKEN, 401, request r1)", "RUNTIME_TOKEN"
    ),
    (404, #"{"error":"AGENT_NOT_FOUND","message":"There is no agent x."}"#, "(AGENT_NOT_FOUND, 404)", "/v1/agents"),
    (404, "<html>", "status 404", "--url"),
    (502, #"{"error":{"message":"Down","code":"LLM_UNAVAILABLE"}}"#, "Down (LLM_UNAVAILABLE, 502)", "doctor"),
  ])
  func errorIsShownWithAHint(_ status: Int, _ body: String, _ message: String, _ hint: String) {
    let failure = ChatFailure(status: status, body: Array(body.utf8), agent: "x")
    #expect(failure.message.contains(message))
    #expect(failure.hint?.contains(hint) == true)
  }

  @Test func targetComesFromTheSettings() throws {
    let target = try ChatTarget(
      url: nil, token: nil, environment: ["PORT": "81"], dotenv: "RUNTIME_TOKEN=first,second\nHOST=::1")
    #expect(target.url == "http://[::1]:81" && target.token?.revealed == "first")
  }

  @Test func targetFromTheCommandLineNeedsNoSettings() throws {
    let target = try ChatTarget(
      url: "https://example.com/", token: "t", environment: ["PORT": "x", "RUNTIME_TOKEN": "a,,b"], dotenv: nil)
    #expect(target.url == "https://example.com" && target.token?.revealed == "t")
    #expect(throws: (any Error).self) { try ChatTarget(url: "x", token: "t", environment: [:], dotenv: nil) }
    #expect(throws: SettingsError.self) {
      try ChatTarget(url: nil, token: "t", environment: ["PORT": "x"], dotenv: nil)
    }
  }

  @Test func exampleTokenIsTheRuntimesToRefuse() throws {
    let target = try ChatTarget(url: nil, token: nil, environment: ["RUNTIME_TOKEN": "change-me"], dotenv: nil)
    #expect(target.token?.revealed == "change-me" && target.url == "http://127.0.0.1:8000")
    #expect(try ChatTarget(url: nil, token: nil, environment: [:], dotenv: nil).token == nil)
  }

  @Test func terminalGetsNoControls() {
    #expect(StandardStreams.withoutControls("a\u{1B}[31m\tb\n\u{9B}c\r") == "a[31m\tb\nc")
  }
}
