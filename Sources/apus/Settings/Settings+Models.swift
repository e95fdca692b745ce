import AgentLLM
import AgentRuntime
import FoundationEssentials

extension Settings {
  /// Where requests to models go: as MODELS_FILE says, and for other ids to the proxy, and where that fails to OpenAI
  /// (contract §6). Throws `ConfigurationFileError` with all faults of the file, and `ModelError` where an address or a
  /// key cannot be used.
  func modelRoutes() throws -> ModelRoutes {
    let other = try defaultRoute()
    guard let modelsFile else {
      guard let other else {
        throw ModelError(
          .misconfigured, "No model service is configured: set LLM_PROXY_URL, OPENAI_API_KEY or MODELS_FILE.")
      }
      return ModelRoutes(other: other)
    }
    let file = try YAMLFile.read(modelsFile)
    let (routes, faults) = ModelRoutes.read(
      file.value, environment: { ProcessInfo.processInfo.environment[$0] },
      defaults: ModelRoutes.Defaults(timeout: modelTimeout, other: other))
    guard let routes else { throw file.error(faults) }
    return routes
  }

  private func defaultRoute() throws -> ModelRoute? {
    var upstreams: [OpenAIUpstream] = []
    if let proxyURL {
      upstreams.append(
        try OpenAIUpstream(
          name: "llm_proxy", baseURL: proxyURL, apiKey: proxyToken, sendsConfigHeader: true,
          requestTimeout: modelTimeout))
    }
    if let openAIKey {
      upstreams.append(
        try OpenAIUpstream(
          name: "openai", baseURL: openAIBaseURL, apiKey: openAIKey, modelName: openAIModel,
          requestTimeout: modelTimeout))
    }
    return upstreams.isEmpty ? nil : ModelRoute(upstreams)
  }
}
