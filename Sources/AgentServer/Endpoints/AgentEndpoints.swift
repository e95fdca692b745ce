import AgentJSON
import AgentRuntime
import HTTPTypes

/// Contract §2.
struct AgentEndpoints: Sendable {
  let catalog: AgentCatalog

  var endpoints: [Endpoint] {
    [
      Endpoint(
        method: .post, path: "/v1/agents", summary: "Create an agent", takesBody: true,
        schema: EndpointSchema(request: "AgentCreate", response: "AgentChange", status: 201), action: .answer(create)),
      Endpoint(
        method: .get, path: "/v1/agents", summary: "List agents",
        schema: EndpointSchema(
          response: "AgentList",
          query: ["template_id", "type", "status", "owner_id", "agent_line_id", "limit", "offset"]),
        action: .answer(list)),
      Endpoint(
        method: .get, path: "/v1/agents/{id}", summary: "Read an agent", schema: EndpointSchema(response: "Agent"),
        action: .answer(read)),
      Endpoint(
        method: .put, path: "/v1/agents/{id}", summary: "Update the given fields of an agent", takesBody: true,
        schema: EndpointSchema(request: "AgentUpdate", response: "AgentChange", headers: ["If-Match"]),
        action: .answer(update)),
      Endpoint(
        method: .patch, path: "/v1/agents/{id}/status", summary: "Move an agent to another status", takesBody: true,
        schema: EndpointSchema(request: "StatusChange", response: "AgentChange", headers: ["If-Match"]),
        action: .answer(move)),
      Endpoint(
        method: .delete, path: "/v1/agents/{id}", summary: "Delete an agent with everything that hangs on it",
        schema: EndpointSchema(response: "Deletion"), action: .answer(delete)),
      Endpoint(
        method: .get, path: "/v1/agents/{id}/revisions", summary: "Read an agent's history",
        schema: EndpointSchema(response: "RevisionList"), action: .answer(revisions)),
    ]
  }

  @Sendable private func create(_ exchange: Exchange) async throws -> HTTPAnswer {
    let change = try await catalog.create(try exchange.object())
    return answer(change, "Agent created", status: .created)
  }

  @Sendable private func update(_ exchange: Exchange) async throws -> HTTPAnswer {
    let match = RevisionMatch(exchange.head.headerFields[.ifMatch])
    let change = try await catalog.update(
      exchange.parameter("id"), try exchange.object(), isExpected: { match.admits($0) })
    return answer(change, "Agent updated")
  }

  @Sendable private func move(_ exchange: Exchange) async throws -> HTTPAnswer {
    let match = RevisionMatch(exchange.head.headerFields[.ifMatch])
    let change = try await catalog.move(
      exchange.parameter("id"), try exchange.object(), isExpected: { match.admits($0) })
    return answer(change, "Agent is now \(change.agent.status.rawValue)")
  }

  private func answer(
    _ change: AgentCatalog.Change, _ message: String, status: HTTPResponse.Status = .ok
  ) -> HTTPAnswer {
    .json(
      [
        "success": true, "agent_id": .string(change.agent.id), "message": .string(message),
        "validation_results": ["valid": true, "warnings": .array(change.warnings.map { .string($0) })],
      ], status: status, headers: [.eTag: etag(change.agent)])
  }

  private func etag(_ agent: AgentDefinition) -> String { "\"\(agent.revision)\"" }

  @Sendable private func read(_ exchange: Exchange) async throws -> HTTPAnswer {
    let agent = try await catalog.agent(exchange.parameter("id"))
    return .json(.object(agent.json), headers: [.eTag: etag(agent)])
  }

  @Sendable private func delete(_ exchange: Exchange) async throws -> HTTPAnswer {
    let id = exchange.parameter("id")
    try await catalog.delete(id)
    return .json(["success": true, "agent_id": .string(id), "message": "Agent deleted"])
  }

  @Sendable private func revisions(_ exchange: Exchange) async throws -> HTTPAnswer {
    let revisions = try await catalog.revisions(of: exchange.parameter("id"))
    return .json(["revisions": .array(revisions.map(\.json))])
  }

  @Sendable private func list(_ exchange: Exchange) async throws -> HTTPAnswer {
    var query = exchange.query
    var wanted = AgentQuery(
      limit: query.integer("limit", 1...1000, default: 100), offset: query.integer("offset", 0...Int.max, default: 0))
    wanted.status = query.choice("status", AgentStatus.self)
    wanted.templateID = query["template_id"]
    wanted.type = query["type"]
    wanted.ownerID = query["owner_id"]
    wanted.agentLineID = query["agent_line_id"]
    try query.check()
    let page = try await catalog.agents(wanted)
    return .json(
      .array(page.agents.map { .object($0.json) }), headers: [.totalCount: String(page.total)])
  }
}

/// The revisions that an `If-Match` names: quoted, bare, or `*` (contract §2).
struct RevisionMatch: Sendable {
  private let names: [String]?

  init(_ header: String?) {
    names = header.map { header in
      header.split(separator: ",").map { part in
        var name = part.trimmingSpaces
        if name.count > 1, name.first == "\"", name.last == "\"" { name = name.dropFirst().dropLast() }
        return String(name)
      }
    }
  }

  func admits(_ revision: Int) -> Bool {
    guard let names else { return true }
    return names.contains("*") || names.contains(String(revision))
  }
}
