import AgentHTTP
import AgentJSON
import AgentLLM
import NIOCore

/// Asks a running runtime over HTTP.
struct ChatClient: Sendable {
  /// A model may think for long before its first token; the runtime has the tighter bound.
  private static let timeout = Duration.seconds(600)

  /// The runtime's address without a slash at its end.
  let url: String
  /// One of the runtime's tokens; nil asks without.
  let token: Secret?
  /// The id of an agent, or of a line.
  let agent: String
  /// The `user_id` of requests.
  let user: String?
  let transport: HTTPTransport

  /// Asks for one answer and hands out its text, and the run's steps, as they arrive; returns why it ended (`stop`,
  /// `length`…).
  ///
  /// Cancelling the task closes the connection, which cancels the run. Throws `ChatFailure`, or `CancellationError`.
  func ask(
    _ message: String, session: String, onSteps: ([ChatStep]) -> Void, onText: (String) -> Void
  ) async throws -> String {
    try await exchange(request(.post, "/v1/chat/completions", body: body(message, session: session))) { head, bytes in
      guard head.isSuccess else { throw await failure(head, bytes) }
      var reader = ChatStreamReader()
      var reason: String?
      while let part = try await bytes.next() {
        for event in try reader.feed(part.readableBytesView) {
          switch event {
          case .text(let text): onText(text)
          case .steps(let steps): onSteps(steps)
          case .failed(let failure): throw failure
          case .finished(let why): reason = why
          case .end: return reason ?? "none"
          }
        }
      }
      throw ChatFailure(message: "The connection ended inside the answer.", hint: "Was the runtime stopped?")
    }
  }

  /// The agent's name, so that a wrong address, token or id shows before the first question; nil for a line.
  ///
  /// Throws `ChatFailure`, or `CancellationError`.
  func agentName() async throws -> String? {
    // Another character can stand in no agent's id, nor unescaped in a path: the first question will say so.
    guard agent.utf8.allSatisfy({ Unicode.Scalar($0).isInAgentID }) else { return nil }
    return try await exchange(request(.get, "/v1/agents/\(agent)")) { head, bytes in
      guard head.status != 404 else { return nil }
      guard head.isSuccess else { throw await failure(head, bytes) }
      let body = try await bytes.collect(bytesMax: 16 << 20)
      return try? JSONValue(parsing: Array(body.readableBytesView))["name"]?.stringValue
    }
  }

  private func body(_ message: String, session: String) -> [UInt8] {
    var metadata: JSONObject = ["session_id": .string(session)]
    if let user { metadata["user_id"] = .string(user) }
    let body: JSONValue = [
      "model": .string(agent), "stream": true, "messages": [["role": "user", "content": .string(message)]],
      "metadata": .object(metadata),
    ]
    return body.encoded()
  }

  private func request(
    _ method: OutgoingRequest.Method, _ path: String, body: [UInt8]? = nil
  ) throws -> OutgoingRequest {
    var headers = [("User-Agent", "apus-chat/\(App.version)")]
    if let token { headers.append(("Authorization", "Bearer \(token.revealed)")) }
    if body != nil { headers.append(("Content-Type", "application/json")) }
    var request = try OutgoingRequest(method, url: url + path, headers: headers, timeout: Self.timeout)
    if let body { request.setBody(ByteBuffer(bytes: body)) }
    return request
  }

  private func exchange<Result>(
    _ request: @autoclosure () throws -> OutgoingRequest,
    _ read: (AnswerHead, AnswerBody) async throws -> Result
  ) async throws -> Result {
    do {
      return try await transport.withAnswer(to: try request(), read)
    } catch let error as TransportError {
      throw ChatFailure(error, url: url)
    }
  }

  private func failure(_ head: AnswerHead, _ bytes: AnswerBody) async -> ChatFailure {
    let body = try? await bytes.collect(bytesMax: 1 << 20)
    return ChatFailure(status: head.status, body: body.map { Array($0.readableBytesView) } ?? [], agent: agent)
  }
}

extension Unicode.Scalar {
  /// Whether it may stand in an agent's id (contract §2).
  fileprivate var isInAgentID: Bool {
    isASCII && (properties.isAlphabetic || ("0"..."9").contains(self) || "._:-".unicodeScalars.contains(self))
  }
}
