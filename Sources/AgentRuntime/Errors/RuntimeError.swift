public import AgentJSON

/// What the runtime answers when it cannot do what was asked: the one error type that reaches a caller.
public struct RuntimeError: Error, Sendable {
  /// The stable code.
  public var code: ErrorCode
  /// The HTTP status; the code's own unless stated.
  public var status: Int
  /// What happened, which value, what is allowed. Never a secret, never message content.
  public var message: String
  /// All faults of the request at once; empty where it is not about the request's form.
  public var faults: [Fault]
  /// Further members of the answer's `details`.
  public var details: JSONObject?
  /// When to come again, as `Retry-After`.
  public var retryAfter: Duration?
  /// Whether a client may repeat the request by itself (`x-should-retry`); nil leaves it to the client.
  public var shouldRetry: Bool?
  /// What caused it, for the log.
  public var cause: (any Error)?

  /// Makes an error; `status` defaults to the code's.
  public init(
    _ code: ErrorCode, _ message: String, status: Int? = nil, faults: [Fault] = [], details: JSONObject? = nil,
    retryAfter: Duration? = nil, shouldRetry: Bool? = nil, cause: (any Error)? = nil
  ) {
    self.code = code
    self.status = status ?? code.defaultStatus
    self.message = message
    self.faults = faults
    self.details = details
    self.retryAfter = retryAfter
    self.shouldRetry = shouldRetry
    self.cause = cause
  }

  /// A 422 with all the faults of a request.
  public static func invalid(_ faults: [Fault]) -> RuntimeError {
    let first = faults.first.map { "\($0.pathText): \($0.message)" } ?? "the request is not valid"
    let more = faults.count > 1 ? " (and \(faults.count - 1) more)" : ""
    return RuntimeError(.validation, first + more, faults: faults)
  }
}

extension RuntimeError: CustomStringConvertible {
  /// `CODE: message`.
  public var description: String { "\(code.rawValue): \(message)" }
}
