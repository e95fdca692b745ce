public import AgentHTTP
import AgentJSON
public import AgentRuntime
import Synchronization

/// The model services behind one face: requests go the way of their configuration's route, with repetitions, fallbacks
/// and circuit breakers (contract §6). A piece of an answer that was forwarded is never sent again.
public final class RoutedChatModel: ChatModel {
  struct Lanes: Sendable {
    var lanes: [UpstreamLane]
    var route: ModelRoute
  }

  private struct State {
    var byID: [String: Lanes]
    var other: Lanes?
  }

  /// Sources of time and chance; tests have their own.
  struct Surroundings: Sendable {
    var now: @Sendable () -> ContinuousClock.Instant = { .now }
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    var draw: @Sendable () -> Double = { .random(in: 0...1) }
  }

  private let state: Mutex<State>
  private let policy: RetryPolicy
  private let surroundings: Surroundings
  private let make: @Sendable (OpenAIUpstream) throws -> any ChatModel
  private let onAttempt: @Sendable (_ upstream: String, _ outcome: String) -> Void

  /// Routes over a transport. `onAttempt` is told each attempt's upstream and its outcome, `ok` or the kind of the
  /// failure. Throws `ModelError` where an address cannot be used.
  public convenience init(
    _ routes: ModelRoutes, over transport: HTTPTransport, policy: RetryPolicy = RetryPolicy(),
    onAttempt: @escaping @Sendable (_ upstream: String, _ outcome: String) -> Void = { _, _ in }
  ) throws {
    try self.init(routes, policy: policy, surroundings: Surroundings(), onAttempt: onAttempt) {
      try OpenAIChatModel($0, over: transport)
    }
  }

  init(
    _ routes: ModelRoutes, policy: RetryPolicy, surroundings: Surroundings,
    onAttempt: @escaping @Sendable (_ upstream: String, _ outcome: String) -> Void = { _, _ in },
    make: @escaping @Sendable (OpenAIUpstream) throws -> any ChatModel
  ) throws {
    self.policy = policy
    self.surroundings = surroundings
    self.onAttempt = onAttempt
    self.make = make
    state = Mutex(try Self.state(routes, reusing: [], surroundings, make))
  }

  /// Puts other routes in force; requests under way go on as they began, and upstreams that stay as they are keep
  /// their breakers. Throws `ModelError`, and then changes nothing.
  public func replace(_ routes: ModelRoutes) throws {
    let known = state.withLock { Self.lanes($0) }
    let state = try Self.state(routes, reusing: known, surroundings, make)
    self.state.withLock { $0 = state }
  }

  /// What is known of each upstream, in the order of their names.
  public var statuses: [UpstreamStatus] {
    state.withLock { Self.lanes($0) }.map(\.status).sorted { ($0.name, $0.baseURL) < ($1.name, $1.baseURL) }
  }

  /// What holds for a model configuration.
  public func traits(of modelID: String) -> ModelTraits {
    state.withLock { $0.byID[modelID] ?? $0.other }?.route.traits ?? ModelTraits()
  }

  /// Asks for a whole answer.
  public func complete(_ request: ChatRequest) async throws -> ChatCompletion {
    try await walk(request, hasForwarded: { false }) { model, request, _ in try await model.complete(request) }
  }

  /// Asks for an answer as the model makes it.
  public func stream(
    _ request: ChatRequest, onDeltas: ([ChatDelta]) async throws -> Void
  ) async throws -> ChatCompletion {
    var hasForwarded = false
    return try await walk(request, hasForwarded: { hasForwarded }) { model, request, answered in
      var hasBegun = false
      return try await model.stream(request) { deltas in
        if !hasBegun { answered() }
        hasBegun = true
        hasForwarded = hasForwarded || deltas.contains { !request.hidesToolCalls || $0.saysMoreThanCalls }
        try await onDeltas(deltas)
      }
    }
  }

  /// Asks the first upstream of the route that most requests take; breakers learn nothing from it.
  public func probe() async throws {
    let lanes = state.withLock { $0.other ?? $0.byID.min { $0.key < $1.key }?.value }
    try await lanes?.lanes.first?.model.probe()
  }

