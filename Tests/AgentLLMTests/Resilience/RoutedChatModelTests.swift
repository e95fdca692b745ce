import AgentJSON
import AgentRuntime
import AgentTesting
import Synchronization
import Testing

@testable import AgentLLM

/// Routes over scripted upstreams, with a clock that only pauses move.
private final class Scene: Sendable {
  struct State {
    var now = ContinuousClock.now
    var pauses: [Duration] = []
    var asked: [String] = []
  }
  let state = Mutex(State())
  private let scripts: Mutex<[String: [ScriptedAnswer]]>

  /// For each upstream its answers; the last one is repeated.
  init(_ scripts: [String: [ScriptedAnswer]]) { self.scripts = Mutex(scripts) }

  var pauses: [Duration] { state.withLock { $0.pauses } }
  var asked: [String] { state.withLock { $0.asked } }
  func advance(_ duration: Duration) { state.withLock { $0.now = $0.now + duration } }

  func model(_ routes: ModelRoutes) throws -> RoutedChatModel {
    let surroundings = RoutedChatModel.Surroundings(
      now: { [self] in state.withLock { $0.now } },
      sleep: { [self] pause in
        state.withLock { state in
          state.pauses.append(pause)
          state.now = state.now + pause
        }
      }, draw: { 1 })
    return try RoutedChatModel(routes, policy: RetryPolicy(), surroundings: surroundings) { [self] upstream in
      ScriptedChatModel { [self] _, _ in answer(upstream.name) }
    }
  }

  private func answer(_ name: String) -> ScriptedAnswer {
    state.withLock { $0.asked.append(name) }
    return scripts.withLock { scripts in
      let script = scripts[name] ?? []
      if script.count > 1 { return scripts[name]?.removeFirst() ?? .text() }
      return script.first ?? .text("\(name) has no script")
    }
  }
}

private func route(_ names: String...) throws -> ModelRoutes {
  ModelRoutes(other: ModelRoute(try names.map { try OpenAIUpstream(name: $0, baseURL: "http://\($0).test") }))
}

private func failing(
  _ kind: ModelError.Kind, retryable: Bool = true, status: Int? = nil, after: Duration? = nil
) -> ScriptedAnswer {
  .failing(ModelError(kind, "\(kind.rawValue)", status: status, retryAfter: after, isRetryable: retryable))
}

