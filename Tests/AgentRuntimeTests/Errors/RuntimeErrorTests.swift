import AgentJSON
import Testing

@testable import AgentRuntime

/// What a caller is told: contract §1.2 and the table of §6.
struct RuntimeErrorTests {
  struct Case: Sendable {
    var error: ModelError
    var code: ErrorCode
    var status: Int
    var retryAfter: Duration?
    var shouldRetry: Bool?
  }

  @Test(arguments: [
    Case(error: ModelError(.rejected, "m", status: 400), code: .validation, status: 400, shouldRetry: false),
    Case(error: ModelError(.rejected, "m", status: 422), code: .validation, status: 422, shouldRetry: false),
    Case(error: ModelError(.rejected, "m", status: 413), code: .payloadTooLarge, status: 413, shouldRetry: false),
    Case(error: ModelError(.rejected, "m"), code: .validation, status: 400, shouldRetry: false),
    Case(error: ModelError(.misconfigured, "m", status: 401), code: .llmUnavailable, status: 502),
    Case(error: ModelError(.misconfigured, "m", status: 403), code: .llmUnavailable, status: 502),
    Case(error: ModelError(.misconfigured, "m", status: 404), code: .llmUnavailable, status: 502),
    Case(
      error: ModelError(.rateLimited, "m", status: 429, retryAfter: .seconds(7)), code: .rateLimitExceeded,
      status: 429, retryAfter: .seconds(7)),
    Case(error: ModelError(.rateLimited, "m"), code: .rateLimitExceeded, status: 429, retryAfter: .seconds(1)),
    Case(error: ModelError(.unavailable, "m", status: 500), code: .llmUnavailable, status: 502),
    Case(error: ModelError(.unavailable, "m"), code: .llmUnavailable, status: 502),
    Case(error: ModelError(.timeout, "m"), code: .llmUnavailable, status: 502),
    Case(error: ModelError(.brokenAnswer, "m"), code: .llmUnavailable, status: 502),
    Case(error: ModelError(.circuitOpen, "m"), code: .serviceUnavailable, status: 503, retryAfter: .seconds(5)),
    Case(
      error: ModelError(.circuitOpen, "m", retryAfter: .seconds(2)), code: .serviceUnavailable, status: 503,
      retryAfter: .seconds(2)),
  ])
  func ofTheModel(expected: Case) {
    let error = RuntimeError(describing: expected.error)
    #expect(error.code == expected.code && error.status == expected.status && error.message == "m")
    #expect(error.retryAfter == expected.retryAfter && error.shouldRetry == expected.shouldRetry)
    #expect(error.cause is ModelError)
  }

  @Test(arguments: [
    (StoreError.Kind.notFound, ErrorCode.conflict, 409), (.exists, .conflict, 409),
    (.conflict(current: 3), .conflict, 409),
    (.readOnly, .serviceUnavailable, 503), (.unavailable, .serviceUnavailable, 503), (.corrupt, .internal, 500),
  ])
  func ofTheStore(kind: StoreError.Kind, code: ErrorCode, status: Int) {
    let error = RuntimeError(describing: StoreError(kind, "m"))
    #expect(error.code == code && error.status == status && error.cause is StoreError)
    #expect((error.retryAfter != nil) == (status == 503))
  }

  @Test func anythingElseIsInternalAndTellsNothing() {
    struct Odd: Error { let secret = "sk-1" }
    let error = RuntimeError(describing: Odd())
    #expect(error.code == .internal && error.status == 500 && !error.message.contains("sk-1"))
    #expect(error.cause is Odd)
  }

  @Test func aRuntimeErrorStaysAsItIs() {
    let error = RuntimeError(describing: RuntimeError(.accessDenied, "m", details: ["a": 1]))
    #expect(error.code == .accessDenied && error.details == ["a": 1] && error.description == "ACCESS_DENIED: m")
  }

  @Test(arguments: [
    (RunCancellation.timedOut, ErrorCode.timeout, 408), (.agentDeleted, .conflict, 409), (.superseded, .conflict, 409),
    (.shutdown, .serviceUnavailable, 503),
  ])
  func ofACancelledRun(reason: RunCancellation, code: ErrorCode, status: Int) {
    let error = RuntimeError(cancelled: reason, timeout: .seconds(300))
    #expect(error?.code == code && error?.status == status)
    #expect(RuntimeError(cancelled: .disconnected, timeout: .seconds(300)) == nil)
  }

  @Test(arguments: [
    (ErrorCode.invalidToken, 401), (.accessDenied, 403), (.agentNotFound, 404), (.notFound, 404),
    (.methodNotAllowed, 405), (.timeout, 408), (.agentExists, 409), (.versionMismatch, 409), (.conflict, 409),
    (.payloadTooLarge, 413), (.unsupportedMediaType, 415), (.validation, 422), (.rateLimitExceeded, 429),
    (.execution, 500), (.internal, 500), (.llmUnavailable, 502), (.serviceUnavailable, 503),
  ])
  func statusesOfCodes(code: ErrorCode, status: Int) {
    #expect(code.defaultStatus == status)
    #expect(RuntimeError(code, "m").status == status)
  }

  @Test func codesOfTheWire() {
    let codes: [ErrorCode] = [
      .invalidToken, .accessDenied, .agentNotFound, .notFound, .methodNotAllowed, .timeout, .agentExists,
      .versionMismatch, .conflict, .payloadTooLarge, .unsupportedMediaType, .validation, .rateLimitExceeded,
      .execution, .internal, .llmUnavailable, .serviceUnavailable,
    ]
    #expect(
      codes.map(\.rawValue) == [
        "INVALID_TOKEN", "ACCESS_DENIED", "AGENT_NOT_FOUND", "NOT_FOUND", "METHOD_NOT_ALLOWED", "TIMEOUT_ERROR",
        "AGENT_EXISTS", "VERSION_MISMATCH", "CONFLICT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE",
        "VALIDATION_ERROR", "RATE_LIMIT_EXCEEDED", "EXECUTION_ERROR", "INTERNAL_ERROR", "LLM_UNAVAILABLE",
        "SERVICE_UNAVAILABLE",
      ])
  }

  @Test func theMessageOfManyFaultsNamesTheFirst() {
    let faults = (0..<3).map { Fault(path: [.key("body"), .index($0)], message: "m\($0)", type: "t") }
    #expect(RuntimeError.invalid(faults).message == "body[0]: m0 (and 2 more)")
    #expect(RuntimeError.invalid([faults[1]]).message == "body[1]: m1")
  }
}
