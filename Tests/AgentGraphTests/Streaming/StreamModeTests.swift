import AgentGraph
import AgentJSON
import Testing

extension GraphEvent {
  /// The event in short.
  var text: String {
    let node = node ?? "-"
    switch content {
    case .values(let state):
      let lines = (state as? Ledger).map { $0.lines.joined(separator: ",") }
      return "values \(lines ?? (state as? Page)?.words.joined(separator: ",") ?? "?")"
    case .updates(let updates, let isCached):
      return "updates \(node) \(updates.map(\.channel).joined(separator: ","))" + (isCached ? " cached" : "")
    case .message(let piece): return "message \(node) \(piece.encodedText)"
    case .taskStarted: return "start \(node)"
    case .taskEnded(_, let end):
      switch end {
      case .done: return "end \(node)"
      case .failed(let error): return "failed \(node) \(error)"
      case .interrupted(let interrupts): return "asked \(node) \(interrupts.count)"
      }
    case .checkpoint(let checkpoint):
      let next = checkpoint.next.joined(separator: ",")
      return "checkpoint \(checkpoint.metadata.source) \(checkpoint.metadata.step) → \(next)"
    case .custom(let value): return "custom \(node) \(value.encodedText)"
    case .interrupted(let interrupts): return "interrupted \(interrupts.map(\.node).joined(separator: ","))"
    }
  }
}

extension GraphStream {
  /// All events, and what the stream ended with.
  func drained() async -> (events: [GraphEvent], error: (any Error)?) {
    var events: [GraphEvent] = []
    do {
      for try await event in self { events.append(event) }
      return (events, nil)
    } catch {
      return (events, error)
    }
  }
}