@Suite(.timeLimit(.minutes(1))) struct RoutedChatModelTests {
  private let request = ChatRequest(modelID: "m", messages: [Message(.user, "x")], requestID: "r")

  private func failure(_ body: () async throws -> Void) async -> ModelError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? ModelError
    }
  }

  @Test(
    arguments: [
      ([failing(.unavailable), .text("ok")], ["a", "a"], [0.5]),
      ([failing(.unavailable), failing(.rateLimited), .text("ok")], ["a", "a", "a"], [0.5, 1]),
      ([failing(.rateLimited, after: .seconds(7)), .text("ok")], ["a", "a"], [7]),
      ([failing(.brokenAnswer), .text("ok")], ["a", "a"], [0.5]),
    ] as [([ScriptedAnswer], [String], [Double])])
  func oneUpstreamIsAskedAgainAfterAPause(script: [ScriptedAnswer], asked: [String], pauses: [Double]) async throws {
    let scene = Scene(["a": script])
    let answer = try await scene.model(route("a")).complete(request)
    #expect(answer.message.text == "ok" && scene.asked == asked)
    #expect(scene.pauses == pauses.map { .seconds($0) })
  }

  @Test(
    arguments: [
      (failing(.unavailable, status: 503), 3, ModelError.Kind.unavailable),
      (failing(.rateLimited, after: .seconds(3)), 3, .rateLimited),
      (failing(.rateLimited, after: .seconds(61)), 1, .rateLimited),
      (failing(.rejected, retryable: false, status: 400), 1, .rejected),
      (failing(.misconfigured, retryable: false, status: 401), 1, .misconfigured),
      (failing(.timeout), 1, .timeout), (failing(.brokenAnswer, retryable: false), 1, .brokenAnswer),
    ] as [(ScriptedAnswer, Int, ModelError.Kind)])
  func oneUpstreamThatFailsForGood(answer: ScriptedAnswer, attempts: Int, kind: ModelError.Kind) async throws {
    let scene = Scene(["a": [answer]])
    let model = try scene.model(route("a"))
    let error = await failure { _ = try await model.complete(request) }
    #expect(error?.kind == kind && scene.asked.count == attempts)
    #expect(error?.message.contains("(3 attempts)") == (attempts == 3))
  }

  @Test(arguments: [
    failing(.unavailable), failing(.timeout), failing(.rateLimited, after: .seconds(90)), failing(.brokenAnswer),
    failing(.misconfigured, retryable: false, status: 401),
  ])
  func theNextUpstreamAnswersAtOnce(first: ScriptedAnswer) async throws {
    let scene = Scene(["a": [first], "b": [.text("from b")]])
    let model = try scene.model(route("a", "b"))
    #expect(try await model.complete(request).message.text == "from b")
    #expect(scene.asked == ["a", "b"] && scene.pauses.isEmpty)
    let deltas = Mutex<[String]>([])
    _ = try await model.stream(request) { pieces in deltas.withLock { $0 += pieces.compactMap(\.content) } }
    #expect(deltas.withLock { $0 } == ["from b"])
  }

  @Test func roundsPauseBetweenThem() async throws {
    let scene = Scene(["a": [failing(.unavailable)], "b": [failing(.misconfigured, retryable: false)]])
    let model = try scene.model(route("a", "b"))
    let error = await failure { _ = try await model.complete(request) }
    #expect(scene.asked == ["a", "b", "a", "a"] && error?.kind == .unavailable)
    #expect(scene.pauses == [.milliseconds(500), .seconds(1)])
  }

  @Test func nothingIsRepeatedOnceAPieceWasForwarded() async throws {
    let broken = ScriptedAnswer.failing(ModelError(.unavailable, "cut", isRetryable: true), after: "one")
    let scene = Scene(["a": [broken], "b": [.text("two")]])
    let model = try scene.model(route("a", "b"))
    let deltas = Mutex<[String]>([])
    let error = await failure {
      _ = try await model.stream(request) { pieces in deltas.withLock { $0 += pieces.compactMap(\.content) } }
    }
    #expect(error?.kind == .unavailable && scene.asked == ["a"] && deltas.withLock { $0 } == ["one"])
  }

  @Test func noPauseGoesPastTheRunsEnd() async throws {
    let scene = Scene(["a": [failing(.unavailable)]])
    let model = try scene.model(route("a"))
    var request = request
    request.deadline = scene.state.withLock { $0.now } + .milliseconds(600)
    let error = await failure { _ = try await model.complete(request) }
    #expect(error?.kind == .unavailable && scene.pauses == [.milliseconds(500)] && scene.asked.count == 2)
  }

  @Test func anOpenBreakerIsPassedBy() async throws {
    let scene = Scene(["a": [failing(.unavailable)], "b": [.text("b")]])
    let model = try scene.model(route("a", "b"))
    for _ in 0..<20 { _ = try await model.complete(request) }
    #expect(scene.asked.count { $0 == "a" } == 10)
    let status = model.statuses.first { $0.name == "a" }
    #expect(status?.breaker == .open && status?.failures == 10 && status?.problem == "model_unavailable")
    scene.advance(.seconds(5))
    _ = try await model.complete(request)
    #expect(scene.asked.count { $0 == "a" } == 11)
  }

  @Test func everyBreakerOpenIs503() async throws {
    let scene = Scene(["a": [failing(.unavailable)]])
    let model = try scene.model(route("a"))
    for _ in 0..<4 { _ = await failure { _ = try await model.complete(request) } }
    scene.advance(.seconds(1))
    let error = await failure { _ = try await model.complete(request) }
    #expect(error?.kind == .circuitOpen && error?.retryAfter.map { $0 > .zero && $0 <= .seconds(5) } == true)
    #expect(RuntimeError(describing: error ?? ModelError(.timeout, "")).status == 503)
  }

  @Test func refusalsDoNotOpenIt() async throws {
    let scene = Scene(["a": [failing(.rejected, retryable: false, status: 400)]])
    let model = try scene.model(route("a"))
    for _ in 0..<30 { _ = await failure { _ = try await model.complete(request) } }
    #expect(scene.asked.count == 30 && model.statuses[0].breaker == .closed)
  }

  @Test func breakersAreApartForEachModel() async throws {
    let scene = Scene(["a": [failing(.unavailable)]])
    let model = try scene.model(route("a"))
    for _ in 0..<4 { _ = await failure { _ = try await model.complete(request) } }
    let count = scene.asked.count
    var other = request
    other.modelID = "n"
    _ = await failure { _ = try await model.complete(other) }
    #expect(scene.asked.count == count + 3)
  }

  @Test func routesAreExchangedAndKeepTheirBreakers() async throws {
    let scene = Scene(["a": [failing(.unavailable)], "b": [.text("b")]])
    let model = try scene.model(route("a", "b"))
    for _ in 0..<20 { _ = try await model.complete(request) }
    try model.replace(route("a"))
    #expect(await failure { _ = try await model.complete(request) }?.kind == .circuitOpen)
    #expect(model.statuses.map(\.name) == ["a"])
  }

  @Test func defaultsStandBehindTheRequestsParameters() async throws {
    let upstream = ScriptedChatModel { _, _ in .text("ok") }
    var routes = try route("a")
    routes.other?.defaults = ["temperature": 0.2, "top_p": 0.9]
    let model = try RoutedChatModel(
      routes, policy: RetryPolicy(), surroundings: RoutedChatModel.Surroundings()
    ) { _ in upstream }
    var request = request
    request.parameters = ["temperature": 1]
    _ = try await model.complete(request)
    #expect(upstream.requests[0].parameters == ["temperature": 1, "top_p": 0.9])
  }

  @Test func anUnknownConfigurationIsNamed() async throws {
    let model = try Scene([:]).model(ModelRoutes(byID: ["known": ModelRoute([])]))
    let error = await failure { _ = try await model.complete(request) }
    #expect(error?.kind == .misconfigured && error?.message.contains("'m'") == true)
    #expect(error?.message.contains("known") == true)
  }

  @Test func aCancelledPauseEnds() async throws {
    let model = try RoutedChatModel(
      route("a"), policy: RetryPolicy(), surroundings: RoutedChatModel.Surroundings(draw: { 1 })
    ) { _ in ScriptedChatModel { _, _ in failing(.rateLimited, after: .seconds(30)) } }
    let task = Task { try await model.complete(request) }
    task.cancel()
    await #expect(throws: (any Error).self) { try await task.value }
  }
}
