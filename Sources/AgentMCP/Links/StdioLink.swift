import AgentJSON
import Synchronization

/// The way to a child process: a message a line.
final class StdioLink: MCPLink {
  private let pending = PendingRequests()
  private let outgoing: AsyncStream<[UInt8]>.Continuation
  private let events: AsyncStream<MCPEvent>.Continuation

  init(outgoing: AsyncStream<[UInt8]>.Continuation, events: AsyncStream<MCPEvent>.Continuation) {
    self.outgoing = outgoing
    self.events = events
  }

  func request(_ request: MCPRequest) async throws -> JSONObject {
    let id = pending.makeID()
    defer { pending.finish(id) }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        guard pending.add(id, waiter) else { return }
        do {
          try send(request.json(id: id))
        } catch {
          pending.resolve(id, .failure(error))
        }
      }
    } onCancel: {
      // The handshake must not be cancelled (both eras).
      guard pending.cancel(id), request.method != "initialize", request.method != "server/discover" else { return }
      let parameters: JSONObject = ["requestId": .integer(id), "reason": "the caller no longer waits"]
      try? send([
        "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": .object(request.era.parameters(parameters)),
      ])
    }
  }

  func notify(_ method: String, era: MCPEra) async throws {
    try send(["jsonrpc": "2.0", "method": .string(method)])
  }

  func listen(era: MCPEra) async throws {
    guard era.isStateless else { return }
    let parameters: JSONObject = ["notifications": ["toolsListChanged": true]]
    _ = try await request(MCPRequest(method: "subscriptions/listen", parameters: parameters, era: era))
  }

  /// Takes one line of the child.
  func take(_ line: Span<UInt8>) {
    switch MCPMessage(parsing: line) {
    case .answer(let id, let result): pending.resolve(id, .success(result))
    case .error(let id?, let failure): pending.resolve(id, .failure(failure))
    case .request(let id, let method): try? send(MCPMessage.reply(to: id, method))
    case .notification("notifications/tools/list_changed"): events.yield(.toolsChanged)
    case .notification, .error(nil, _), .garbage: break
    }
  }

  /// Fails all that wait.
  func close(_ failure: MCPFailure) { pending.close(failure) }

  private func send(_ message: JSONObject) throws(MCPFailure) {
    var line = JSONValue.object(message).encoded()
    line.append(0x0A)
    guard case .enqueued = outgoing.yield(line) else {
      throw .broken("the child process takes no more messages")
    }
  }
}
