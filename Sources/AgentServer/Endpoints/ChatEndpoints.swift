import AgentJSON
import AgentRuntime
import FoundationEssentials
import HTTPTypes
import NIOCore

/// The OpenAI-compatible part of the API (contract §4).
struct ChatEndpoints: Sendable {
  let parts: ServerParts
  private let ids = IDSequence("chatcmpl-")

  init(parts: ServerParts) { self.parts = parts }

  var endpoints: [Endpoint] {
    [
      Endpoint(
        method: .post, path: "/v1/chat/completions", summary: "Run an agent", isOpenAI: true, takesBody: true,
        schema: EndpointSchema(request: "ChatCompletionRequest", response: "ChatCompletion"), action: .stream(complete)),
      Endpoint(
        method: .get, path: "/v1/models", summary: "List agents as models", isOpenAI: true,
        schema: EndpointSchema(response: "ModelList"), action: .answer(models)),
      Endpoint(
        method: .get, path: "/v1/models/{id}", summary: "Read an agent as a model", isOpenAI: true,
        schema: EndpointSchema(response: "Model"), action: .answer(model)),
    ]
  }

  @Sendable private func complete(_ exchange: Exchange, _ answer: StreamingAnswer) async throws -> RequestNotes {
    let call = try ChatCall(body: exchange.object(), requestID: exchange.requestID, limits: parts.limits)
    let agent = try await parts.catalog.runnable(call.model, userID: call.userID)
    var answer = answer
    answer.headers = { rateHeaders(agent) }
    do {
      return try await run(call, agent, exchange, answer)
    } catch {
      // The record names the agent, whatever came of it.
      let details = (error as? RuntimeError)?.details
      let isRefused = (error as? RuntimeError)?.code == .rateLimitExceeded
      return RequestNotes(
        agentID: agent.id, runID: details?["run_id"]?.stringValue, failure: error,
        rates: isRefused ? parts.executor.rates(of: agent.definition) : nil)
    }
  }

  private func rateHeaders(_ agent: LoadedAgent) -> HTTPFields {
    var headers = HTTPFields()
    headers.add(parts.executor.rates(of: agent.definition))
    return headers
  }

  private func run(
    _ call: ChatCall, _ agent: LoadedAgent, _ exchange: Exchange, _ answer: StreamingAnswer
  ) async throws -> RequestNotes {
    guard !call.isBackground else {
      let run = try await parts.runService.submit(call, agent: agent)
      try await answer.send(.accepted(run))
      return RequestNotes(agentID: run.agentID, runID: run.id)
    }
    let writer = CompletionWriter(id: ids.next(), model: call.model, created: Int(Date().timeIntervalSince1970))
    let handle = RunHandle()
    exchange.watch.attach(handle)
    defer { exchange.watch.detach() }
    guard call.stream else {
      let result = try await execute(call, agent, handle)
      try await answer.send(.json(writer.completion(result, call), headers: rateHeaders(agent)))
      return RequestNotes(agentID: result.agentID, runID: result.runID, usage: result.usage)
    }
    return try await stream(call, agent, handle, writer, answer)
  }

  private func execute(
    _ call: ChatCall, _ agent: LoadedAgent, _ handle: RunHandle, _ sink: DeltaSink? = nil
  ) async throws -> RunResult {
    if parts.runService.keeps(call, by: agent) {
      return try await parts.runService.answer(call, agent: agent, handle: handle, sink: sink)
    }
    return try await parts.executor.execute(call, agent: agent, handle: handle, sink: sink)
  }

  private func stream(
    _ call: ChatCall, _ agent: LoadedAgent, _ handle: RunHandle, _ writer: CompletionWriter, _ answer: StreamingAnswer
  ) async throws -> RequestNotes {
    let chunks = writer.chunks
    do {
      let result = try await execute(call, agent, handle) { deltas in
        try await answer.write(chunks.events(deltas, isFirst: !answer.hasBegun))
      }
      if !answer.hasBegun { try await answer.write(chunks.opening) }
      try await answer.finish(chunks.closing(result, call))
      return RequestNotes(agentID: result.agentID, runID: result.runID, usage: result.usage)
    } catch {
      // Before the first token the caller gets an HTTP status, after it an error within the stream.
      guard answer.hasBegun, !(error is CancellationError), handle.reason != .disconnected else { throw error }
      let failure = RuntimeError(describing: error)
      let wire = ErrorAnswer(error: failure, requestID: call.requestID).errorObject
      try await answer.finish(chunks.failure(wire))
      return RequestNotes(agentID: agent.id, lateError: failure)
    }
  }

  @Sendable private func models(_ exchange: Exchange) async throws -> HTTPAnswer {
    var models: [JSONValue] = []
    var query = AgentQuery(limit: 100)
    while true {
      let page = try await parts.catalog.agents(query)
      models += page.agents.filter { $0.status != .revoked }.map { Self.model($0, id: $0.id) }
      query.offset += page.agents.count
      if page.agents.isEmpty || query.offset >= page.total { break }
    }
    return .json(["object": "list", "data": .array(models)])
  }

  @Sendable private func model(_ exchange: Exchange) async throws -> HTTPAnswer {
    let id = exchange.parameter("id")
    return .json(Self.model(try await parts.catalog.named(id), id: id))
  }

  private static func model(_ agent: AgentDefinition, id: String) -> JSONValue {
    [
      "id": .string(id), "object": "model", "created": .integer(Int(agent.createdAt.timeIntervalSince1970)),
      "owned_by": .string(agent.ownerID ?? "apus"), "name": .string(agent.name),
    ]
  }
}
