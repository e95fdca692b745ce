import AgentRuntime

/// Where an OpenAI-compatible model service is and how it wants to be asked (contract §6).
public struct OpenAIUpstream: Sendable, Hashable {
  /// The name in logs, errors and health, such as `llm_proxy`.
  public let name: String
  /// The base URL, with its version segment and without a slash at the end.
  public let baseURL: String
  /// The key that is sent as `Authorization: Bearer`; nil sends none.
  public let apiKey: Secret?
  /// Whether the request's model id goes along as `X-LLM-Config-ID`.
  public let sendsConfigHeader: Bool
  /// The `model` of every request; nil sends the request's model id.
  public let modelName: String?
  /// How long to wait for the first byte, and then between bytes (LLM_REQUEST_TIMEOUT).
  public let requestTimeout: Duration

  /// Describes a service; `baseURL` is taken with or without `/v1`.
  ///
  /// Throws a `ModelError` (`.misconfigured`) that says what is wrong with the URL or the key.
  public init(
    name: String, baseURL: String, apiKey: Secret? = nil, sendsConfigHeader: Bool = false, modelName: String? = nil,
    requestTimeout: Duration = .seconds(60)
  ) throws {
    self.name = name
    self.baseURL = try Self.versioned(baseURL)
    if let apiKey, apiKey.revealed.isEmpty || !apiKey.revealed.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
      throw ModelError(.misconfigured, "the key for \(name) is empty or holds spaces or non-ASCII characters")
    }
    self.apiKey = apiKey
    self.sendsConfigHeader = sendsConfigHeader
    self.modelName = modelName
    self.requestTimeout = requestTimeout
  }

  /// Adds `/v1` unless the path has a version segment, as in `…/v1`, `…/openai/v1` or `…/v1beta/openai`.
  private static func versioned(_ url: String) throws -> String {
    func refused(_ why: String) -> ModelError {
      ModelError(.misconfigured, "\"\(url)\" \(why); allowed is http(s)://host[:port][/path]")
    }
    var text = Substring(url)
    while text.hasSuffix("/") { text.removeLast() }
    let scheme = text.prefix { $0 != ":" }
    guard ["http", "https"].contains(scheme.lowercased()) else { throw refused("is no HTTP URL") }
    guard text.dropFirst(scheme.count).hasPrefix("://") else { throw refused("has no // after its scheme") }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw refused("holds spaces, control or non-ASCII characters")
    }
    guard !text.contains(where: { $0 == "?" || $0 == "#" }) else { throw refused("has a query or a fragment") }
    let parts = text.dropFirst(scheme.count + 3).split(separator: "/", omittingEmptySubsequences: false)
    guard let host = parts.first, !host.isEmpty, !host.hasPrefix(":") else { throw refused("names no host") }
    // Credentials in a URL would end up in logs; they are a setting of their own.
    guard !host.contains("@") else {
      throw ModelError(.misconfigured, "a model's URL must not hold a user or password; use the token's own setting")
    }
    let hasVersion = parts.dropFirst().contains { part in
      part.first == "v" && part.dropFirst().first?.isNumber == true
    }
    return hasVersion ? String(text) : text + "/v1"
  }
}
