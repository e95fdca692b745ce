import AgentHTTP
import AgentJSON
import NIOCore
import Synchronization

/// The way to a server over streamable HTTP: a POST a message.
final class HTTPLink: MCPLink {
  private struct State {
    var nextID = 1
    var session: String?
  }
  private let state = Mutex(State())
  private let base: OutgoingRequest
  private let events: AsyncStream<MCPEvent>.Continuation
  /// What is to be sent without anybody waiting: cancellations and replies.
  private let outbox: AsyncStream<(JSONObject, MCPEra)>.Continuation
  private let messages: AsyncStream<(JSONObject, MCPEra)>
  private let transport: HTTPTransport
  private let url: String
  private let headers: [(name: String, value: String)]

  /// How long a server may be silent inside an answer; callers cancel earlier.
  private static let silenceMax = Duration.seconds(600)
  private static let goodbyeMax = Duration.seconds(2)

  init(
    _ endpoint: MCPServerConfiguration.Endpoint, transport: HTTPTransport,
    events: AsyncStream<MCPEvent>.Continuation
  ) throws {
    headers = endpoint.headers
    url = endpoint.url
    base = try OutgoingRequest(
      .post, url: url,
      headers: headers + [
        ("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream"),
      ], timeout: Self.silenceMax)
    self.transport = transport
    self.events = events
    (messages, outbox) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(MCPLimits.eventsMax))
  }

  /// Works for as long as `body` does; says goodbye to the session at the end.
  func run(_ body: @escaping @Sendable (any MCPLink) async throws -> Void) async throws {
    defer { outbox.finish() }
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await body(self) }
        group.addTask {
          for await (message, era) in self.messages { try? await self.post(message, era) }
          try Task.checkCancellation()
        }
        defer { group.cancelAll() }
        try await group.next()
      }
    } catch {
      await endSession()
      throw error
    }
    await endSession()
  }

  private func endSession() async {
    guard let session = state.withLock({ $0.session.take() }) else { return }
    guard
      let goodbye = try? OutgoingRequest(
        .delete, url: url, headers: headers + [("Mcp-Session-Id", session)], timeout: Self.goodbyeMax)
    else { return }
    // A task of its own: the one that ends is cancelled, and could send nothing.
    await Task { [transport] in _ = try? await transport.send(goodbye) }.value
  }

  func request(_ request: MCPRequest) async throws -> JSONObject {
    let id = state.withLock { state in
      defer { state.nextID += 1 }
      return state.nextID
    }
    return try await withTaskCancellationHandler {
      try await exchange(request, id)
    } onCancel: {
      // In the stateless era the closed connection says it.
      guard case .stateful = request.era else { return }
      outbox.yield(
        (
          [
            "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": ["requestId": .integer(id), "reason": "the caller no longer waits"],
          ], request.era
        ))
    }
  }

  func notify(_ method: String, era: MCPEra) async throws {
    try await post(["jsonrpc": "2.0", "method": .string(method)], era)
  }

  func listen(era: MCPEra) async throws {
    if era.isStateless {
      let parameters: JSONObject = ["notifications": ["toolsListChanged": true]]
      _ = try await request(MCPRequest(method: "subscriptions/listen", parameters: parameters, era: era))
      return
    }
    var get = try OutgoingRequest(
      .get, url: url, headers: headers + [("Accept", "text/event-stream")], timeout: Self.silenceMax)
    try addSession(&get, era)
    try await withFailures {
      try await self.transport.withAnswer(to: get) { head, body in
        guard head.isSuccess else { throw MCPFailure.status(head.status) }
        guard self.isStream(head) else { throw MCPFailure.garbage("its news are no event stream") }
        _ = try await self.readStream(body, id: nil, era)
      }
    }
  }
}

extension HTTPLink {
  private func addSession(_ request: inout OutgoingRequest, _ era: MCPEra) throws {
    if let version = era.version { try request.addHeader("MCP-Protocol-Version", version) }
    if !era.isStateless, let session = state.withLock({ $0.session }) {
      try request.addHeader("Mcp-Session-Id", session)
    }
  }