@Suite struct StreamModeTests {
  private func telling() -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.node("a") { _, context in
      try await context.emit(["progress": 1])
      for piece in ["Hel", "lo"] { try await context.emitMessage(.string(piece)) }
      return .entry("a").write(\.total, 2)
    }
    graph.node("b") { _ in .entry("b") }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    return graph
  }

  private func texts(_ modes: StreamModes, checkpointer: (any Checkpointer)? = nil) async throws -> [String] {
    let graph = try telling().compile(checkpointer: checkpointer)
    let (events, error) = await graph.stream(.entry("in"), on: "t", modes: modes).drained()
    #expect(error == nil)
    return events.map(\.text)
  }

  @Test("G36 values: after the input and each superstep")
  func values() async throws {
    #expect(try await texts(.values) == ["values in", "values in,a", "values in,a,b"])
    let graph = try telling().compile()
    let goto = await graph.stream(.entry("in").goto("b"), modes: .values).drained()
    #expect(goto.events.map(\.text) == ["values in", "values in,b"])
  }

  @Test("G36 updates: per task as it finishes, with what was written")
  func updates() async throws {
    #expect(try await texts(.updates) == ["updates a entries,total", "updates b entries"])
    let graph = try telling().compile()
    let events = await graph.stream(.nothing, modes: .updates).drained().events
    guard case .updates(let updates, false) = events.first?.content else {
      Issue.record("the first event is no update")
      return
    }
    #expect(try updates.map { try $0.json() } == [["a"], 2])
    #expect(updates[0].value as? [String] == ["a"] && !updates[0].overwrites)
    #expect(events.map(\.step) == [1, 2] && events.map(\.node) == ["a", "b"])
  }

  @Test("G36 updates come as tasks finish, not in the order of writes")
  func updatesAsTheyFinish() async throws {
    let isLate = Latch()
    var graph = Graph<Ledger>()
    graph.node("a") { _ in
      await isLate.wait()
      return .entry("a")
    }
    graph.node("b") { _ in .entry("b") }
    graph.start(at: "a", "b")
    let stream = try graph.compile().stream(.nothing, modes: [.updates, .values])
    var texts: [String] = []
    for try await event in stream {
      texts.append(event.text)
      if event.node == "b" { isLate.open() }
    }
    #expect(texts == ["values ", "updates b entries", "updates a entries", "values a,b"])
  }

  @Test("G36 messages: pieces with the node's name; custom: what a node emits")
  func messagesAndCustom() async throws {
    #expect(try await texts(.messages) == ["message a \"Hel\"", "message a \"lo\""])
    #expect(try await texts(.custom) == ["custom a {\"progress\":1}"])
    #expect(try await texts([]) == [])
  }

  @Test("G36 tasks: each one's start and end; checkpoints: each one; debug: both")
  func tasksAndCheckpoints() async throws {
    let tasks = ["start a", "end a", "start b", "end b"]
    #expect(try await texts(.tasks) == tasks)
    #expect(try await texts(.checkpoints) == [])
    for keeping in Keeping.allCases {
      let checkpoints = [
        "checkpoint input -1 → __start__", "checkpoint loop 0 → a", "checkpoint loop 1 → b",
        "checkpoint loop 2 → ",
      ]
      #expect(try await texts(.checkpoints, checkpointer: keeping.make()) == checkpoints)
      let debug = checkpoints[0...1] + tasks[0...1] + checkpoints[2...2] + tasks[2...3] + checkpoints[3...3]
      #expect(try await texts(.debug, checkpointer: keeping.make()) == Array(debug))
    }
  }

  @Test("G36 a checkpoint event names the checkpoint that can be asked for", arguments: Durability.allCases)
  func checkpointEvents(durability: Durability) async throws {
    let graph = try telling().compile(checkpointer: InMemoryCheckpointer())
    let events = await graph.stream(
      .nothing, on: "t", options: RunOptions(durability: durability), modes: .checkpoints
    ).drained().events
    let told = events.compactMap { event -> CheckpointEvent? in
      if case .checkpoint(let checkpoint) = event.content { checkpoint } else { nil }
    }
    #expect(told.map(\.parent) == [nil] + told.dropLast().map(\.id))
    let history = try await graph.history(of: "t").reversed().map { $0 }
    #expect(told.suffix(history.count).map(\.id) == history.map(\.reference.id))
    if durability != .exit { #expect(told.map(\.metadata) == history.map(\.metadata)) }
  }

  @Test("G36 task events name the task, also one that fails or asks")
  func taskEnds() async throws {
    var graph = Graph<Ledger>()
    graph.node("ask") { _, context in .entry(try context.interrupt("?").stringValue ?? "") }
    graph.node("fail", .onError("mend")) { _ in throw Mishap() }
    graph.node("mend") { _ in .nothing }
    graph.start(at: "ask", "fail")
    let compiled = try graph.compile(checkpointer: InMemoryCheckpointer())
    let events = await compiled.stream(.nothing, on: "t", modes: [.tasks, .updates]).drained().events
    let texts = events.map(\.text)
    #expect(texts.contains("asked ask 1") && texts.contains { $0.hasPrefix("failed fail Mishap") })
    #expect(texts.last == "interrupted ask")
    let ids = events.compactMap { event -> TaskID? in
      if case .taskStarted(let id) = event.content { id } else { nil }
    }
    #expect(try await Set(compiled.snapshot(of: "t")?.tasks.map(\.id) ?? []) == Set(ids))
    let resumed = await compiled.stream(.resume("yes"), on: "t", modes: .updates).drained().events
    #expect(resumed.map(\.text) == ["updates ask entries", "updates mend "])
  }

  @Test("G36 the first event is not held until a superstep ends")
  func notHeld() async throws {
    let isFree = Latch()
    var graph = Graph<Ledger>()
    graph.node("slow") { _, context in
      try await context.emit("begun")
      await isFree.wait()
      return .nothing
    }
    graph.start(at: "slow")
    var iterator = try graph.compile().stream(.nothing, modes: [.tasks, .custom]).makeAsyncIterator()
    #expect(try await iterator.next()?.text == "start slow")
    #expect(try await iterator.next()?.text == "custom slow \"begun\"")
    isFree.open()
    #expect(try await iterator.next()?.text == "end slow")
    #expect(try await iterator.next() == nil)
    #expect(try await iterator.next() == nil)
  }

  @Test("G36 with or without nested graphs, each event with its namespace", arguments: [true, false])
  func subgraphs(includes: Bool) async throws {
    let levels = try ThreeLevels { _, context in
      try await context.emit("deep")
      return .write(\.words, ["i2"])
    }
    let graph = try levels.outer.compile(checkpointer: InMemoryCheckpointer())
    let modes: StreamModes = [.values, .updates, .custom, .tasks, .checkpoints]
    let events = await graph.stream(.nothing, on: "t", modes: modes, subgraphs: includes).drained().events
    let depths = events.map { $0.namespace.rawValue.split(separator: "|").count }
    #expect(Set(depths) == (includes ? [0, 1, 2] : [0]))
    let root = events.filter(\.namespace.isRoot).map(\.text)
    #expect(root.filter { $0.hasPrefix("start") } == ["start o1", "start o2", "start o3"])
    if includes {
      let inner = events.filter { $0.namespace.rawValue.contains("|") }.map(\.text)
      let middle = ["start i2", "custom i2 \"deep\"", "updates i2 words", "end i2", "values i1.0,i2"]
      let begin = try #require(inner.firstIndex(of: "start i2"))
      #expect(Array(inner[begin..<begin + 5]) == middle)
      // All of a nested graph comes between the start and the end of its node.
      let texts = events.map(\.text)
      let (start, end) = (texts.firstIndex(of: "start o2") ?? 0, texts.firstIndex(of: "end o2") ?? 0)
      #expect(zip(events.indices, depths).allSatisfy { ($1 == 0) || (start < $0 && $0 < end) })
    }
  }

  @Test("G36 an interrupt is told, at the root with or without nested graphs")
  func interrupts() async throws {
    let levels = try ThreeLevels { _, context in .write(\.words, [try context.interrupt("?").stringValue ?? ""]) }
    for includes in [true, false] {
      let graph = try levels.outer.compile(checkpointer: InMemoryCheckpointer())
      let events = await graph.stream(.nothing, on: "t", modes: .updates, subgraphs: includes).drained().events
      #expect(events.last?.text == "interrupted i2" && events.last?.namespace == .root)
      #expect(events.filter { $0.text == "interrupted i2" }.count == (includes ? 3 : 1))
    }
  }
}
