import Synchronization

/// Why a run was ended from outside.
public enum RunCancellation: Sendable, Hashable {
  /// The caller went away.
  case disconnected
  /// AGENT_EXECUTION_TIMEOUT passed.
  case timedOut
  /// Its agent was deleted.
  case agentDeleted
  /// A newer turn of its thread took over (`on_busy` interrupt or rollback).
  case superseded
  /// Somebody asked for its end.
  case cancelled
  /// Another process has taken the run over.
  case lost
  /// The runtime shuts down and the drain deadline passed.
  case shutdown
}

/// Ends one run from outside: the server, the deadline, the deletion of the agent all hold it.
public final class RunHandle: Sendable {
  private struct State {
    var reason: RunCancellation?
    var cancel: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// A handle of a run that has not begun.
  public init() {}

  /// Why the run was cancelled; nil while it was not.
  public var reason: RunCancellation? { state.withLock { $0.reason } }

  /// Cancels the run; the first reason stays. A run that has not begun ends as soon as it begins.
  public func cancel(_ reason: RunCancellation) {
    let cancel = state.withLock { state -> (@Sendable () -> Void)? in
      guard state.reason == nil else { return nil }
      state.reason = reason
      return state.cancel
    }
    cancel?()
  }

  /// Runs `work` so that `cancel` cancels it.
  func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    // Bridge: a run must be cancellable without cancelling the connection's task, which serves further requests.
    let task = Task.immediate { try await work() }
    let cancelled = state.withLock { state in
      state.cancel = { task.cancel() }
      return state.reason != nil
    }
    if cancelled { task.cancel() }
    defer { state.withLock { $0.cancel = nil } }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}
