import AgentHTTP
import AgentLLM
import AgentRuntime
import NIOCore
import NIOPosix

/// Runs `body` with a model that asks a scripted server, over one event loop so that connections are predictable.
func withModel<Result>(
  timeout: Duration = .seconds(20), key: String? = nil, name: String? = nil,
  limits: HTTPTransport.Limits = HTTPTransport.Limits(), script: @escaping RawServer.Script,
  _ body: (OpenAIChatModel, RawServer) async throws -> Result
) async throws -> Result {
  try await RawServer.with(script) { server in
    let upstream = try OpenAIUpstream(
      name: "llm_proxy", baseURL: server.url, apiKey: key.map { Secret($0) }, sendsConfigHeader: true, modelName: name,
      requestTimeout: timeout)
    return try await withTransport(limits: limits) { transport in
      try await body(try OpenAIChatModel(upstream, over: transport), server)
    }
  }
}

/// Runs `body` with a transport on one event loop of its own.
func withTransport<Result>(
  limits: HTTPTransport.Limits = HTTPTransport.Limits(), _ body: (HTTPTransport) async throws -> Result
) async throws -> Result {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let transport = HTTPTransport(group: group, limits: limits)
  do {
    let result = try await body(transport)
    try await transport.shutdown()
    try await group.shutdownGracefully()
    return result
  } catch {
    try await transport.shutdown()
    try await group.shutdownGracefully()
    throw error
  }
}

extension ChatRequest {
  /// A small request.
  static let hello = ChatRequest(modelID: "m-1", messages: [Message(.user, "Hello")], requestID: "req-1")
}

/// One chunk's event with that delta.
func event(_ delta: String, finish: String? = nil) -> String {
  let reason = finish.map { "\"\($0)\"" } ?? "null"
  return "data: {\"choices\":[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\(reason)}]}\n\n"
}

/// The event with a piece of text.
func event(text: String) -> String { event("{\"content\":\"\(text)\"}") }

/// What ends a stream.
let streamEnd = event("{}", finish: "stop") + "data: [DONE]\n\n"
