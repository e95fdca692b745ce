import AgentHTTP
import AgentJSON
import AgentLLM
import AgentRuntime
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIChatModelTests {
  private static let answer = "{\"choices\":[{\"message\":{\"content\":\"Hi\"}}]}"

  @Test func requestIsWhatTheUpstreamWants() async throws {
    let options: JSONObject = ["include_usage": false, "include_obfuscation": true]
    let parameters: JSONObject = [
      "model": "no", "messages": "no", "stream": false, "stream_options": .object(options), "seed": 7,
      "unknown \"field\"": [1, 2.5, .null],
    ]
    let request = ChatRequest(
      modelID: "m-1", messages: [Message(.user, "Hi")], parameters: parameters, requestID: "r-9")
    try await withModel(key: "sk-1", name: "fixed") { received, connection in
      if received.number == 0 { return connection.sendAnswer(Self.answer) }
      connection.sendStreamHead()
      connection.sendChunk(streamEnd)
      connection.sendLastChunk()
    } _: { model, server in
      let completion = try await model.complete(request)
      #expect(completion.message.json == ["role": "assistant", "content": "Hi"])
      #expect(completion.finishReason == "stop")
      #expect(completion.usage == nil)
      _ = try await model.stream(request) { _ in Issue.record("nothing to forward") }
      let text = "{\"model\":\"fixed\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"seed\":7,"
      let unknown = "\"unknown \\\"field\\\"\":[1,2.5,null]"
      let streams = ",\"stream\":true,\"stream_options\":{\"include_usage\":true,\"include_obfuscation\":true}}"
      let bodies = server.requests.map { String(decoding: $0.body, as: UTF8.self) }
      #expect(bodies == [text + unknown + "}", text + unknown + streams])
      #expect(server.requests.allSatisfy { $0.header("authorization") == "Bearer sk-1" })
      #expect(
        server.requests.allSatisfy { $0.header("x-llm-config-id") == "m-1" && $0.header("x-request-id") == "r-9" })
    }
  }

  @Test func idsThatNoHeaderCanHoldAreRefused() async throws {
    try await withModel { _, connection in
      connection.sendAnswer(Self.answer)
    } _: { model, server in
      for (id, requestID) in [("a\r\nX-Evil: 1", "r"), ("a", "r\nb"), ("a\0", "r")] {
        let error = await #expect(throws: ModelError.self) {
          try await model.complete(ChatRequest(modelID: id, messages: [], requestID: requestID))
        }
        #expect(error?.kind == .misconfigured)
      }
      #expect(server.requests.isEmpty)
    }
  }

  @Test func largeRequestsGoOutWhole() async throws {
    let text = String(repeating: "x", count: 3 << 20)
    try await withModel { _, connection in
      connection.sendAnswer(Self.answer)
    } _: { model, server in
      let request = ChatRequest(modelID: "m", messages: [Message(.user, text)], requestID: "r")
      _ = try await model.complete(request)
      let sent = try JSONValue(parsing: try #require(server.requests.first).body)
      #expect(sent["messages"]?.arrayValue?.first?["content"] == .string(text))
    }
  }

  @Test func aServerThatDoesNotStreamIsOneDelta() async throws {
    let calls: JSONValue = [["id": "c", "type": "function", "function": ["name": "f", "arguments": "{}"]]]
    try await withModel { _, connection in
      connection.sendAnswer("{\"choices\":[{\"message\":{\"content\":\"Hi\",\"tool_calls\":\(calls)}}]}")
    } _: { model, _ in
      var deltas: [[ChatDelta]] = []
      let completion = try await model.stream(.hello) { deltas.append($0) }
      #expect(deltas == [[ChatDelta(content: "Hi", extra: ["tool_calls": calls])]])
      #expect(completion.finishReason == "tool_calls")
    }
  }

  @Test func noDeltaWaitsForTheNext() async throws {
    let (asked, asking) = AsyncStream.makeStream(of: RawConnection.self)
    try await withModel { _, connection in
      connection.sendStreamHead()
      // One event in two chunks, two in one, and the start of a fourth.
      connection.sendChunk("data: {\"choices\":[{\"del")
      connection.sendChunk("ta\":{\"content\":\"a\"}}]}\n\n" + event(text: "b") + event(text: "c") + ": ping\n\ndata: ")
      asking.yield(connection)
    } _: { model, _ in
      var text = ""
      let completion = try await model.stream(.hello) { deltas in
        text += deltas.compactMap(\.content).joined()
        // The server goes on only when everything before has been forwarded.
        if text == "abc", let connection = await asked.one() {
          connection.sendChunk(String(event(text: "d").dropFirst(6)))
          asking.yield(connection)
        } else if text == "abcd", let connection = await asked.one() {
          connection.sendChunk(streamEnd)
        }
      }
      #expect(text == "abcd")
      #expect(completion.message.text == "abcd")
    }
  }

  @Test(arguments: [
    ("{\"choices\":[]}", "choices[0].message"), ("{}", "choices[0].message"), ("[]", "no JSON object"),
    ("{\"choices\":[{}]}", "choices[0].message"),
    ("{\"choices\":[{\"index\":1,\"message\":{}}]}", "choices[0].message"),
    ("", "not valid JSON"), ("<html>", "not valid JSON"), ("{\"error\":{\"message\":\"boom\"}}", "boom"),
    ("{\"error\":\"boom\",\"choices\":[{\"message\":{}}]}", "boom"), ("\"\u{FFFD}", "not valid JSON"),
  ])
  func brokenAnswers(_ body: String, _ text: String) async throws {
    try await withModel { _, connection in
      connection.sendAnswer(body)
    } _: { model, _ in
      for streams in [false, true] {
        let error = await #expect(throws: ModelError.self) {
          if streams { try await model.stream(.hello) { _ in } } else { try await model.complete(.hello) }
        }
        #expect(error?.kind == .brokenAnswer)
        #expect(error?.message.contains(text) == true, "\(String(describing: error))")
        #expect(error?.isRetryable == (text == "boom"))
      }
    }
  }

  @Test(arguments: [
    (event(text: "a"), "without [DONE]"), (event(text: "a") + event("{}", finish: "stop"), "without [DONE]"),
    (event(text: "a") + "data: [DONE]\n\n", "without finish_reason"),
    (event(text: "a") + "data: {\n\n", "not valid JSON"),
    (event(text: "a") + "data: {\"error\":{\"message\":\"boom\",\"code\":500}}\n\n" + streamEnd, "boom"),
  ])
  func brokenStreams(_ stream: String, _ text: String) async throws {
    try await withModel { _, connection in
      connection.sendStreamHead()
      connection.sendChunk(stream)
      connection.sendLastChunk()
    } _: { model, _ in
      var deltas: [ChatDelta] = []
      let error = await #expect(throws: ModelError.self) { try await model.stream(.hello) { deltas += $0 } }
      #expect(error?.kind == .brokenAnswer)
      #expect(error?.message.contains(text) == true, "\(String(describing: error))")
      #expect(deltas == [ChatDelta(content: "a")])
    }
  }

  @Test func whatIsNoHTTPIsBroken() async throws {
    try await withModel { _, connection in
      connection.send("SSH-2.0-OpenSSH_9.2\r\n\r\n")
      connection.close()
    } _: { model, server in
      let error = await #expect(throws: ModelError.self) { try await model.complete(.hello) }
      #expect(error?.kind == .brokenAnswer)
      #expect(server.requests.count == 1)
    }
  }

  @Test func rateLimitSaysWhenToComeAgain() async throws {
    try await withModel { _, connection in
      connection.sendAnswer(
        "{}", status: "429 Too Many Requests", headers: "Retry-After: 7\r\nretry-after-ms: 6500\r\n")
    } _: { model, _ in
      let error = await #expect(throws: ModelError.self) { try await model.stream(.hello) { _ in } }
      #expect(error?.kind == .rateLimited)
      #expect(error?.retryAfter == .milliseconds(6500))
      #expect(error?.isRetryable == true)
    }
  }

  @Test func redirectsAreNotFollowed() async throws {
    try await withModel(key: "sk-1") { _, connection in
      connection.sendAnswer("", status: "307 Temporary Redirect", headers: "Location: /elsewhere\r\n")
    } _: { model, server in
      let error = await #expect(throws: ModelError.self) { try await model.complete(.hello) }
      #expect(error?.kind == .misconfigured)
      #expect(server.requests.count == 1)
    }
  }

  @Test func errorsOfTheCallerPassUnchanged() async throws {
    struct Mine: Error {}
    try await withModel { _, connection in
      connection.sendStreamHead()
      connection.sendChunk(event(text: "a"))
    } _: { model, server in
      await #expect(throws: Mine.self) { try await model.stream(.hello) { _ in throw Mine() } }
      #expect(await server.closed.one() == 0)
    }
  }

  @Test(
    arguments: [
      ("models", nil), ("err-404", nil), ("err-405", nil), ("auth-models-missing", .misconfigured),
      ("loading-chat", .unavailable), ("err-tools-nofunc", .unavailable),
    ] as [(String, ModelError.Kind?)])
  func probe(_ transcript: String, _ kind: ModelError.Kind?) async throws {
    let bytes = try Transcripts.answer(transcript)
    try await withModel(key: "sk-1") { _, connection in
      connection.send(bytes)
    } _: { model, server in
      if let kind {
        let error = await #expect(throws: ModelError.self) { try await model.probe() }
        #expect(error?.kind == kind)
      } else {
        try await model.probe()
      }
      let request = try #require(server.requests.first)
      #expect(request.head.hasPrefix("GET /v1/models HTTP/1.1\r\n"))
      #expect(request.header("authorization") == "Bearer sk-1")
    }
  }

  @Test func refusedConnectionIsUnavailableAtOnce() async throws {
    let url = try await RawServer.with({ _, _ in }) { $0.url }
    try await withTransport { transport in
      let model = try OpenAIChatModel(try OpenAIUpstream(name: "llm_proxy", baseURL: url), over: transport)
      let began = ContinuousClock.now
      let error = await #expect(throws: ModelError.self) { try await model.complete(.hello) }
      #expect(error?.kind == .unavailable)
      #expect(error?.isRetryable == true)
      #expect(error?.message.contains("refused") == true, "\(String(describing: error))")
      #expect(ContinuousClock.now - began < .seconds(5))
    }
  }
}
