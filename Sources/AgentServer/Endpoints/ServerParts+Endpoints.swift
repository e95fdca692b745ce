import HTTPTypes

extension ServerParts {
  /// All operations of the API.
  func endpoints(_ configuration: APIServerConfiguration) -> [Endpoint] {
    var all = ChatEndpoints(parts: self).endpoints + AgentEndpoints(catalog: catalog).endpoints
    all += RunEndpoints(parts: self).endpoints
    all += ComposeEndpoint(composer: composer).endpoints
    all += SessionEndpoints(parts: self).endpoints + SchemaEndpoints(parts: self).endpoints
    all += HealthEndpoints(parts: self, isMetricsOpen: configuration.isMetricsOpen).endpoints
    if configuration.isDebug { all += DocumentEndpoints(documented: all, version: version).endpoints }
    return all
  }
}
