import AgentGraph
import AgentJSON
import AgentTesting
import Synchronization
import Testing

@Suite struct UntrackedTests {
  private final class Client: Sendable {
    let name: String
    init(_ name: String) { self.name = name }
  }

  private struct Session: GraphState {
    var client: Client?
    var seen = SharedList<String>()

    struct Channels: Sendable {
      let client = StateChannel.untracked("client", \Session.client)
      let seen = StateChannel.appended("seen", \Session.seen)
    }
    static let channels = Channels()
  }

  private func graph(_ checkpointer: any Checkpointer) throws -> CompiledGraph<Session> {
    var graph = Graph<Session>()
    graph.node("first") { state in .write(\.seen, ["first:\(state.client?.name ?? "none")"]) }
    graph.node("ask") { state, context in
      _ = try context.interrupt("?")
      return .write(\.seen, ["ask:\(state.client?.name ?? "none")"])
    }
    graph.node("last") { state in .write(\.seen, ["last:\(state.client?.name ?? "none")"]) }
    graph.start(at: "first")
    graph.edge("first", to: "ask")
    graph.edge("ask", to: "last")
    return try graph.compile(checkpointer: checkpointer)
  }

  @Test("G5 untracked values live as long as the run, and are reset on resume", arguments: Keeping.allCases)
  func reset(_ keeping: Keeping) async throws {
    let graph = try graph(keeping.make())
    _ = try await graph.run(.write(\.client, Client("one")), on: "t")
    let state = try await graph.run(.resume("go"), on: "t").state
    #expect(Array(state.seen) == ["first:one", "ask:none", "last:none"])
  }

  @Test("G5 a resume may write an untracked channel anew", arguments: Keeping.allCases)
  func rewritten(_ keeping: Keeping) async throws {
    let graph = try graph(keeping.make())
    _ = try await graph.run(.write(\.client, Client("one")), on: "t")
    let state = try await graph.run(.resume("go").write(\.client, Client("two")), on: "t").state
    #expect(Array(state.seen) == ["first:one", "ask:two", "last:two"])
  }

  @Test("G5 a nested graph that is gone on with gets its untracked values again", arguments: Keeping.allCases)
  func nested(_ keeping: Keeping) async throws {
    var child = Graph<Session>("child")
    child.node("ask") { state, context in
      _ = try context.interrupt("?")
      return .write(\.seen, ["ask:\(state.client?.name ?? "none")"])
    }
    child.start(at: "ask")
    var graph = Graph<Session>()
    graph.subgraph("mapped", try child.compile(), input: { .write(\.client, $0.client) }) { child in
      .write(\.seen, Array(child.seen))
    }
    graph.subgraph("same", try child.compile())
    graph.start(at: "mapped")
    graph.edge("mapped", to: "same")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.write(\.client, Client("one")), on: "t")
    _ = try await compiled.run(.resume("go").write(\.client, Client("two")), on: "t")
    let state = try await compiled.run(.resume("go").write(\.client, Client("three")), on: "t").state
    #expect(Array(state.seen) == ["ask:two", "ask:three"])
  }

  @Test("G5 no checkpoint holds an untracked value: not encoded, not by reference, not in pending writes")
  func notHeld() async throws {
    let checkpointer = InMemoryCheckpointer()
    weak var client: Client?
    try await {
      let made = Client("one")
      client = made
      _ = try await graph(checkpointer).run(.write(\.client, made), on: "t")
    }()
    #expect(client == nil)
    let history = try await checkpointer.history(thread: "t", namespace: .root, query: HistoryQuery())
    #expect(history.count == 3)
    for stored in history {
      guard case .live(let image) = stored.state else { continue }
      #expect(image.channels.map(\.name) == ["seen"])
    }
  }

  @Test("G5 a finished sibling's untracked write does not come back on resume", arguments: Keeping.allCases)
  func pendingWrites(_ keeping: Keeping) async throws {
    var graph = Graph<Session>()
    graph.node("writes") { _ in .write(\.client, Client("sibling")).write(\.seen, ["writes"]) }
    graph.node("asks") { _, context in
      _ = try context.interrupt("?")
      return .write(\.seen, ["asks"])
    }
    graph.node("reads") { state in .write(\.seen, ["reads:\(state.client?.name ?? "none")"]) }
    graph.start(at: "writes", "asks")
    graph.edge(["writes", "asks"], to: "reads")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.nothing, on: "t")
    let state = try await compiled.run(.resume("go"), on: "t").state
    #expect(Array(state.seen) == ["asks", "writes", "reads:none"])
  }
}
