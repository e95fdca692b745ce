import AgentJSON

/// Finds out which era a server speaks: `server/discover` first; whatever is no evidence of the stateless era leads to
/// `initialize`, as in the reference client.
struct NegotiationStateMachine: Sendable {
  /// What to do next.
  enum Action: Sendable, Hashable {
    case discover(version: String)
    case initialize
    /// Send `notifications/initialized` in the stateful era; then work can begin.
    case ready(MCPEra, listChanged: Bool)
    case fail(MCPFailure)
  }
  private enum State {
    case discovering(attempt: Int)
    case initializing(attempt: Int)
    case done
  }
  /// The error code of a server that does not speak the version asked for.
  static let unsupportedVersion = -32022
  private var state = State.done

  /// Starts; with the era that the server spoke last time, that one is tried first.
  mutating func start(remembered: MCPEra) -> Action {
    if case .stateful = remembered {
      state = .initializing(attempt: 0)
      return .initialize
    }
    state = .discovering(attempt: 0)
    return .discover(version: remembered.version ?? MCPEra.statelessNewest)
  }

  /// The server answered.
  mutating func answered(_ result: JSONObject) -> Action {
    switch state {
    case .discovering(let attempt):
      let offered = result["supportedVersions"]?.arrayValue?.compactMap(\.stringValue) ?? []
      guard let version = MCPEra.statelessVersions.last(where: offered.contains) else {
        return initialize(attempt)
      }
      state = .done
      return .ready(.stateless(version: version), listChanged: Self.listChanged(result))
    case .initializing:
      state = .done
      guard let version = result["protocolVersion"]?.stringValue, MCPEra.statefulVersions.contains(version) else {
        let offered = result["protocolVersion"]?.stringValue ?? "none"
        return .fail(.garbage("it speaks the protocol version \(offered.prefix(40)), which this client does not"))
      }
      return .ready(.stateful(version: version), listChanged: Self.listChanged(result))
    case .done: return .fail(.garbage("an answer to no question"))
    }
  }

  /// The request failed. An outage tells nothing of the era and ends the attempt.
  mutating func failed(_ failure: MCPFailure) -> Action {
    let supported = Self.supported(failure)
    let common = MCPEra.statelessVersions.last { supported?.contains($0) == true }
    switch state {
    case .discovering(let attempt):
      if let common, attempt == 0 {
        state = .discovering(attempt: 1)
        return .discover(version: common)
      }
      if let supported, !supported.contains(where: MCPEra.statefulVersions.contains) { return end(failure) }
      return Self.isVerdict(failure) ? initialize(attempt) : end(failure)
    case .initializing(let attempt):
      // The server settled on the stateless era after all, or is another one than last time.
      guard attempt == 0, let common else { return end(failure) }
      state = .discovering(attempt: 1)
      return .discover(version: common)
    case .done: return end(failure)
    }
  }

  private mutating func initialize(_ attempt: Int) -> Action {
    state = .initializing(attempt: attempt)
    return .initialize
  }

  private mutating func end(_ failure: MCPFailure) -> Action {
    state = .done
    return .fail(failure)
  }

  private static func isVerdict(_ failure: MCPFailure) -> Bool {
    switch failure {
    case .answer, .sessionLost, .garbage: true
    case .status(let status): (400..<500).contains(status) && status != 401 && status != 403 && status != 429
    case .broken: false
    }
  }

  private static func supported(_ failure: MCPFailure) -> [String]? {
    guard case .answer(unsupportedVersion, _, let data) = failure else { return nil }
    return data?["supported"]?.arrayValue?.compactMap(\.stringValue)
  }

  private static func listChanged(_ result: JSONObject) -> Bool {
    result["capabilities"]?["tools"]?["listChanged"]?.boolValue ?? false
  }
}
