import AgentJSON

/// A way to a server: sends requests, and hands each its answer.
protocol MCPLink: Sendable {
  /// Sends a request and returns its result. Throws `MCPFailure` or `CancellationError`; cancelling tells the server.
  func request(_ request: MCPRequest) async throws -> JSONObject

  /// Sends a notification, if it can be sent now.
  func notify(_ method: String, era: MCPEra) async throws

  /// Waits for what the server tells unasked, until the stream ends; returns at once where there is no such stream.
  func listen(era: MCPEra) async throws
}

/// A request to a server.
struct MCPRequest: Sendable {
  var method: String
  var parameters: JSONObject
  var era: MCPEra
  /// Arguments that the tool's schema wants repeated as headers (stateless era over HTTP).
  var headers: [(name: String, value: String)] = []

  func json(id: Int) -> JSONObject {
    [
      "jsonrpc": "2.0", "id": .integer(id), "method": .string(method),
      "params": .object(era.parameters(parameters)),
    ]
  }
}

/// What a link tells its owner.
enum MCPEvent: Sendable, Hashable {
  /// The server's tools changed.
  case toolsChanged
  /// The list is as old as it may become.
  case isDue
  /// A call failed in a way that may mean that the server is gone.
  case suspect
  /// The server forgot the session.
  case sessionLost
}

/// The greatest sizes of what a server may send and what waits for it.
enum MCPLimits {
  static let messageMax = 16 << 20
  static let streamMax = 64 << 20
  static let requestsMax = 1024
  static let outgoingMax = 2048
  static let eventsMax = 16
}
