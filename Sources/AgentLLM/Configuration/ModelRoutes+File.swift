public import AgentJSON
public import AgentRuntime

extension ModelRoutes {
  /// What a models file may leave out.
  public struct Defaults: Sendable {
    /// The time to the first byte and between bytes (LLM_REQUEST_TIMEOUT).
    public var timeout: Duration
    /// The route of ids that the file does not name, unless it has `*` (contract §6).
    public var other: ModelRoute?

    /// Names the defaults.
    public init(timeout: Duration, other: ModelRoute? = nil) {
      self.timeout = timeout
      self.other = other
    }
  }

  /// Reads the content of a models file (MODELS_FILE). Returns all faults where there are any, each with its path.
  public static func read(
    _ file: JSONValue, environment: @escaping (String) -> String?, defaults: Defaults
  ) -> (routes: ModelRoutes?, faults: [Fault]) {
    var reader = ModelsFileReader(environment: environment, defaults: defaults)
    let routes = reader.routes(file)
    return (reader.faults.isEmpty ? routes : nil, reader.faults)
  }
}

/// Collects routes and faults of one models file.
private struct ModelsFileReader {
  let environment: (String) -> String?
  let defaults: ModelRoutes.Defaults
  var faults: [Fault] = []
  private var fallbacks: [String: [String]] = [:]

  init(environment: @escaping (String) -> String?, defaults: ModelRoutes.Defaults) {
    self.environment = environment
    self.defaults = defaults
  }

  mutating func routes(_ file: JSONValue) -> ModelRoutes {
    guard let object = file.objectValue else {
      faults.append(Fault(path: [], message: "the file must hold an object with 'models'", type: "wrong_type"))
      return ModelRoutes()
    }
    var reader = ObjectReader(object, path: [])
    reader.refuseMembers(besides: ["models"])
    let models = reader.object("models")
    if models?.isEmpty ?? true { reader.fault("models", "is required: at least one model configuration", "missing") }
    faults += reader.faults
    var routes = ModelRoutes(other: defaults.other)
    for (id, value) in models ?? [:] {
      if let route = route(id, value) { routes.byID[id] = route }
    }
    routes = linked(routes)
    if let other = routes.byID.removeValue(forKey: "*") { routes.other = other }
    return routes
  }

  private mutating func route(_ id: String, _ value: JSONValue) -> ModelRoute? {
    let path: [Fault.Step] = [.key("models"), .key(id)]
    guard let object = value.objectValue else {
      faults.append(Fault(path: path, message: "\(value.excerpt) is not an object", type: "wrong_type"))
      return nil
    }
    var reader = ObjectReader(object, path: path)
    reader.refuseMembers(besides: ["upstreams", "fallbacks", "defaults", "limits", "multimodal"])
    if !isID(id) { reader.faultHere("the id '\(id)' is not 1 to 256 visible ASCII characters", "pattern") }
    let list = reader.array("upstreams") ?? []
    if list.isEmpty { reader.fault("upstreams", "is required: at least one", "missing") }
    fallbacks[id] = names("fallbacks", &reader)
    let parameters = reader.object("defaults") ?? [:]
    for name in ["model", "messages", "stream", "stream_options"] where parameters.contains(key: name) {
      reader.fault("defaults", "'\(name)' is the runtime's to set", "not_allowed")
    }
    let traits = ModelTraits(rates: limits(&reader), isMultimodal: reader.bool("multimodal") ?? true)
    faults += reader.faults
    let upstreams = list.enumerated().compactMap { upstream(id, $0.offset, $0.element) }
    return ModelRoute(upstreams, defaults: parameters, traits: traits)
  }

