import AgentGraph
import AgentJSON
import AgentTesting
import Synchronization
import Testing

@Suite struct MessagesChannelTests {
  private func run(_ operations: [[MessageOperation<LedgerNote>]]) async throws -> [String] {
    var graph = Graph<Ledger>()
    for (index, batch) in operations.enumerated() {
      graph.node("n\(index)") { _ in .write(\.notes, batch) }
      if index == 0 { graph.start(at: "n0") } else { graph.edge("n\(index - 1)", to: "n\(index)") }
    }
    return try await graph.compile().run(.nothing).state.notes.messages.map { "\($0.id)=\($0.text)" }
  }

  private func put(_ id: String, _ text: String) -> MessageOperation<LedgerNote> {
    .put(LedgerNote(id: id, text: text))
  }

  @Test("G6 append, replace by id, remove by id, remove all")
  func operations() async throws {
    let start = [put("1", "a"), put("2", "b"), put("3", "c")]
    #expect(try await run([start]) == ["1=a", "2=b", "3=c"])
    #expect(try await run([start, [put("2", "B")]]) == ["1=a", "2=B", "3=c"])
    #expect(try await run([start, [.remove(id: "1")]]) == ["2=b", "3=c"])
    #expect(try await run([start, [.removeAll, put("9", "z")]]) == ["9=z"])
  }

  @Test("G6 removing what is not there is an error that names it")
  func unknown() async throws {
    let error = await graphError { _ = try await run([[.remove(id: "nope")]]) }
    #expect(error?.code == .unknownMessage)
    #expect(error?.message.contains("nope") == true)
  }

  @Test("G6 two tasks' messages are folded in the order of tasks")
  func siblings() async throws {
    var graph = Graph<Ledger>()
    for name in ["b", "a"] { graph.node(name) { _ in .write(\.notes, [.put(LedgerNote(text: name))]) } }
    graph.start(at: "b", "a")
    let notes = try await graph.compile().run(.nothing).state.notes.messages
    #expect(notes.map(\.text) == ["a", "b"])
    #expect(Set(notes.map(\.id)).count == 2)
    #expect(!notes.contains { $0.id.isEmpty })
  }

  @Test(
    "G6 ids are given before anything is saved: a task that is not run again keeps them", arguments: Keeping.allCases)
  func stableIDs(_ keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    graph.node("notes") { _ in .write(\.notes, [.put(LedgerNote(text: "x"))]) }
    graph.node("asks") { _, context in
      _ = try context.interrupt("?")
      return .nothing
    }
    graph.start(at: "notes", "asks")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let told = Mutex<[String]>([])
    _ = try await compiled.run(.nothing, on: "t", modes: .updates) { event in
      guard event.node == "notes", case .updates(let updates, _) = event.content,
        let operations = updates[0].value as? [MessageOperation<LedgerNote>]
      else { return }
      for case .put(let note) in operations { told.withLock { $0.append(note.id) } }
    }
    let state = try await compiled.run(.resume("go"), on: "t").state
    #expect(told.withLock { $0 } == state.notes.messages.map(\.id))
    #expect(state.notes.messages.count == 1)
  }

  @Test("G6 an input's messages get ids, and a run on the same ids source gives the same ones")
  func inputIDs() async throws {
    func ids() async throws -> [String] {
      var options = RunOptions()
      options.ids = GraphIDs(now: { 1_000 }, origin: 7)
      var graph = Graph<Ledger>()
      graph.node("n") { _ in .write(\.notes, [.put(LedgerNote(text: "out"))]) }
      graph.start(at: "n")
      let input = Command<Ledger>.write(\.notes, [.put(LedgerNote(text: "in"))])
      return try await graph.compile().run(input, options: options).state.notes.messages.map(\.id)
    }
    let first = try await ids()
    #expect(first.count == 2 && !first.contains(""))
    #expect(try await ids() == first)
  }
}
