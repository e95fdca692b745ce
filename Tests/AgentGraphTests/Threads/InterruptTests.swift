import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct InterruptTests {
  private func ask(_ context: NodeContext<Ledger>, _ question: JSONValue) throws -> String {
    try context.interrupt(question).stringValue ?? "?"
  }

  @Test(
    "G31 an interrupt stops the task, and the node starts again at its top",
    arguments: Keeping.allCases, Durability.allCases)
  func restarts(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in
      visits.add("top")
      let answer = try ask(context, ["text": "sure?"])
      visits.add("after")
      return .entry(answer)
    }
    graph.start(at: "ask")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    let stopped = try await compiled.run(.entry("in"), on: "t", options: options)
    let interrupt = try #require(stopped.interrupts.first)
    #expect(stopped.outcome == .interrupted([interrupt]) && stopped.supersteps == 0)
    #expect(stopped.state.lines == ["in"])
    #expect(interrupt.value == ["text": "sure?"] && interrupt.node == "ask" && interrupt.namespace == .root)
    #expect(interrupt.kind == .question)
    #expect(visits.list == ["top"])
    #expect(try await compiled.run(.resume("yes"), on: "t", options: options).state.lines == ["in", "yes"])
    #expect(visits.list == ["top", "top", "after"])
  }

  @Test("G31 the k-th interrupt call gets the k-th answer", arguments: Keeping.allCases, Durability.allCases)
  func kthAnswer(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in
      visits.add("top")
      var answers: [String] = []
      // The second question depends on the first answer; the number of questions, too.
      let first = try ask(context, "how many?")
      for number in 0..<(Int(first) ?? 0) { answers.append(try ask(context, .string("\(first)/\(number)"))) }
      return .entry(answers.joined(separator: "+"))
    }
    graph.start(at: "ask")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    var asked: [Interrupt] = []
    var result = try await compiled.run(.nothing, on: "t", options: options)
    for answer in ["3", "a", "b", "c"] {
      asked += result.interrupts
      result = try await compiled.run(.resume(.string(answer)), on: "t", options: options)
    }
    #expect(result.outcome == .finished && result.state.lines == ["a+b+c"])
    #expect(asked.map(\.value) == ["how many?", "3/0", "3/1", "3/2"])
    #expect(Set(asked.map(\.id)).count == 4)
    #expect(visits.list.count == 5)
  }

  @Test("G31 an interrupt's id is stable: asked again without an answer, it is the same", arguments: Keeping.allCases)
  func stableID(keeping: Keeping) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in
      visits.add("ask")
      return .entry(try ask(context, "?"))
    }
    graph.start(at: "ask")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let first = try await compiled.run(.nothing, on: "t").interrupts
    #expect(try await compiled.run(on: "t").interrupts == first)
    #expect(try await compiled.run(on: "t").interrupts == first)
    #expect(try await compiled.snapshot(of: "t")?.interrupts == first)
    #expect(try await compiled.run(.resume("yes", to: first[0].id), on: "t").state.lines == ["yes"])
    #expect(visits.list.count == 2)
  }

  @Test("G31 a crash after the question was stored asks the same one")
  func crash() async throws {
    let keeper = Keeping.encoded.make()
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in .entry(try ask(context, "?") + (try ask(context, "??"))) }
    graph.start(at: "ask")
    let id = try await graph.compile(checkpointer: keeper).run(.nothing, on: "t").interrupts[0].id
    // The answer is stored, and then nothing more.
    let cut = CutCheckpointer(keeper) { write in
      guard case .pending(let record) = write, case .interrupted(let open, _) = record.outcome else { return false }
      return !open.isEmpty
    }
    await #expect(throws: CutCheckpointer.Cut.self) {
      try await graph.compile(checkpointer: cut).run(.resume("1", to: id), on: "t")
    }
    let resumed = try graph.compile(checkpointer: keeper)
    let second = try await resumed.run(on: "t").interrupts
    #expect(second.map(\.value) == ["??"])
    #expect(try await resumed.run(.resume("2"), on: "t").state.lines == ["12"])
  }

  @Test("G31 answers outlive an error that comes after them", arguments: Keeping.allCases, Durability.allCases)
  func error(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in
      let answer = try ask(context, "?")
      if visits.number("fail") == 0 { throw Mishap() }
      return .entry(answer)
    }
    graph.start(at: "ask")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    _ = try await compiled.run(.nothing, on: "t", options: options)
    await #expect(throws: Mishap()) { try await compiled.run(.resume("yes"), on: "t", options: options) }
    #expect(try await compiled.snapshot(of: "t")?.interrupts == [])
    #expect(try await compiled.run(on: "t", options: options).state.lines == ["yes"])
  }

  @Test(
    "G31 several in parallel are answered by id, in any order and number",
    arguments: Keeping.allCases, Durability.allCases)
  func parallel(keeping: Keeping, durability: Durability) async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    for name in ["a", "b", "c"] {
      graph.node(name) { _, context in
        visits.add(name)
        return .entry(name + (try ask(context, .string(name))))
      }
    }
    graph.start(at: "a", "b", "c")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let options = RunOptions(durability: durability)
    let open = try await compiled.run(.nothing, on: "t", options: options).interrupts
    #expect(open.map(\.node) == ["a", "b", "c"])
    let answers = Command<Ledger>.resume("1", to: open[2].id).resume("2", to: open[0].id)
    let two = try await compiled.run(answers, on: "t", options: options)
    #expect(two.interrupts == [open[1]] && two.state.lines == [])
    let all = try await compiled.run(.resume("3"), on: "t", options: options)
    #expect(all.state.lines == ["a2", "b3", "c1"])
    // Each ran once to ask, and once with its answer.
    #expect(["a", "b", "c"].map(visits.count) == [2, 2, 2])
  }

  @Test("G31 one question among sends: each task has its own")
  func sends() async throws {
    var graph = Graph<Ledger>()
    graph.node("split", .destinations(["item"])) { _ in .goto(.sends((1...3).map { Send("item", $0) })) }
    graph.node("item", input: Int.self) { number, context in
      .entry("\(number)" + (try ask(context, .integer(number))))
    }
    graph.start(at: "split")
    let compiled = try graph.compile(checkpointer: Keeping.encoded.make())
    let open = try await compiled.run(.nothing, on: "t").interrupts
    #expect(open.map(\.value) == [1, 2, 3] && Set(open.map(\.id)).count == 3)
    let input = open.reduce(Command<Ledger>.nothing) { $0.resume(.string("-\($1.value.intValue ?? 0)"), to: $1.id) }
    #expect(try await compiled.run(input, on: "t").state.lines == ["1-1", "2-2", "3-3"])
  }

  @Test(
    "G31 an unknown id, none open, and a value for several are errors that change nothing", arguments: Keeping.allCases)
  func refusals(keeping: Keeping) async throws {
    var graph = Graph<Ledger>()
    for name in ["a", "b"] { graph.node(name) { _, context in .entry(try ask(context, .string(name))) } }
    graph.start(at: "a", "b")
    let compiled = try graph.compile(checkpointer: keeping.make())
    let none = await graphError { _ = try await compiled.run(.resume("x"), on: "t") }
    #expect(none?.code == .unknownInterrupt)
    let open = try await compiled.run(.nothing, on: "t").interrupts
    let unknown = InterruptID(rawValue: "nobody")
    let errors = [
      await graphError { _ = try await compiled.run(.resume("x"), on: "t") },
      await graphError { _ = try await compiled.run(.resume("x", to: unknown), on: "t") },
      await graphError { _ = try await compiled.run(.resume("x", to: open[0].id).resume("y", to: unknown), on: "t") },
    ]
    #expect(errors.allSatisfy { $0?.code == .unknownInterrupt })
    #expect(errors[0]?.message.contains(open[0].id.rawValue) == true)
    #expect(errors[1]?.message.contains("nobody") == true && errors[1]?.message.contains(open[1].id.rawValue) == true)
    #expect(try await compiled.snapshot(of: "t")?.interrupts == open)
    _ = try await compiled.run(.resume("1", to: open[0].id), on: "t")
    let answered = await graphError { _ = try await compiled.run(.resume("1", to: open[0].id), on: "t") }
    #expect(answered?.code == .unknownInterrupt)
    #expect(try await compiled.run(.resume("2"), on: "t").state.lines == ["1", "2"])
    let late = await graphError { _ = try await compiled.run(.resume("3"), on: "t") }
    #expect(late?.code == .unknownInterrupt)
  }

  @Test(
    "G31 any JSON is an answer: null, false, a list, an object",
    arguments: [.null, false, [1, "x"], ["k": .null]] as [JSONValue])
  func values(answer: JSONValue) async throws {
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in .entry(try context.interrupt(answer).encodedText) }
    graph.start(at: "ask")
    let compiled = try graph.compile(checkpointer: Keeping.encoded.make())
    #expect(try await compiled.run(.nothing, on: "t").interrupts.map(\.value) == [answer])
    #expect(try await compiled.run(.resume(answer), on: "t").state.lines == [answer.encodedText])
  }

  @Test("G31 a node that catches the signal is stopped all the same")
  func caught() async throws {
    var graph = Graph<Ledger>()
    graph.node("ask", .retry(RetryPolicy(initialInterval: .zero)), .onError("mend")) { _, context in
      do { return .entry(try ask(context, "?")) } catch { throw Mishap() }
    }
    graph.node("swallow") { _, context in .entry((try? ask(context, "??")) ?? "swallowed") }
    graph.node("mend") { _ in .entry("mended") }
    graph.start(at: "ask", "swallow")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    let open = try await compiled.run(.nothing, on: "t").interrupts
    #expect(open.map(\.value) == ["?", "??"])
    let input = open.reduce(Command<Ledger>.nothing) { $0.resume("yes", to: $1.id) }
    #expect(try await compiled.run(input, on: "t").state.lines == ["yes", "yes"])
  }

  @Test("G31 without a checkpointer a question ends the run, which says so")
  func noCheckpointer() async throws {
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in .entry(try ask(context, "?")) }
    graph.start(at: "ask")
    #expect(try await graph.compile().run(.entry("in")).interrupts.map(\.value) == ["?"])
  }
}
