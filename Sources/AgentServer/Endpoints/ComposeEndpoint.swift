import AgentJSON
import AgentRuntime
import HTTPTypes

/// Agents that a model proposes.
struct ComposeEndpoint: Sendable {
  let composer: AgentComposer

  var endpoints: [Endpoint] {
    [
      Endpoint(
        method: .post, path: "/v1/agents/compose", summary: "Have a model propose an agent; nothing is created",
        takesBody: true, schema: EndpointSchema(request: "ComposeRequest", response: "AgentProposal"),
        action: .notedAnswer(compose))
    ]
  }

  @Sendable private func compose(_ exchange: Exchange) async throws -> (answer: HTTPAnswer, notes: RequestNotes) {
    let handle = RunHandle()
    exchange.watch.attach(handle)
    defer { exchange.watch.detach() }
    let proposal = try await composer.compose(exchange.object(), requestID: exchange.requestID, handle: handle)
    return (.json(json(proposal)), RequestNotes(usage: proposal.usage))
  }

  private func json(_ proposal: AgentProposal) -> JSONValue {
    [
      "template_id": .string(proposal.templateID), "template_version": .string(proposal.templateVersion),
      "proposal": proposal.agent.map { .object($0) } ?? .null,
      "reasoning": proposal.reasoning.map { .string($0) } ?? .null,
      "validation_results": [
        "valid": .bool(proposal.isValid), "errors": .array(proposal.faults.map(\.json)),
        "warnings": .array(proposal.warnings.map { .string($0) }), "attempts": .integer(proposal.attempts),
      ],
      "usage": RunMetadata.usage(proposal.usage),
    ]
  }
}
