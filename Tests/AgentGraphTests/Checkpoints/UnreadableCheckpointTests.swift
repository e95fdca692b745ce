import AgentGraph
import AgentJSON
import Testing

@Suite struct UnreadableCheckpointTests {
  /// A thread that stopped at a question beside a finished task, with an effect and a send.
  private func graph() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("split", .destinations(["item"])) { _ in .goto(.sends([Send("item", 5)])) }
    graph.node("item", input: Int.self) { number, context in
      let value = try await context.effect("work") { _ in number }
      return .entry("\(value)" + (try context.interrupt("?").stringValue ?? ""))
    }
    graph.node("beside") { _ in .entry("beside") }
    graph.start(at: "split")
    graph.edge("split", to: "beside")
    return graph
  }

  enum Damage: String, CaseIterable {
    case list, value, state, node, pendingWrite, pendingChannel, sendInput, effect, graph

    func apply(_ stored: inout StoredCheckpoint) {
      let junk = Array("{not json".utf8)
      switch self {
      case .list: stored.state = .encoded(["entries": .segments([junk])])
      case .value: stored.state = .encoded(["total": .value(junk)])
      case .state: stored.state = .encoded(["title": .value(Array("17".utf8))])
      case .node: stored.plan.tasks.append(PlannedTask(node: "gone"))
      case .pendingWrite: replacePending(&stored, junk)
      case .pendingChannel:
        replacePending(&stored, Array(#"{"writes":[{"channel":"gone","value":"1"}]}"#.utf8))
      case .sendInput:
        for index in stored.plan.tasks.indices where stored.plan.tasks[index].input != nil {
          stored.plan.tasks[index].input = .encoded(junk)
        }
      case .effect: for index in stored.effects.indices { stored.effects[index].result = .encoded(junk) }
      case .graph: stored.metadata.graph = "another"
      }
    }

    private func replacePending(_ stored: inout StoredCheckpoint, _ bytes: [UInt8]) {
      for index in stored.pending.indices {
        if case .done = stored.pending[index].outcome { stored.pending[index].outcome = .done(.encoded(bytes)) }
      }
    }
  }

  @Test(
    "A damaged checkpoint is refused with an error that names it, and other threads go on", arguments: Damage.allCases)
  func damaged(damage: Damage) async throws {
    let base = Keeping.encoded.make()
    let intact = try graph().compile(checkpointer: base)
    for thread in ["damaged", "sound"] { #expect(try await intact.run(.entry("in"), on: thread).interrupts.count == 1) }
    let before = try await intact.snapshot(of: "damaged")
    let checkpoint = try #require(before?.reference.id)
    let graph = try graph().compile(checkpointer: DamagingCheckpointer(base) { damage.apply(&$0) })
    let error = await graphError { _ = try await graph.run(.resume("yes"), on: "damaged") }
    #expect(error?.code == .unreadableCheckpoint, "\(damage)")
    #expect(error?.message.contains("\(checkpoint)") == true, "\(error?.message ?? "")")
    #expect(try await graph.run(.resume("yes"), on: "sound").state.lines == ["in", "beside", "5yes"])
    // Nothing was changed by the refusal: with what was stored, the thread goes on.
    let isOpen = try await intact.snapshot(of: "damaged")?.interrupts.isEmpty == false
    let result = try await intact.run(isOpen ? .resume("yes") : nil, on: "damaged")
    #expect(result.state.lines == ["in", "beside", "5yes"])
  }

  @Test("A damaged checkpoint is refused to snapshots, history, updates and forks", arguments: [Damage.list, .graph])
  func everyDoor(damage: Damage) async throws {
    let base = InMemoryCheckpointer()
    let intact = try graph().compile(checkpointer: base)
    _ = try await intact.run(.entry("in"), on: "damaged")
    let reference = try #require(try await intact.snapshot(of: "damaged")?.reference)
    let graph = try graph().compile(checkpointer: DamagingCheckpointer(base) { damage.apply(&$0) })
    let doors: [@Sendable () async throws -> Void] = [
      { _ = try await graph.snapshot(of: "damaged") },
      { _ = try await graph.history(of: "damaged") },
      { _ = try await graph.updateState(of: "damaged", .entry("x"), asNode: "beside") },
      { _ = try await graph.run(on: "damaged", options: .from(reference)) },
      { _ = try await graph.run(.entry("x"), on: "damaged") },
    ]
    for door in doors {
      let error = await graphError(door)
      #expect(error?.code == .unreadableCheckpoint)
      #expect(error?.message.contains("thread \"damaged\"") == true)
    }
    #expect(try await intact.history(of: "damaged").first?.reference == reference)
  }

  @Test("A checkpoint of another graph, or of another state, is refused")
  func foreign() async throws {
    let keeper = InMemoryCheckpointer()
    _ = try await chain("a", as: "one").compile(checkpointer: keeper).run(.nothing, on: "t")
    var other = Graph<Page>("one")
    other.node("a") { _ in .nothing }
    other.start(at: "a")
    let errors = [
      await graphError { _ = try await chain("a", as: "two").compile(checkpointer: keeper).run(.nothing, on: "t") },
      await graphError { _ = try await other.compile(checkpointer: keeper).run(.nothing, on: "t") },
    ]
    #expect(errors.allSatisfy { $0?.code == .unreadableCheckpoint })
    #expect(errors[0]?.message.contains("\"one\"") == true && errors[0]?.message.contains("\"two\"") == true)
    #expect(errors[1]?.message.contains("Ledger") == true && errors[1]?.message.contains("Page") == true)
  }

  @Test("A graph that got a channel and lost one takes up what is stored")
  func evolved() async throws {
    let keeper = Keeping.encoded.make()
    _ = try await chain("a", as: "g").compile(checkpointer: keeper).run(.write(\.title, "kept"), on: "t")
    struct Grown: GraphState {
      var title = ""
      var extra = "initial"
      struct Channels: Sendable {
        let extra = StateChannel.last("extra", \Grown.extra)
        let title = StateChannel.last("title", \Grown.title)
      }
      static let channels = Channels()
    }
    var graph = Graph<Grown>("g")
    graph.node("a") { state in .write(\.extra, state.title + "!") }
    graph.start(at: "a")
    let compiled = try graph.compile(checkpointer: keeper)
    #expect(try await compiled.snapshot(of: "t")?.state.extra == "initial")
    let state = try await compiled.run(.nothing, on: "t").state
    #expect(state.title == "kept" && state.extra == "kept!")
  }

  @Test("An untracked value is in no checkpoint: not in states, not in finished tasks", arguments: Keeping.allCases)
  func untracked(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .write(\.scratch, "a").write(\.total, 1) }
    graph.node("ask") { _, context in .entry(try context.interrupt("?").stringValue ?? "") }
    graph.node("read") { state in .entry("scratch: " + state.scratch) }
    graph.start(at: "a", "ask")
    graph.edge(["a", "ask"], to: "read")
    let compiled = try graph.compile(checkpointer: keeping.make())
    _ = try await compiled.run(.write(\.scratch, "in"), on: "t")
    #expect(try await compiled.snapshot(of: "t")?.state.scratch == "")
    #expect(try await compiled.run(.resume("yes"), on: "t").state.lines == ["yes", "scratch: "])
  }
}
