import AgentGraph
import AgentTesting
import Testing

@Suite struct ChannelTests {
  /// Two nodes in one superstep, "one" and "two", and what they write.
  private func pair(_ one: Command<Ledger>, _ two: Command<Ledger>) throws -> CompiledGraph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("one") { _ in one }
    graph.node("two") { _ in two }
    graph.start(at: "one", "two")
    return try graph.compile()
  }

  @Test(
    "G5 two writes of a single-write channel in one superstep are an error that names both nodes",
    arguments: [
      ("title", Command<Ledger>.write(\.title, "x")), ("hint", .write(\.hint, "x")),
      ("scratch", .write(\.scratch, "x")),
    ])
  func conflict(_ channel: String, _ write: Command<Ledger>) async throws {
    let graph = try pair(write, write)
    let error = await graphError { _ = try await graph.run(.nothing) }
    #expect(error?.code == .conflictingWrites)
    for name in ["\"one\"", "\"two\"", "\"\(channel)\""] { #expect(error?.message.contains(name) == true) }
  }

  @Test("G5 a task may write its own last-value channel twice: the later write stays")
  func ownWrites() async throws {
    var graph = Graph<Ledger>()
    graph.node("one") { _ in .write(\.title, "first").write(\.title, "second") }
    graph.start(at: "one")
    #expect(try await graph.compile().run(.nothing).state.title == "second")
  }

  @Test("G5 a conflict leaves the thread at its last checkpoint", arguments: Durability.allCases)
  func conflictKeepsState(_ durability: Durability) async throws {
    var graph = Graph<Ledger>()
    graph.node("before") { _ in .entry("before") }
    graph.node("one") { _ in .entry("one").write(\.title, "1") }
    graph.node("two") { _ in .entry("two").write(\.title, "2") }
    graph.start(at: "before")
    graph.edge("before", to: "one")
    graph.edge("before", to: "two")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    let error = await graphError {
      _ = try await compiled.run(.nothing, on: "t", options: RunOptions(durability: durability))
    }
    #expect(error?.code == .conflictingWrites)
    let snapshot = try #require(try await compiled.snapshot(of: "t"))
    #expect(snapshot.state.lines == ["before"])
    #expect(snapshot.state.title == "")
  }

  @Test("G5 a reducer channel folds from the left in the order of tasks")
  func reducer() async throws {
    var graph = Graph<Words>()
    for name in ["c", "a", "b"] { graph.node(name) { _ in .write(\.text, name) } }
    graph.start(at: "c", "a", "b")
    #expect(try await graph.compile().run(.write(\.text, ">")).state.text == ">abc")
  }

  @Test("G5 a reducer that throws fails the run and changes nothing")
  func failingReducer() async throws {
    var graph = Graph<Words>()
    graph.node("good") { _ in .write(\.text, "good") }
    graph.node("bad") { _ in .write(\.checked, -1) }
    graph.start(at: "good")
    graph.edge("good", to: "bad")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    await #expect(throws: Mishap("negative")) { try await compiled.run(.nothing, on: "t") }
    let snapshot = try #require(try await compiled.snapshot(of: "t"))
    #expect(snapshot.state.text == "good")
    #expect(snapshot.state.checked == 0)
    #expect(snapshot.next == ["bad"])
  }

  @Test("G5 a topic holds one superstep's writes, an appended list all")
  func topic() async throws {
    var graph = Graph<Ledger>()
    let seen = Visits()
    for (name, next) in [("a", "b"), ("b", "c"), ("c", "d"), ("d", nil)] as [(String, String?)] {
      graph.node(name) { state in
        seen.add("\(name):\(Array(state.fresh).joined(separator: ","))")
        return name == "c" ? .entry(name) : .entry(name).write(\.fresh, ["\(name)1", "\(name)2"])
      }
      if let next { graph.edge(name, to: next) }
    }
    graph.start(at: "a")
    let state = try await graph.compile().run(.write(\.fresh, ["in"])).state
    #expect(seen.list == ["a:in", "b:a1,a2", "c:b1,b2", "d:"])
    #expect(Array(state.fresh) == ["d1", "d2"])
    #expect(state.lines == ["a", "b", "c", "d"])
  }

  @Test("G5 a topic takes the writes of several tasks, in their order")
  func sharedTopic() async throws {
    let graph = try pair(.write(\.fresh, ["1"]), .write(\.fresh, ["2"]))
    #expect(try await Array(graph.run(.write(\.fresh, ["0"])).state.fresh) == ["1", "2"])
  }

  @Test("G5 overwrite replaces past the reducer; other tasks' updates of the superstep do not count")
  func overwrite() async throws {
    for (one, two) in [
      (Command<Ledger>.write(\.total, 5), Command<Ledger>.overwrite(\.total, 100)),
      (.overwrite(\.total, 100), .write(\.total, 5)),
    ] {
      #expect(try await pair(one, two).run(.write(\.total, 1)).state.total == 100)
    }
    let lists = try pair(.overwrite(\.entries, ["new"]), .entry("late"))
    #expect(try await lists.run(.entry("old")).state.lines == ["new"])
  }

  @Test("G5 after an overwrite the reducer goes on")
  func afterOverwrite() async throws {
    var graph = Graph<Ledger>()
    graph.node("one") { _ in .overwrite(\.total, 10).write(\.total, 1) }
    graph.node("two") { _ in .write(\.total, 5) }
    graph.start(at: "one")
    graph.edge("one", to: "two")
    #expect(try await graph.compile().run(.write(\.total, 3)).state.total == 16)
  }

  @Test("G5 two overwrites in one superstep are an error, also with an update after the first")
  func twoOverwrites() async throws {
    for one in [Command<Ledger>.overwrite(\.total, 1), .overwrite(\.total, 1).write(\.total, 1)] {
      let graph = try pair(one, .overwrite(\.total, 2))
      let error = await graphError { _ = try await graph.run(.nothing) }
      #expect(error?.code == .conflictingWrites)
      #expect(error?.message.contains("\"one\" and \"two\"") == true)
    }
  }

  @Test("G5 what comes after a task's own overwrite is dropped from others, too")
  func overwriteThenUpdate() async throws {
    let graph = try pair(.overwrite(\.entries, ["new"]).write(\.entries, ["own"]), .entry("late"))
    #expect(try await graph.run(.entry("old")).state.lines == ["new", "own"])
  }
}

/// A text that grows, and a number whose reducer refuses some.
struct Words: GraphState {
  var text = ""
  var checked = 0

  struct Channels: Sendable {
    let text = StateChannel.reduced("text", \Words.text) { $0 += ($1 as String) }
    let checked = StateChannel.reduced("checked", \Words.checked) { (value: inout Int, update: Int) in
      if update < 0 { throw Mishap(text: "negative") }
      value += update
    }
  }
  static let channels = Channels()
}

extension Mishap {
  init(_ text: String) { self.init(text: text) }
}
