import AgentGraph
import AgentJSON
import AgentTesting
import Testing

/// The code of the guide "Channels and reducers".
@Suite struct ChannelsGuide {
  struct Note: IdentifiedMessage, Codable {
    var id = ""
    var text: String
  }

  struct Desk: GraphState {
    var title = ""
    var steps = SharedList<String>()
    var tokens = 0
    var notes = MessageList<Note>()
    var found = SharedList<String>()
    var hint: String?
    var log: Log?

    struct Channels: Sendable {
      let title = StateChannel.last("title", \Desk.title)
      let steps = StateChannel.appended("steps", \Desk.steps)
      let tokens = StateChannel.reduced("tokens", \Desk.tokens, +=)
      let notes = StateChannel.messages("notes", \Desk.notes)
      let found = StateChannel.topic("found", \Desk.found)
      let hint = StateChannel.ephemeral("hint", \Desk.hint)
      let log = StateChannel.untracked("log", \Desk.log)
    }
    static let channels = Channels()
  }

  actor Log {
    private(set) var lines: [String] = []
    func add(_ line: String) { lines.append(line) }
  }

  @Test("Writes of every kind")
  func writes() async throws {
    var graph = Graph<Desk>()
    graph.node("work") { state in
      await state.log?.add("working on \(state.title)")
      return
        .write(\.title, "Tea")
        .write(\.steps, ["boil", "pour"])
        .write(\.tokens, 12)
        .write(\.notes, [.put(Note(text: "green")), .put(Note(id: "n1", text: "not too hot"))])
        .write(\.found, ["a pot"])
        .write(\.hint, "three minutes")
    }
    graph.start(at: "work")
    let desk = try graph.compile(checkpointer: InMemoryCheckpointer())

    let log = Log()
    let state = try await desk.run(.write(\.title, "Water").write(\.log, log), on: "desk-1").state
    #expect(state.title == "Tea" && state.steps.count == 2 && state.tokens == 12 && state.notes.messages.count == 2)
    #expect(await log.lines == ["working on Water"])
  }

  @Test("Messages are put, replaced and removed by their ids")
  func messages() async throws {
    var graph = Graph<Desk>()
    graph.node("first") { _ in .write(\.notes, [.put(Note(id: "n1", text: "hot")), .put(Note(text: "green"))]) }
    graph.node("second") { state in
      let known = state.notes[id: "n1"]?.text ?? ""
      return .write(\.notes, [.put(Note(id: "n1", text: "not too \(known)"))])
    }
    graph.node("third") { _ in .write(\.notes, [.remove(id: "n1")]) }
    graph.start(at: "first")
    graph.edge("first", to: "second")
    graph.edge("second", to: "third")
    let notes = try await graph.compile().run(.nothing).state.notes
    #expect(notes.messages.map(\.text) == ["green"])
  }

  @Test("Two writes of one superstep: a conflict, or a fold in the order of tasks")
  func conflicts() async throws {
    var graph = Graph<Desk>()
    graph.node("left") { _ in .write(\.title, "left").write(\.steps, ["left"]) }
    graph.node("right") { _ in .write(\.title, "right").write(\.steps, ["right"]) }
    graph.start(at: "left", "right")
    do {
      _ = try await graph.compile().run(.nothing)
    } catch let error as GraphError where error.code == .conflictingWrites {
      print(error.message)  // names the channel and both nodes
    }
    let compiled = try graph.compile()
    let error = await #expect(throws: GraphError.self) { try await compiled.run(.nothing) }
    #expect(error?.code == .conflictingWrites)
    #expect(["title", "left", "right"].allSatisfy { error?.message.contains("\"\($0)\"") == true })
  }

  @Test("An overwrite goes past the reducer")
  func overwrite() async throws {
    var graph = Graph<Desk>()
    graph.node("shorten") { state in .overwrite(\.steps, SharedList(state.steps.suffix(1))) }
    graph.start(at: "shorten")
    let state = try await graph.compile().run(.write(\.steps, ["boil", "pour"])).state
    #expect(Array(state.steps) == ["pour"])
  }

  @Test("What a version of a list costs")
  func sharing() {
    let old = SharedList(0..<100_000)
    var new = old  // shares everything
    new.append(100_000)  // copies a few dozen elements, not a hundred thousand
    #expect(old.count == 100_000 && new.count == 100_001)
  }
}
