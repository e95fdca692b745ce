import AgentJSON
import AgentRuntime
import HTTPTypes

/// The threads that the server keeps (contract §4).
struct SessionEndpoints: Sendable {
  let parts: ServerParts

  var endpoints: [Endpoint] {
    let path = "/v1/agents/{id}/sessions/{session_id}"
    return [
      Endpoint(
        method: .get, path: path, summary: "Read a stored conversation",
        schema: EndpointSchema(response: "Session", query: ["user_id"]), action: .answer(read)),
      Endpoint(
        method: .delete, path: path, summary: "Delete a stored conversation",
        schema: EndpointSchema(response: "Deletion", query: ["user_id"]), action: .answer(delete)),
    ]
  }

  private func thread(_ exchange: Exchange, last: Int? = nil) async throws -> AgentThread {
    try exchange.query.check()
    let (agentID, sessionID) = (exchange.parameter("id"), exchange.parameter("session_id"))
    let agent = try await parts.catalog.agent(agentID)
    let key = ThreadKey(agentID: agentID, sessionID: sessionID)
    // Threads of a task agent are its runs'.
    guard agent.type != "task", let thread = try await parts.store.thread(key, last: last) else {
      throw RuntimeError(.notFound, "Agent '\(agentID)' has no session '\(sessionID.prefix(256))'.")
    }
    if let owner = thread.userID, let user = exchange.query["user_id"], !owner.isSame(as: user) {
      throw RuntimeError(.accessDenied, "This session belongs to another user.")
    }
    return thread
  }

  @Sendable private func read(_ exchange: Exchange) async throws -> HTTPAnswer {
    let thread = try await thread(exchange)
    return .json([
      "agent_id": .string(thread.key.agentID), "session_id": .string(thread.key.sessionID),
      "user_id": thread.userID.map { .string($0) } ?? .null, "message_count": .integer(thread.messageCount),
      "created_at": .string(thread.createdAt.wireText), "updated_at": .string(thread.updatedAt.wireText),
      "messages": .array(thread.messages.map { .object($0.json) }),
    ])
  }

  @Sendable private func delete(_ exchange: Exchange) async throws -> HTTPAnswer {
    let key = try await thread(exchange, last: 0).key
    _ = try await parts.executor.deleteThread(key)
    return .json([
      "success": true, "agent_id": .string(key.agentID), "session_id": .string(key.sessionID),
      "message": "Session deleted",
    ])
  }
}
