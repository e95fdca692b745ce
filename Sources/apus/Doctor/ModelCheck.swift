import AgentHTTP
import AgentJSON
import AgentLLM
import AgentRuntime

/// Whether each model service that is configured answers, by a real completion.
struct ModelCheck: Sendable {
  let settings: Settings
  let transport: HTTPTransport

  func run() async -> [Finding] {
    let proxy = settings.proxyURL.map { url in
      Service(
        name: "LLM_PROXY_URL", key: "LLM_PROXY_TOKEN", modelSetting: "DEFAULT_LLM_CONFIG_ID", url: url,
        model: settings.defaultModelID)
    }
    let openAI = settings.openAIKey.map { _ in
      Service(
        name: "OPENAI_BASE_URL", key: "OPENAI_API_KEY", modelSetting: "OPENAI_MODEL", url: settings.openAIBaseURL,
        model: settings.openAIModel)
    }
    guard proxy != nil || openAI != nil else {
      return [.fail("model", "none is configured", "set LLM_PROXY_URL, or OPENAI_API_KEY")]
    }
    var findings: [Finding] = []
    if let proxy { findings.append(await check(proxy, apiKey: settings.proxyToken, isProxy: true)) }
    if let openAI {
      var finding = await check(openAI, apiKey: settings.openAIKey, isProxy: false)
      // Without its fallback the runtime still answers.
      if finding.status == .fail, proxy != nil { finding.status = .warn }
      findings.append(finding)
    }
    return findings
  }

  /// What a service is called in the settings.
  private struct Service {
    let name: String
    let key: String
    let modelSetting: String
    let url: String
    let model: String
  }

  private func check(_ service: Service, apiKey: Secret?, isProxy: Bool) async -> Finding {
    do {
      let upstream = try OpenAIUpstream(
        name: isProxy ? "llm_proxy" : "openai", baseURL: service.url, apiKey: apiKey, sendsConfigHeader: isProxy,
        modelName: isProxy ? nil : service.model, requestTimeout: settings.modelTimeout)
      let model = try OpenAIChatModel(upstream, over: transport)
      try await model.probe()
      let clock = ContinuousClock()
      let start = clock.now
      let answer = try await complete(model, service.model)
      let took = (clock.now - start).milliseconds
      let tokens = answer.usage.map { ", \($0.totalTokens) tokens" } ?? ", without a count of tokens"
      return .ok("model", "\"\(service.model)\" at \(upstream.baseURL) answered in \(took) ms\(tokens)")
    } catch {
      return failure(service, error)
    }
  }

  private func complete(_ model: OpenAIChatModel, _ name: String) async throws -> ChatCompletion {
    let messages = [Message(.user, "Reply with the word ok.")]
    func ask(_ limit: String) async throws -> ChatCompletion {
      try await model.complete(
        ChatRequest(modelID: name, messages: messages, parameters: [limit: 16], requestID: "apus-doctor"))
    }
    do {
      return try await ask("max_tokens")
    } catch let error as ModelError where error.kind == .rejected {
      // OpenAI's reasoning models know the newer name only, other services the older one only.
      return try await ask("max_completion_tokens")
    }
  }

  private func failure(_ service: Service, _ error: any Error) -> Finding {
    let error = error as? ModelError
    let what = "\"\(service.model)\" at \(service.url): \(error?.message ?? "it gave no answer")"
    let remedy =
      switch error?.kind {
      case .misconfigured, .rejected:
        "check \(service.key), and \(service.modelSetting): GET /v1/models of the service lists its models"
      case .rateLimited: "wait, or raise the service's limit"
      case .timeout: "raise LLM_REQUEST_TIMEOUT, or use a faster model"
      case .brokenAnswer: "\(service.name) must be an OpenAI-compatible service: is it the right address?"
      default: "start the service, or correct \(service.name)"
      }
    return .fail("model", StandardStreams.withoutControls(what), remedy)
  }
}

extension Duration {
  /// In whole milliseconds.
  fileprivate var milliseconds: Int { Int(self / .milliseconds(1)) }
}
