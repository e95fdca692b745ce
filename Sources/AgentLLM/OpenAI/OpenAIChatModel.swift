public import AgentHTTP
import AgentJSON
public import AgentRuntime
public import FoundationEssentials
import NIOCore

/// A chat model behind an OpenAI-compatible service.
///
/// One request upstream for each call: retries, fallbacks and circuit breakers are wrappers around a `ChatModel`.
public struct OpenAIChatModel: ChatModel {
  /// A larger answer is an error.
  static let answerMax = 64 << 20
  /// What is read of an answer with an error status.
  private static let errorBodyMax = 1 << 20
  private static let probeTimeout = Duration.seconds(5)

  /// The service that is asked.
  public let upstream: OpenAIUpstream
  private let transport: HTTPTransport
  private let chat: OutgoingRequest
  private let models: OutgoingRequest
  private let now: @Sendable () -> Date

  /// Makes a model; `now` serves to read a `Retry-After` that is a date.
  ///
  /// Throws a `ModelError` (`.misconfigured`) if the service's URL cannot be used.
  public init(
    _ upstream: OpenAIUpstream, over transport: HTTPTransport, now: @escaping @Sendable () -> Date = { Date() }
  ) throws {
    self.upstream = upstream
    self.transport = transport
    self.now = now
    var headers = [("Accept", "application/json, text/event-stream"), ("User-Agent", "apus")]
    if let key = upstream.apiKey { headers.append(("Authorization", "Bearer \(key.revealed)")) }
    do {
      models = try OutgoingRequest(
        .get, url: upstream.baseURL + "/models", headers: headers, timeout: Self.probeTimeout)
      headers.append(("Content-Type", "application/json"))
      chat = try OutgoingRequest(
        .post, url: upstream.baseURL + "/chat/completions", headers: headers, timeout: upstream.requestTimeout,
        bodyMax: Self.answerMax)
    } catch {
      throw upstream.error(error)
    }
  }

  /// Asks for a whole answer. Throws `ModelError`, or `CancellationError`.
  public func complete(_ request: ChatRequest) async throws -> ChatCompletion {
    do {
      let answer = try await transport.send(try outgoing(request, streams: false))
      guard answer.head.isSuccess else { throw statusError(answer.head, answer.body) }
      return try wholeAnswer(answer.body)
    } catch {
      throw upstream.error(error)
    }
  }

  /// Asks for an answer as the model makes it. Throws `ModelError`, `CancellationError`, or what `onDeltas` throws.
  public func stream(
    _ request: ChatRequest, onDeltas: ([ChatDelta]) async throws -> Void
  ) async throws -> ChatCompletion {
    do {
      return try await transport.withAnswer(to: try outgoing(request, streams: true)) { head, body in
        guard head.isSuccess else { throw await statusError(head, body) }
        guard !head.isJSON else { return try await wholeAnswer(body, onDeltas) }
        return try await streamedAnswer(body, onDeltas)
      }
    } catch {
      throw upstream.error(error)
    }
  }

  /// Whether the service answers: a list of models, or that there is none to be had. Throws `ModelError`.
  public func probe() async throws {
    do {
      try await transport.withAnswer(to: models) { head, body in
        guard !head.isSuccess, ![404, 405, 501].contains(head.status) else { return }
        throw await statusError(head, body)
      }
    } catch {
      throw upstream.error(error)
    }
  }
}

extension OpenAIChatModel {
  private func outgoing(_ request: ChatRequest, streams: Bool) throws -> OutgoingRequest {
    var outgoing = chat
    if upstream.sendsConfigHeader { try outgoing.addHeader("X-LLM-Config-ID", request.modelID) }
    try outgoing.addHeader("X-Request-ID", request.requestID)
    let model = upstream.modelName ?? request.modelID
    outgoing.setBody(ByteBuffer(bytes: request.openAIBody(model: model, streams: streams)))
    return outgoing
  }

  private func statusError(_ head: AnswerHead, _ body: ByteBuffer) -> ModelError {
    upstream.error(head, body: body, unixNow: Int(now().timeIntervalSince1970))
  }

  private func statusError(_ head: AnswerHead, _ body: AnswerBody) async -> any Error {
    do {
      return statusError(head, try await body.collect(bytesMax: Self.errorBodyMax))
    } catch is CancellationError {
      return CancellationError()
    } catch {
      // The status says enough, even where its text cannot be had.
      return statusError(head, ByteBuffer())
    }
  }

  private func wholeAnswer(_ body: ByteBuffer) throws -> ChatCompletion {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: body.readableBytesUInt8Span)
    } catch {
      throw upstream.brokenAnswer("the answer is not valid JSON: \(error)")
    }
    do {
      return try ChatCompletion(openAI: value)
    } catch ChatCompletion.Malformed.reported(let fault) {
      throw upstream.error(reported: fault)
    } catch ChatCompletion.Malformed.shape(let why) {
      throw upstream.brokenAnswer(why)
    }
  }

  /// A server that does not stream answers as if it had not been asked to.
  private func wholeAnswer(
    _ body: AnswerBody, _ onDeltas: ([ChatDelta]) async throws -> Void
  ) async throws -> ChatCompletion {
    let completion = try wholeAnswer(try await body.collect(bytesMax: Self.answerMax))
    let delta = ChatDelta(openAI: completion.message.json)
    if delta.content != nil || delta.extra != nil { try await onDeltas([delta]) }
    return completion
  }

  private func streamedAnswer(
    _ body: AnswerBody, _ onDeltas: ([ChatDelta]) async throws -> Void
  ) async throws -> ChatCompletion {
    var reader = StreamReader()
    while !reader.assembler.isDone {
      let bytes = try await body.next()
      let (deltas, failure) = reader.read(bytes)
      // What came before a fault was said by the model, and goes out first.
      if !deltas.isEmpty { try await onDeltas(deltas) }
      if let failure { throw upstream.error(inStream: failure) }
      if bytes == nil { break }
    }
    if let completion = reader.assembler.completion() { return completion }
    let missing = reader.assembler.isDone ? "finish_reason" : "[DONE]"
    throw upstream.brokenAnswer("the stream ended without \(missing)", isRetryable: true)
  }
}

extension AnswerHead {
  fileprivate var isJSON: Bool { header("content-type")?.lowercased().hasPrefix("application/json") ?? false }
}
