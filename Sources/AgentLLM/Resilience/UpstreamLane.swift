import AgentRuntime
import Synchronization

/// One upstream of a route, with the breakers of the models that are asked of it.
final class UpstreamLane: Sendable {
  private struct State {
    var breakers: [String: CircuitBreakerStateMachine] = [:]
    var problem: String?
  }

  /// Models whose ids callers choose are bounded; those beyond share a breaker.
  private static let breakersMax = 256
  private static let overflow = ""

  let model: any ChatModel
  let upstream: OpenAIUpstream
  private let state = Mutex(State())
  private let now: @Sendable () -> Duration

  init(_ upstream: OpenAIUpstream, _ model: any ChatModel, now: @escaping @Sendable () -> Duration) {
    self.upstream = upstream
    self.model = model
    self.now = now
  }

  /// The right to ask for a model; nil while its breaker is open.
  func admit(_ modelID: String) -> Admission? {
    let now = now()
    return state.withLock { state in
      let name = Self.name(modelID, upstream, state)
      return state.breakers[name, default: CircuitBreakerStateMachine()].admit(at: now)
        .map { Admission(name: name, ticket: $0) }
    }
  }

  struct Admission: Sendable {
    fileprivate let name: String
    fileprivate let ticket: CircuitBreakerStateMachine.Ticket
  }

  /// The answer to what was admitted has begun.
  func answered(_ admission: Admission) {
    state.withLock { $0.breakers[admission.name]?.answered(admission.ticket) }
  }

  /// Ends what was admitted.
  func end(_ admission: Admission, _ error: (any Error)?) {
    let now = now()
    let outcome = Self.outcome(error)
    state.withLock { state in
      state.breakers[admission.name]?.end(admission.ticket, outcome, at: now)
      switch outcome {
      case .failed: state.problem = (error as? ModelError)?.message
      case .succeeded: if state.problem != nil { state.problem = nil }
      case .nothingLearned: break
      }
    }
  }

  /// After how long the model may be asked for again.
  func wait(_ modelID: String) -> Duration {
    let now = now()
    return state.withLock { state in
      state.breakers[Self.name(modelID, upstream, state)]?.wait(at: now) ?? .zero
    }
  }

  /// The worst of the models' breakers, for health.
  var status: UpstreamStatus {
    let now = now()
    return state.withLock { state in
      var status = UpstreamStatus(
        name: upstream.name, baseURL: upstream.baseURL, model: upstream.modelName, problem: state.problem)
      for breaker in state.breakers.values {
        let (attempts, failures) = breaker.window(at: now)
        status.attempts += attempts
        status.failures += failures
        guard breaker.state != .closed else { continue }
        status.openBreakers += 1
        let wait = breaker.wait(at: now)
        status.opensAfter = min(status.opensAfter ?? wait, wait)
        if status.breaker != .open { status.breaker = breaker.state == .open ? .open : .halfOpen }
      }
      return status
    }
  }

  private static func name(_ modelID: String, _ upstream: OpenAIUpstream, _ state: State) -> String {
    let name = upstream.modelName ?? modelID
    return state.breakers[name] != nil || state.breakers.count < breakersMax ? name : overflow
  }

  /// What an attempt's end says about the upstream; answers of 4xx are its good right (contract §6).
  private static func outcome(_ error: (any Error)?) -> CircuitBreakerStateMachine.Outcome {
    guard let error else { return .succeeded }
    guard let error = error as? ModelError else { return .nothingLearned }
    switch error.kind {
    case .unavailable: return error.status.map { $0 >= 500 } ?? true ? .failed : .succeeded
    case .timeout, .brokenAnswer: return .failed
    case .rejected, .misconfigured, .rateLimited: return .succeeded
    case .circuitOpen: return .nothingLearned
    }
  }
}

/// What is known of an upstream, for health and metrics.
public struct UpstreamStatus: Sendable, Hashable {
  /// Whether requests go there.
  public enum Breaker: String, Sendable, Hashable {
    case closed, open
    case halfOpen = "half_open"
  }

  /// The name in logs and errors.
  public var name: String
  /// Where it is.
  public var baseURL: String
  /// The model that is asked for; nil where requests name it.
  public var model: String?
  /// The worst of its breakers.
  public var breaker = Breaker.closed
  /// How many of its models have an open or half-open breaker.
  public var openBreakers = 0
  /// Attempts of the last 30 s.
  public var attempts = 0
  /// How many of them failed.
  public var failures = 0
  /// After how long the next attempt is let through; nil where all are.
  public var opensAfter: Duration?
  /// The last failure's text; nil after a success.
  public var problem: String?
}