  private func walk(
    _ request: ChatRequest, hasForwarded: () -> Bool,
    _ ask: (any ChatModel, ChatRequest, _ answered: () -> Void) async throws -> ChatCompletion
  ) async throws -> ChatCompletion {
    let lanes = try lanes(for: request.modelID)
    let request = lanes.route.laidUnder(request)
    var walk = RouteWalkStateMachine(upstreams: lanes.lanes.count, policy: policy, deadline: request.deadline)
    while true {
      switch walk.advance(now: surroundings.now(), draw: surroundings.draw()) {
      case .attempt(let index):
        let lane = lanes.lanes[index]
        guard let admission = lane.admit(request.modelID) else {
          walk.skipped(index)
          continue
        }
        do {
          let completion = try await ask(lane.model, request) { lane.answered(admission) }
          note(lane, admission, nil)
          return completion
        } catch {
          note(lane, admission, error)
          guard let failure = error as? ModelError, !hasForwarded(), !Task.isCancelled else { throw error }
          if let final = walk.failed(index, failure) { throw final }
        }
      case .pause(let pause): try await surroundings.sleep(pause)
      case .fail(var error):
        if error.kind == .circuitOpen {
          error.retryAfter = lanes.lanes.map { $0.wait(request.modelID) }.min()
        }
        throw error
      }
    }
  }

  private func note(_ lane: UpstreamLane, _ admission: UpstreamLane.Admission, _ error: (any Error)?) {
    lane.end(admission, error)
    let outcome = error.map { ($0 as? ModelError)?.kind.rawValue ?? "cancelled" } ?? "ok"
    onAttempt(lane.upstream.name, outcome)
  }

  private func lanes(for modelID: String) throws -> Lanes {
    if let lanes = state.withLock({ $0.byID[modelID] ?? $0.other }) { return lanes }
    let names = state.withLock { $0.byID.keys.sorted() }.joined(separator: ", ")
    throw ModelError(
      .misconfigured, "There is no model configuration '\(modelID)'; MODELS_FILE has: \(names).")
  }
}

extension RoutedChatModel {
  private static func lanes(_ state: State) -> [UpstreamLane] {
    var lanes: [UpstreamLane] = []
    for lane in (Array(state.byID.values) + [state.other].compactMap { $0 }).flatMap(\.lanes)
    where !lanes.contains(where: { $0 === lane }) {
      lanes.append(lane)
    }
    return lanes
  }

  /// Makes the lanes of all routes; routes that name the same upstream share its lane.
  private static func state(
    _ routes: ModelRoutes, reusing known: [UpstreamLane], _ surroundings: Surroundings,
    _ make: (OpenAIUpstream) throws -> any ChatModel
  ) throws -> State {
    let start = surroundings.now()
    var lanes = known
    func lane(_ upstream: OpenAIUpstream) throws -> UpstreamLane {
      if let lane = lanes.first(where: { $0.upstream == upstream }) { return lane }
      let lane = UpstreamLane(upstream, try make(upstream)) { [now = surroundings.now] in now() - start }
      lanes.append(lane)
      return lane
    }
    func made(_ route: ModelRoute) throws -> Lanes { Lanes(lanes: try route.upstreams.map(lane), route: route) }
    return State(byID: try routes.byID.mapValues(made), other: try routes.other.map(made))
  }
}

extension ChatDelta {
  /// Whether it holds anything besides pieces of tool calls.
  fileprivate var saysMoreThanCalls: Bool {
    content?.isEmpty == false || extra?.contains { $0.key != "tool_calls" } == true
  }
}

extension ModelRoute {
  /// The request with the route's parameters where it sets none.
  fileprivate func laidUnder(_ request: ChatRequest) -> ChatRequest {
    guard !defaults.isEmpty else { return request }
    var request = request
    for (key, value) in defaults where request.parameters[key] == nil { request.parameters[key] = value }
    return request
  }
}