  private func isID(_ id: String) -> Bool {
    (1...256).contains(id.utf8.count) && id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  private mutating func upstream(_ id: String, _ index: Int, _ value: JSONValue) -> OpenAIUpstream? {
    let path: [Fault.Step] = [.key("models"), .key(id), .key("upstreams"), .index(index)]
    guard let object = value.objectValue else {
      faults.append(Fault(path: path, message: "\(value.excerpt) is not an object", type: "wrong_type"))
      return nil
    }
    var reader = ObjectReader(object, path: path)
    defer { faults += reader.faults }
    reader.refuseMembers(besides: ["name", "base_url", "api_key_env", "model", "send_config_id", "timeout"])
    if reader.value("base_url") == nil {
      reader.fault("base_url", "is required: http(s)://host[:port][/path]", "missing")
    }
    let key = key(&reader)
    let name = reader.string("name", length: 1...64) ?? "\(id)/\(index)"
    let model = reader.string("model", length: 1...256) ?? (id == "*" ? nil : id)
    let sendsID = reader.bool("send_config_id") ?? false
    let timeout = reader.number("timeout", 0.1...3600).map { Duration.milliseconds(Int($0 * 1000)) }
    guard let url = reader.string("base_url", length: 1...2048) else { return nil }
    do {
      return try OpenAIUpstream(
        name: name, baseURL: url, apiKey: key, sendsConfigHeader: sendsID, modelName: model,
        requestTimeout: timeout ?? defaults.timeout)
    } catch {
      reader.fault("base_url", (error as? ModelError)?.message ?? "cannot be used", "not_allowed")
      return nil
    }
  }

  /// The key, out of the environment variable that the file names: keys do not stand in files.
  private func key(_ reader: inout ObjectReader) -> Secret? {
    guard let name = reader.string("api_key_env", length: 1...256) else { return nil }
    if let value = environment(name), !value.isEmpty { return Secret(value) }
    reader.fault("api_key_env", "the environment variable '\(name)' is not set", "not_set")
    return nil
  }

  private func names(_ key: String, _ reader: inout ObjectReader) -> [String] {
    guard let list = reader.array(key) else { return [] }
    let names = list.compactMap(\.stringValue)
    if names.count != list.count { reader.fault(key, "is not an array of ids", "wrong_type") }
    return names
  }

  private func limits(_ reader: inout ObjectReader) -> RateLimits {
    guard let object = reader.object("limits") else { return RateLimits() }
    var inner = ObjectReader(object, path: reader.path + [.key("limits")])
    inner.refuseMembers(besides: ["requests_per_minute", "tokens_per_minute"])
    let limits = RateLimits(
      requestsPerMinute: inner.integer("requests_per_minute", 1...RateLimit.countMax),
      tokensPerMinute: inner.integer("tokens_per_minute", 1...RateLimit.countMax))
    reader.add(inner.faults)
    return limits
  }

  /// The routes with the upstreams of their fallbacks behind their own.
  private mutating func linked(_ routes: ModelRoutes) -> ModelRoutes {
    var linked = routes
    for id in routes.byID.keys.sorted() {
      for (index, name) in (fallbacks[id] ?? []).enumerated() {
        let path: [Fault.Step] = [.key("models"), .key(id), .key("fallbacks"), .index(index)]
        guard let fallback = routes.byID[name] else {
          let known = routes.byID.keys.filter { $0 != id }.sorted().joined(separator: ", ")
          let message = "'\(name)' is not in the file; there are: \(known.isEmpty ? "no others" : known)"
          faults.append(Fault(path: path, message: message, type: "unknown"))
          continue
        }
        if name == id || reaches(id, from: name) {
          faults.append(Fault(path: path, message: "'\(name)' leads back to '\(id)'", type: "cycle"))
        }
        linked.byID[id]?.upstreams += fallback.upstreams
      }
    }
    return linked
  }

  private func reaches(_ id: String, from start: String) -> Bool {
    var (seen, open): (Set<String>, [String]) = ([], [start])
    while let next = open.popLast() {
      if next == id { return true }
      if seen.insert(next).inserted { open += fallbacks[next] ?? [] }
    }
    return false
  }
}
