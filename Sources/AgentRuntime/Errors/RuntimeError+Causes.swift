import AgentGraph

extension RuntimeError {
  /// What the caller is told of an error of the model, of the store, or of the runtime itself (contract §1.2, §6).
  public init(describing error: any Error) {
    switch error {
    case let error as RuntimeError: self = error
    case let error as ModelError: self.init(model: error)
    case let error as StoreError: self.init(store: error)
    case let error as SandboxUnavailable:
      self.init(.serviceUnavailable, CustomCode.unavailable(error.message), cause: error)
    case let error as CodeSupplyUnavailable:
      self.init(
        .serviceUnavailable, "The agent's code cannot be had now: \(error.message)", retryAfter: .seconds(10),
        cause: error)
    case let error as CodeRefused:
      self.init(.execution, "The agent's code cannot be had: \(error)", shouldRetry: false, cause: error)
    case let error as GraphError where error.code == .unreadableCheckpoint:
      self.init(.internal, "What is stored cannot be read; the log tells why.", cause: error)
    default: self.init(.internal, "The runtime failed; its log tells why under this request's id.", cause: error)
    }
  }

  private init(model error: ModelError) {
    switch error.kind {
    case .rejected:
      let status = error.status ?? 400
      self.init(
        status == 413 ? .payloadTooLarge : .validation, error.message, status: status, shouldRetry: false, cause: error)
    case .rateLimited:
      self.init(.rateLimitExceeded, error.message, retryAfter: error.retryAfter ?? .seconds(1), cause: error)
    case .circuitOpen:
      self.init(.serviceUnavailable, error.message, retryAfter: error.retryAfter ?? .seconds(5), cause: error)
    case .misconfigured, .unavailable, .timeout, .brokenAnswer:
      self.init(.llmUnavailable, error.message, cause: error)
    }
  }

  private init(store error: StoreError) {
    switch error.kind {
    case .notFound:
      self.init(.conflict, "The agent was deleted while it ran.", shouldRetry: false, cause: error)
    case .exists, .conflict:
      self.init(.conflict, error.message, cause: error)
    case .readOnly, .unavailable:
      self.init(
        .serviceUnavailable, "The store cannot do this now: \(error.message)", retryAfter: .seconds(5), cause: error)
    case .corrupt:
      self.init(.internal, "What is stored cannot be read; the log tells why.", cause: error)
    }
  }

  /// What the caller of a cancelled run is told; nil where there is no caller any more.
  init?(cancelled reason: RunCancellation, timeout: Duration) {
    switch reason {
    case .disconnected: return nil
    case .timedOut:
      self.init(
        .timeout, "The execution took longer than AGENT_EXECUTION_TIMEOUT (\(timeout.components.seconds) s).",
        shouldRetry: false)
    case .agentDeleted: self.init(.conflict, "The agent was deleted while it ran.", shouldRetry: false)
    case .superseded:
      self.init(.conflict, "A newer turn of this session took over (on_busy).", shouldRetry: false)
    case .cancelled: self.init(.conflict, "The run was cancelled.", shouldRetry: false)
    case .lost: self.init(.conflict, "Another process took the run over.", retryAfter: .seconds(1))
    case .shutdown: self.init(.serviceUnavailable, "The runtime shuts down.", retryAfter: .seconds(5))
    }
  }
}
