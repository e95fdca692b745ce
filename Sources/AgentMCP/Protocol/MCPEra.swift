import AgentJSON

/// Which of the two protocols a server speaks.
enum MCPEra: Sendable, Hashable {
  /// Not known yet: the handshake itself.
  case unknown
  /// With `initialize` and a session, up to 2025-11-25.
  case stateful(version: String)
  /// Without: each request says who asks, since 2026-07-28.
  case stateless(version: String)

  static let statefulVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
  static let statelessVersions = ["2026-07-28"]
  static let statefulNewest = "2025-11-25"
  static let statelessNewest = "2026-07-28"

  static let clientInfo: JSONObject = ["name": "apus", "version": "1"]
  private static let prefix = "io.modelcontextprotocol/"

  /// The protocol's version, for the header; nil while it is not known.
  var version: String? {
    switch self {
    case .unknown: nil
    case .stateful(let version), .stateless(let version): version
    }
  }

  /// Whether requests stand alone.
  var isStateless: Bool {
    if case .stateless = self { true } else { false }
  }

  /// The parameters of a request in this era.
  func parameters(_ parameters: JSONObject) -> JSONObject {
    guard case .stateless(let version) = self else { return parameters }
    var parameters = parameters
    var meta = parameters["_meta"]?.objectValue ?? [:]
    meta[Self.prefix + "protocolVersion"] = .string(version)
    meta[Self.prefix + "clientInfo"] = .object(Self.clientInfo)
    meta[Self.prefix + "clientCapabilities"] = .object([:])
    parameters["_meta"] = .object(meta)
    return parameters
  }
}
