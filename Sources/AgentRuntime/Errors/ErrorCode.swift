/// The stable code of an error, as it stands in answers, logs, metrics and `docs/errors/<code>.md` (contract §1.2).
public struct ErrorCode: RawRepresentable, Sendable, Hashable {
  /// The code as it stands on the wire.
  public let rawValue: String

  /// Wraps a code of the wire.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// The runtime's token is missing or wrong.
  public static let invalidToken = ErrorCode(rawValue: "INVALID_TOKEN")
  /// The caller may not use this agent or thread.
  public static let accessDenied = ErrorCode(rawValue: "ACCESS_DENIED")
  /// No agent, and no line with a published release, has this id.
  public static let agentNotFound = ErrorCode(rawValue: "AGENT_NOT_FOUND")
  /// The path or the thing it names does not exist.
  public static let notFound = ErrorCode(rawValue: "NOT_FOUND")
  /// The path exists, but not with this method.
  public static let methodNotAllowed = ErrorCode(rawValue: "METHOD_NOT_ALLOWED")
  /// An execution took longer than AGENT_EXECUTION_TIMEOUT.
  public static let timeout = ErrorCode(rawValue: "TIMEOUT_ERROR")
  /// An agent with this id is stored already.
  public static let agentExists = ErrorCode(rawValue: "AGENT_EXISTS")
  /// The client's schema version does not fit the runtime's.
  public static let versionMismatch = ErrorCode(rawValue: "VERSION_MISMATCH")
  /// The state of the thing forbids the request: another revision, a busy session, a deleted agent.
  public static let conflict = ErrorCode(rawValue: "CONFLICT")
  /// The body is larger than MAX_REQUEST_BYTES.
  public static let payloadTooLarge = ErrorCode(rawValue: "PAYLOAD_TOO_LARGE")
  /// The body's content type is not JSON.
  public static let unsupportedMediaType = ErrorCode(rawValue: "UNSUPPORTED_MEDIA_TYPE")
  /// The request's form or meaning is wrong (400 or 422).
  public static let validation = ErrorCode(rawValue: "VALIDATION_ERROR")
  /// A limit of the runtime or of the model service is reached.
  public static let rateLimitExceeded = ErrorCode(rawValue: "RATE_LIMIT_EXCEEDED")
  /// The agent's own work failed.
  public static let execution = ErrorCode(rawValue: "EXECUTION_ERROR")
  /// A fault of the runtime itself.
  public static let `internal` = ErrorCode(rawValue: "INTERNAL_ERROR")
  /// The model service failed or cannot be reached.
  public static let llmUnavailable = ErrorCode(rawValue: "LLM_UNAVAILABLE")
  /// The runtime cannot do this now: the store refuses writes, it drains, or every model is out.
  public static let serviceUnavailable = ErrorCode(rawValue: "SERVICE_UNAVAILABLE")

  /// The HTTP status that contract §1.2 gives the code; a `RuntimeError` may carry another one.
  public var defaultStatus: Int {
    switch self {
    case .invalidToken: 401
    case .accessDenied: 403
    case .agentNotFound, .notFound: 404
    case .methodNotAllowed: 405
    case .timeout: 408
    case .agentExists, .versionMismatch, .conflict: 409
    case .payloadTooLarge: 413
    case .unsupportedMediaType: 415
    case .validation: 422
    case .rateLimitExceeded: 429
    case .llmUnavailable: 502
    case .serviceUnavailable: 503
    default: 500
    }
  }
}
