/// Why a model gave no answer. Contract §6 says what the caller gets for each kind.
public struct ModelError: Error, Sendable, CustomStringConvertible {
  /// The stable kind of a model's failure.
  public enum Kind: String, Sendable, Hashable {
    /// The model refused the request itself (400, 413, 422).
    case rejected = "model_rejected"
    /// Our credentials or the model's name are wrong (401, 403, 404, other 4xx).
    case misconfigured = "model_misconfigured"
    /// The model's rate limit (429).
    case rateLimited = "model_rate_limited"
    /// No connection, or an answer of 5xx, 408 or 409.
    case unavailable = "model_unavailable"
    /// No byte arrived within LLM_REQUEST_TIMEOUT.
    case timeout = "model_timeout"
    /// What came is not the protocol: no JSON, no UTF-8, an end without `[DONE]` and `finish_reason`, an error event.
    case brokenAnswer = "model_broken_answer"
    /// Every circuit breaker is open.
    case circuitOpen = "model_circuit_open"
  }

  /// The kind.
  public var kind: Kind
  /// What happened, with the upstream's own message where it gave one; no secret.
  public var message: String
  /// The upstream's HTTP status, where there was one.
  public var status: Int?
  /// When the upstream asks to come again.
  public var retryAfter: Duration?
  /// Whether the same request may succeed when it is repeated (contract §6).
  public var isRetryable: Bool
  /// The underlying error, for the log.
  public var cause: (any Error)?

  /// Makes an error.
  public init(
    _ kind: Kind, _ message: String, status: Int? = nil, retryAfter: Duration? = nil, isRetryable: Bool = false,
    cause: (any Error)? = nil
  ) {
    self.kind = kind
    self.message = message
    self.status = status
    self.retryAfter = retryAfter
    self.isRetryable = isRetryable
    self.cause = cause
  }

  /// `kind: message`.
  public var description: String { "\(kind.rawValue): \(message)" }
}
