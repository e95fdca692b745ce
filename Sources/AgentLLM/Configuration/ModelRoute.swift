public import AgentJSON
public import AgentRuntime

/// Where requests for one model configuration go, and what holds for them.
public struct ModelRoute: Sendable {
  /// At least one: the first is asked first, the others stand in for it in this order.
  public var upstreams: [OpenAIUpstream]
  /// Parameters of requests that do not set them.
  public var defaults: JSONObject
  /// What holds for the configuration's requests.
  public var traits: ModelTraits

  /// Makes a route.
  public init(_ upstreams: [OpenAIUpstream], defaults: JSONObject = [:], traits: ModelTraits = ModelTraits()) {
    self.upstreams = upstreams
    self.defaults = defaults
    self.traits = traits
  }
}

/// The routes of all model configurations.
public struct ModelRoutes: Sendable {
  /// By the configuration's id.
  public var byID: [String: ModelRoute]
  /// For every other id; nil refuses them.
  public var other: ModelRoute?

  /// Makes routes.
  public init(byID: [String: ModelRoute] = [:], other: ModelRoute? = nil) {
    self.byID = byID
    self.other = other
  }
}
