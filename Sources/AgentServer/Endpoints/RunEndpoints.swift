import AgentJSON
import AgentRuntime
import FoundationEssentials
import HTTPTypes
import NIOCore

/// Runs as things: shown, ended, gone on with, followed.
struct RunEndpoints: Sendable {
  let parts: ServerParts

  var endpoints: [Endpoint] {
    let path = "/v1/runs/{id}"
    return [
      Endpoint(
        method: .get, path: "/v1/runs", summary: "List the runs that are kept, the newest first",
        schema: EndpointSchema(response: "RunList", query: ["agent_id", "status", "limit", "after"]),
        action: .answer(list)),
      Endpoint(
        method: .get, path: path, summary: "Read a run", schema: EndpointSchema(response: "Run", query: ["user_id"]),
        action: .answer(read)),
      Endpoint(
        method: .post, path: path + "/cancel", summary: "End a run, which can be resumed",
        schema: EndpointSchema(response: "Run", query: ["user_id"]), action: .answer(cancel)),
      Endpoint(
        method: .post, path: path + "/resume",
        summary: "Go on in the background with a run that failed or was cancelled",
        schema: EndpointSchema(response: "Run", status: 202, query: ["user_id"]), action: .answer(resume)),
      Endpoint(
        method: .get, path: path + "/stream", summary: "Follow a run as server-sent events",
        schema: EndpointSchema(query: ["user_id"], headers: ["Last-Event-ID"]), action: .stream(follow)),
    ]
  }

  @Sendable private func list(_ exchange: Exchange) async throws -> HTTPAnswer {
    var query = exchange.query
    let (limit, status) = (query.integer("limit", 1...100, default: 20), query.choice("status", RunStatus.self))
    let after = query.runCursor("after")
    try query.check()
    let page = try await parts.runService.runs(
      RunQuery(agentID: query["agent_id"], status: status, after: after, limit: limit))
    var json: JSONObject = [
      "object": "list", "data": .array(page.runs.map(\.summary)), "next": page.next.map { .string($0.text) } ?? .null,
    ]
    if !page.unreadable.isEmpty { json["unreadable"] = .array(page.unreadable.map { .string($0.message) }) }
    return .json(.object(json))
  }

  @Sendable private func read(_ exchange: Exchange) async throws -> HTTPAnswer {
    .json(try await parts.runService.run(exchange.parameter("id"), userID: try exchange.userID()).json)
  }

  @Sendable private func cancel(_ exchange: Exchange) async throws -> HTTPAnswer {
    .json(try await parts.runService.cancel(exchange.parameter("id"), userID: try exchange.userID()).json)
  }

  @Sendable private func resume(_ exchange: Exchange) async throws -> HTTPAnswer {
    try await .accepted(parts.runService.resume(exchange.parameter("id"), userID: try exchange.userID()))
  }

  @Sendable private func follow(_ exchange: Exchange, _ answer: StreamingAnswer) async throws -> RequestNotes {
    let (id, userID) = (exchange.parameter("id"), try exchange.userID())
    let run = try await parts.runService.run(id, userID: userID)
    guard exchange.head.method != .head else {
      try await answer.send(HTTPAnswer(headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"]))
      return RequestNotes(agentID: run.agentID, runID: id)
    }
    let lastID = exchange.head.headerFields[.lastEventID]
    let handle = RunHandle()
    exchange.watch.attach(handle)
    defer { exchange.watch.detach() }
    let created = Int(run.createdAt.timeIntervalSince1970)
    let chunks = ChunkWriter(id: "chatcmpl-\(id)", model: run.agentID, created: created)
    // The head goes at once: a step may take long.
    try await answer.write(ByteBuffer(string: ": run \(run.status.rawValue)\n\n"))
    do {
      let result = try await parts.runService.follow(id, userID: userID, after: lastID, handle: handle) { events in
        try await answer.write(chunks.events(events.deltas, isFirst: events.isStart) { events.id(at: $0) })
      }
      try await answer.finish(chunks.closing(result, ChatCall(shownWith: run)))
      return RequestNotes(agentID: run.agentID, runID: id)
    } catch {
      guard !(error is CancellationError), handle.reason != .disconnected else { throw error }
      let failure = RuntimeError(describing: error)
      try await answer.finish(chunks.failure(ErrorAnswer(error: failure, requestID: exchange.requestID).errorObject))
      return RequestNotes(agentID: run.agentID, runID: id, lateError: failure)
    }
  }
}

extension HTTPAnswer {
  /// 202 with a run that goes on without its caller.
  static func accepted(_ run: StoredRun) -> HTTPAnswer {
    .json(run.json, status: .accepted, headers: [.location: "/v1/runs/\(run.id)"])
  }
}

extension Exchange {
  /// Who asks, where the query says so. Throws `RuntimeError` 422 for a query that cannot be read.
  fileprivate func userID() throws -> String? {
    try query.check()
    return query["user_id"]
  }
}
