import AgentJSON
import AgentLLM
import AgentRuntime
import Testing

@Suite(.timeLimit(.minutes(2))) struct TranscriptTests {
  /// Answers to other requests than chat completions; the probe's tests use them.
  private static let others: Set<String> = ["auth-models-missing", "err-404", "err-405", "models"]

  @Test func everyTranscriptHasAnExpectation() throws {
    #expect(try Set(Transcripts.names()) == Set(Expected.all.keys).union(Self.others))
  }

  @Test(arguments: Expected.all.keys.sorted())
  func replay(_ name: String) async throws {
    let bytes = try Transcripts.answer(name)
    let (request, streams) = try ChatRequest.recorded(name)
    let expected = try #require(Expected.all[name])
    let (asked, asking) = AsyncStream.makeStream(of: RawConnection.self)
    try await withModel { _, connection in
      connection.send(bytes)
      asking.yield(connection)
    } _: { model, server in
      var deltas: [ChatDelta] = []
      do {
        let completion =
          if streams {
            try await model.stream(request) { batch in
              #expect(!batch.isEmpty)
              deltas += batch
              // These were cut where the connection ended; the last bytes may not be lost with it.
              if case .failure(.unavailable, _, _, deltas.count) = expected { await asked.one()?.close() }
            }
          } else {
            try await model.complete(request)
          }
        check(completion, deltas, expected)
      } catch let error as ModelError {
        check(error, deltas, expected)
      }
      let sent = try #require(server.requests.first)
      try check(sent, request, streams: streams)
      #expect(server.requests.count == 1)
    }
  }

  private func check(_ completion: ChatCompletion, _ deltas: [ChatDelta], _ expected: Expected) {
    guard case .answer(let finishReason, let text, let calls, let tokens, let count) = expected else {
      Issue.record("an answer came where a failure was expected")
      return
    }
    #expect(completion.finishReason == finishReason)
    #expect(completion.message.role == .assistant)
    #expect(completion.message.json["role"] == "assistant")
    #expect(completion.message.text == text)
    #expect(completion.usage.map { [$0.promptTokens, $0.completionTokens] } == tokens)
    #expect(completion.message.hasToolCalls == !calls.isEmpty)
    let got = (completion.message.json["tool_calls"]?.arrayValue ?? []).map { call in
      #expect(call["id"]?.stringValue?.isEmpty == false)
      #expect(call["type"] == "function")
      #expect(call["index"] == nil)
      return "\(call["function"]?["name"]?.stringValue ?? "?") \(call["function"]?["arguments"]?.stringValue ?? "?")"
    }
    #expect(got == calls)
    guard let count else { return }
    #expect(deltas.count == count)
    #expect(deltas.compactMap(\.content).joined() == text)
    #expect(deltas.allSatisfy { $0.content?.isEmpty != true && ($0.content != nil || $0.extra != nil) })
  }

  private func check(_ error: ModelError, _ deltas: [ChatDelta], _ expected: Expected) {
    guard case .failure(let kind, let status, let text, let count) = expected else {
      Issue.record("\(error) came where an answer was expected")
      return
    }
    #expect(error.kind == kind)
    #expect(error.status == status)
    #expect(error.message.contains(text), "\(error.message)")
    #expect(deltas.count == count)
    #expect(error.isRetryable == (kind == .unavailable || kind == .brokenAnswer))
  }

  /// What was sent says the same as the recorded request, but that the count of tokens is always asked for.
  private func check(_ sent: ReceivedRequest, _ request: ChatRequest, streams: Bool) throws {
    #expect(sent.head.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
    #expect(sent.header("x-request-id") == request.requestID)
    #expect(sent.header("x-llm-config-id") == request.modelID)
    #expect(sent.header("content-type") == "application/json")
    #expect(sent.header("authorization") == nil)
    #expect(sent.header("accept-encoding") == nil)
    var body = request.parameters
    body["model"] = .string(request.modelID)
    body["messages"] = .array(request.messages.map { .object($0.json) })
    body["stream"] = streams ? true : nil
    var options = body["stream_options"]?.objectValue ?? [:]
    options["include_usage"] = true
    body["stream_options"] = streams ? .object(options) : nil
    #expect(try JSONValue(parsing: sent.body) == .object(body))
  }
}
