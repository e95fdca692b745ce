import AgentHTTP
import AgentLLM
import AgentRuntime
import AgentServer

extension Settings {
  /// The model service that is asked: the proxy if there is one, else OpenAI (contract §6); nil if there is none.
  /// Throws `ModelError` where its address or key cannot be used.
  func upstream() throws -> OpenAIUpstream? {
    if let proxyURL {
      return try OpenAIUpstream(
        name: "llm_proxy", baseURL: proxyURL, apiKey: proxyToken, sendsConfigHeader: true,
        requestTimeout: modelTimeout)
    }
    guard let openAIKey else { return nil }
    return try OpenAIUpstream(
      name: "openai", baseURL: openAIBaseURL, apiKey: openAIKey, modelName: openAIModel, requestTimeout: modelTimeout)
  }

  /// The chat model that agents talk to. Throws `ModelError`.
  func chatModel(over transport: HTTPTransport) throws -> OpenAIChatModel {
    guard let upstream = try upstream() else {
      throw ModelError(.misconfigured, "No model service is configured: set LLM_PROXY_URL or OPENAI_API_KEY.")
    }
    return try OpenAIChatModel(upstream, over: transport)
  }

  /// The bounds that hold for every agent.
  var runtimeLimits: RuntimeLimits {
    var limits = RuntimeLimits()
    limits.messageLengthMax = messageLengthMax
    limits.conversationHistoryMax = conversationHistoryMax
    limits.concurrentRunsMax = concurrentRunsMax
    limits.executionTimeout = executionTimeout
    return limits
  }

  /// How the server listens.
  var serverConfiguration: APIServerConfiguration {
    var configuration = APIServerConfiguration(tokens: runtimeTokens.map(\.revealed))
    configuration.host = host
    configuration.port = port
    configuration.isDebug = isDebug
    configuration.corsOrigins = corsOrigins
    configuration.requestBytesMax = requestBytesMax
    configuration.isMetricsOpen = isMetricsOpen
    configuration.drainTimeout = drainTimeout
    configuration.idleTimeout = idleTimeout
    configuration.keepAliveInterval = streamKeepAlive
    configuration.tokenRateLimit = tokenRateLimit
    configuration.addressRateLimit = addressRateLimit
    configuration.tls = tls.map { .init(certificate: $0.certificate, key: $0.key) }
    return configuration
  }

  /// What must never stand in a log.
  var secrets: [String] { (runtimeTokens + [proxyToken, openAIKey].compactMap { $0 }).map(\.revealed) }
}
