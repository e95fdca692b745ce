import AgentJSON
import Logging
import Synchronization

extension MCPToolSource {
  /// One connection: handshake, list, then news until it is lost. Throws why it ended.
  func connection() async throws {
    let (stream, events) = AsyncStream.makeStream(
      of: MCPEvent.self, bufferingPolicy: .bufferingNewest(MCPLimits.eventsMax))
    let work: @Sendable (any MCPLink) async throws -> Void = { link in
      try await self.work(link, stream, events)
    }
    switch configuration.way {
    case .http(let endpoint):
      try await HTTPLink(endpoint, transport: transport, events: events).run(work)
    case .child(let command):
      try await ChildProcess(command: command, log: log).run(events: events, work)
    }
  }

  private func work(
    _ link: any MCPLink, _ stream: AsyncStream<MCPEvent>, _ events: AsyncStream<MCPEvent>.Continuation
  ) async throws {
    let (era, listChanged) = try await negotiate(link)
    let session = Session(link: link, era: era, events: events)
    let lifetime = try await refresh(session)
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      if listChanged { group.addTask { try await self.listen(link, era) } }
      group.addTask {
        while true {
          try await Task.sleep(for: lifetime)
          events.yield(.isDue)
        }
      }
      // One iteration for all: a stream whose iteration is cancelled has ended.
      for await event in stream {
        if event == .sessionLost { throw MCPFailure.sessionLost }
        _ = try await refresh(session)
        // A server that floods us with news is asked at most so often.
        try await Task.sleep(for: Self.refreshPause)
      }
      throw CancellationError()
    }
  }

  private static let refreshPause = Duration.milliseconds(100)
  private static let lifetimeMin = Duration.seconds(30)
  private static let lifetimeMax = Duration.seconds(300)
  private static let listenPause = Duration.seconds(5)

  /// Keeps the stream of news open; what is lost while it is not is made good by asking again.
  private func listen(_ link: any MCPLink, _ era: MCPEra) async throws {
    while true {
      do {
        try await link.listen(era: era)
      } catch let failure as MCPFailure {
        log.debug("MCP server's news ended", metadata: ["reason": "\(failure.message)"])
        // It will not say yes in five seconds; the list is asked for anew when it is due.
        if failure.isRefusal { return }
      }
      try await Task.sleep(for: Self.listenPause)
    }
  }

  private func negotiate(_ link: any MCPLink) async throws -> (MCPEra, listChanged: Bool) {
    var machine = NegotiationStateMachine()
    var action = machine.start(remembered: state.withLock { $0.era })
    while true {
      switch action {
      case .discover(let version):
        action = try await ask(link, "server/discover", [:], .stateless(version: version), &machine)
      case .initialize:
        let parameters: JSONObject = [
          "protocolVersion": .string(MCPEra.statefulNewest), "capabilities": [:],
          "clientInfo": .object(MCPEra.clientInfo),
        ]
        action = try await ask(link, "initialize", parameters, .unknown, &machine)
      case .ready(let era, let listChanged):
        if !era.isStateless { try await link.notify("notifications/initialized", era: era) }
        return (era, listChanged)
      case .fail(let failure): throw failure
      }
    }
  }

  private func ask(
    _ link: any MCPLink, _ method: String, _ parameters: JSONObject, _ era: MCPEra,
    _ machine: inout NegotiationStateMachine
  ) async throws -> NegotiationStateMachine.Action {
    let request = MCPRequest(method: method, parameters: parameters, era: era)
    do {
      return machine.answered(
        try await withTimeLimit(Self.answerMax, "its answer to \(method)") { try await link.request(request) })
    } catch let failure as MCPFailure {
      return machine.failed(failure)
    }
  }

  /// Fetches the tools, page by page; for how long they may be taken as they are.
  private func refresh(_ session: Session) async throws -> Duration {
    var list: [JSONValue] = []
    var cursor: String?
    var lifetime = Self.lifetimeMax
    for _ in 0..<MCPToolList.pagesMax {
      let parameters: JSONObject = cursor.map { ["cursor": .string($0)] } ?? [:]
      let request = MCPRequest(method: "tools/list", parameters: parameters, era: session.era)
      let page = try await withTimeLimit(Self.answerMax, "its list of tools") {
        try await session.link.request(request)
      }
      guard let tools = page["tools"]?.arrayValue else { throw MCPFailure.garbage("its list has no tools") }
      list += tools.prefix(MCPToolList.toolsMax - list.count)
      if let milliseconds = page["ttlMs"]?.intValue {
        lifetime = min(lifetime, max(Self.lifetimeMin, .milliseconds(min(milliseconds, 86_400_000))))
      }
      let next = page["nextCursor"]?.stringValue
      guard next == nil || next != cursor else { throw MCPFailure.garbage("its list of tools goes in circles") }
      cursor = next
      if cursor == nil || list.count >= MCPToolList.toolsMax { break }
    }
    if cursor != nil { log.warning("MCP server lists more tools than are taken", metadata: ["taken": "\(list.count)"]) }
    noteReady(session, MCPToolList.tools(list, source: self, log: log))
    return lifetime
  }
}
