package import AgentJSON

/// Why an exchange with an MCP server gave no result.
package enum MCPFailure: Error, Sendable, Hashable {
  /// The server answered with a JSON-RPC error.
  case answer(code: Int, message: String, data: JSONValue?)
  /// The server answered with this HTTP status and no JSON-RPC message.
  case status(Int)
  /// The server no longer knows our session (404 in the stateful era): nothing was done.
  case sessionLost
  /// No whole answer came; it is not known whether the server acted.
  case broken(String)
  /// What came is not what the protocol allows.
  case garbage(String)

  /// What happened, for the model and the log, in at most so many characters.
  var message: String {
    switch self {
    case .answer(let code, let message, _): "\(message.prefix(2000)) (JSON-RPC error \(code))"
    case .status(let status): "it answered with HTTP status \(status)"
    case .sessionLost: "it no longer knows the session"
    case .broken(let why): why
    case .garbage(let why): "it broke the protocol: \(why)"
    }
  }

  /// Whether the same request would be refused again.
  var isRefusal: Bool {
    switch self {
    case .answer: true
    case .status(let status): (400..<500).contains(status) && status != 408 && status != 429
    case .sessionLost, .broken, .garbage: false
    }
  }

  /// Whether the server may be gone, so that it must be asked anew.
  var isOfLink: Bool {
    switch self {
    case .answer, .garbage: false
    case .status(let status): status >= 500
    case .sessionLost, .broken: true
    }
  }
}