  private func post(_ message: JSONObject, _ era: MCPEra) async throws {
    var outgoing = base
    try addSession(&outgoing, era)
    outgoing.bodyMax = 1 << 20
    outgoing.setBody(ByteBuffer(bytes: JSONValue.object(message).encoded()))
    let request = outgoing
    try await withFailures {
      let answer = try await self.transport.send(request)
      guard answer.head.isSuccess else { throw MCPFailure.status(answer.head.status) }
    }
  }

  private func exchange(_ request: MCPRequest, _ id: Int) async throws -> JSONObject {
    var outgoing = base
    if request.method == "initialize" {
      state.withLock { $0.session = nil }
    } else {
      try addSession(&outgoing, request.era)
    }
    if request.era.isStateless {
      try outgoing.addHeader("Mcp-Method", request.method)
      if let name = request.parameters["name"]?.stringValue {
        try outgoing.addHeader("Mcp-Name", MCPHeaders.encoded(name))
      }
      for (name, value) in request.headers { try outgoing.addHeader(name, value) }
    }
    outgoing.setBody(ByteBuffer(bytes: JSONValue.object(request.json(id: id)).encoded()))
    let prepared = outgoing
    return try await withFailures {
      try await self.transport.withAnswer(to: prepared) { head, body in
        if request.method == "initialize", let session = head.header("Mcp-Session-Id") {
          self.state.withLock { $0.session = session }
        }
        return try await self.read(head, body, id: id, request.era)
      }
    }
  }

  private func read(_ head: AnswerHead, _ body: AnswerBody, id: Int, _ era: MCPEra) async throws -> JSONObject {
    if head.status == 404, !era.isStateless, era != .unknown, state.withLock({ $0.session != nil }) {
      throw MCPFailure.sessionLost
    }
    if head.isSuccess, isStream(head) {
      guard let result = try await readStream(body, id: id, era) else {
        throw MCPFailure.broken("its answer ended before the result")
      }
      return result
    }
    let bytes = try await body.collect(bytesMax: MCPLimits.messageMax)
    switch MCPMessage(parsing: bytes.readableBytesUInt8Span) {
    case .answer(id, let result) where head.isSuccess: return result
    case .error(_, let failure): throw failure
    default:
      throw head.isSuccess ? MCPFailure.garbage("its answer is no JSON-RPC answer") : .status(head.status)
    }
  }

  private func isStream(_ head: AnswerHead) -> Bool {
    head.header("Content-Type")?.lowercased().hasPrefix("text/event-stream") == true
  }

  /// Reads events until the answer to `id`, or to the stream's end.
  private func readStream(_ body: AnswerBody, id: Int?, _ era: MCPEra) async throws -> JSONObject? {
    var parser = EventStreamParser(eventMax: MCPLimits.messageMax)
    var bytesRead = 0
    var answer: Result<JSONObject, MCPFailure>?
    while answer == nil, let bytes = try await body.next() {
      bytesRead += bytes.readableBytes
      // A stream for news has no length; an answer has.
      guard id == nil || bytesRead <= MCPLimits.streamMax else {
        throw MCPFailure.garbage("its answer is larger than \(MCPLimits.streamMax) bytes")
      }
      try parser.feed(bytes.readableBytesUInt8Span) { event in
        answer = answer ?? take(MCPMessage(parsing: event), id: id, era)
      }
    }
    return try answer?.get()
  }

  private func take(_ message: MCPMessage, id: Int?, _ era: MCPEra) -> Result<JSONObject, MCPFailure>? {
    switch message {
    case .answer(id, let result): return .success(result)
    case .error(let failed, let failure) where failed == id && id != nil: return .failure(failure)
    case .request(let id, let method): outbox.yield((MCPMessage.reply(to: id, method), era))
    case .notification("notifications/tools/list_changed"): events.yield(.toolsChanged)
    default: break
    }
    return nil
  }

  private func withFailures<Value>(_ work: () async throws -> Value) async throws -> Value {
    do {
      return try await work()
    } catch let error as TransportError {
      throw error.kind == .bodyTooLarge ? MCPFailure.garbage(error.message) : .broken(error.message)
    } catch let error as EventStreamParser.EventTooLarge {
      throw MCPFailure.garbage("an event is larger than \(error.eventMax) bytes")
    }
  }
}
