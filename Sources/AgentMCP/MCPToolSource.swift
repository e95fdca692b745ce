public import AgentHTTP
import AgentJSON
public import AgentRuntime
public import FoundationEssentials
public import Logging
import Synchronization

/// The tools of one MCP server. `run()` connects and keeps the connection; without it no tool is ever there.
public final class MCPToolSource: ToolSource {
  struct Session: Sendable {
    let link: any MCPLink
    let era: MCPEra
    let events: AsyncStream<MCPEvent>.Continuation
  }
  struct State {
    var machine = ConnectionStateMachine()
    var session: Session?
    var tools: [MCPTool]?
    var health = ToolSourceHealth()
    var era = MCPEra.unknown
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
  }

  let configuration: MCPServerConfiguration
  let transport: HTTPTransport
  let log: Logger
  let state = Mutex(State())
  private let date: @Sendable () -> Date
  private let random: @Sendable () -> Double

  /// How long a server may take for the handshake, a list, or a reconnection that a call waits for.
  static let answerMax = Duration.seconds(10)
  /// A connection that lasted so long was a good one: the pauses before the next ones start anew.
  private static let stableAfter = Duration.seconds(60)
  /// A session that was lost sooner is followed by a pause.
  private static let sessionMin = Duration.seconds(1)

  /// Makes a source; nothing is connected before `run()`. `random` gives 0 to 1 for the pauses' jitter.
  public init(
    _ configuration: MCPServerConfiguration, transport: HTTPTransport, log: Logger,
    date: @escaping @Sendable () -> Date = { Date() },
    random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
  ) {
    self.configuration = configuration
    self.transport = transport
    var log = log
    log[metadataKey: "mcp_server"] = "\(configuration.name)"
    self.log = log
    self.date = date
    self.random = random
  }

  /// What is known of the server.
  public var health: ToolSourceHealth { state.withLock { $0.health } }

  /// The tools listed last; waits for the first connection at most 10 s. Throws `ToolError`, or `CancellationError`.
  public func tools() async throws -> [any Tool] {
    if let tools = state.withLock({ $0.tools }) { return tools }
    try await settle()
    if let tools = state.withLock({ $0.tools }) { return tools }
    throw unavailable()
  }

  /// Connects, and again with growing pauses whenever the connection is lost, until the task is cancelled.
  public func run() async {
    while !Task.isCancelled {
      state.withLock { $0.machine.begin() }
      let start = ContinuousClock.now
      do {
        try await connection()
      } catch {
        if Task.isCancelled { break }
        let lasted = ContinuousClock.now - start
        // One that forgets each session as soon as it is made is a server that fails.
        if (error as? MCPFailure) == .sessionLost, lasted > Self.sessionMin { continue }
        if lasted > Self.stableAfter { state.withLock { $0.machine.settled() } }
        let pause = note(failure: error)
        try? await Task.sleep(for: pause * (0.5 + 0.5 * random()))
      }
    }
    let waiters = state.withLock { state in
      state.machine.stop()
      state.session = nil
      return state.takeWaiters()
    }
    for waiter in waiters { waiter.resume() }
  }

  private func note(failure error: any Error) -> Duration {
    let why = (error as? MCPFailure)?.message ?? "\(error)"
    let (pause, waiters) = state.withLock { state in
      state.session = nil
      // A server that understood us and said no may be another one than last time.
      if (error as? MCPFailure)?.isOfLink == false { state.era = .unknown }
      state.health.isReachable = false
      state.health.problem = why
      state.health.time = date()
      return (state.machine.failed(why), state.takeWaiters())
    }
    for waiter in waiters { waiter.resume() }
    log.warning("MCP server is unavailable", metadata: ["reason": "\(why)"])
    return pause
  }

  func noteReady(_ session: Session, _ tools: [MCPTool]) {
    let waiters = state.withLock { state in
      state.machine.connected()
      state.session = session
      state.era = session.era
      state.tools = tools
      state.health = ToolSourceHealth(isReachable: true, toolCount: tools.count, time: date())
      return state.takeWaiters()
    }
    for waiter in waiters { waiter.resume() }
  }
}

extension MCPToolSource.State {
  fileprivate mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
    defer { waiters = [:] }
    return Array(waiters.values)
  }
}

extension MCPToolSource {
  /// Calls a tool. Throws `ToolError`, or `CancellationError`.
  func call(_ parameters: JSONObject, headers: [(name: String, value: String)]) async throws -> JSONObject {
    for attempt in 0..<2 {
      let session = try await session()
      let request = MCPRequest(method: "tools/call", parameters: parameters, era: session.era, headers: headers)
      do {
        return try await session.link.request(request)
      } catch MCPFailure.sessionLost where attempt == 0 {
        state.withLock { state in
          state.session = nil
          state.machine.sessionLost()
        }
        session.events.yield(.sessionLost)
      } catch let failure as MCPFailure {
        if failure.isOfLink { session.events.yield(.suspect) }
        throw ToolError("the tool server '\(configuration.name)' failed: \(failure.message)", cause: failure)
      }
    }
    throw unavailable()
  }

  private func session() async throws -> Session {
    if let session = state.withLock({ $0.session }) { return session }
    try await settle()
    if let session = state.withLock({ $0.session }) { return session }
    throw unavailable()
  }

  private func unavailable() -> ToolError {
    let why = state.withLock { $0.health.problem } ?? "it is not connected"
    return ToolError("the tool server '\(configuration.name)' is unavailable: \(why)")
  }

  /// Waits while the first attempt, or a new session, is under way.
  private func settle() async throws {
    _ = try? await withTimeLimit(Self.answerMax, "") { await self.waitUntilSettled() }
    try Task.checkCancellation()
  }

  private func waitUntilSettled() async {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let waits = state.withLock { state in
          guard state.machine.isPending, !Task.isCancelled else { return false }
          state.waiters[id] = waiter
          return true
        }
        if !waits { waiter.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }
}

/// Does the work in at most so much time. Throws `MCPFailure`, or what the work throws.
func withTimeLimit<Value: Sendable>(
  _ limit: Duration, _ what: String, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value?.self) { group in
    group.addTask { try await work() }
    group.addTask {
      try await Task.sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    guard let first = try await group.next(), let value = first else {
      throw MCPFailure.broken("\(what) took longer than \(limit)")
    }
    return value
  }
}
