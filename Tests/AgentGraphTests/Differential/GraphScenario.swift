import AgentJSON
import AgentTesting

@testable import AgentGraph

/// One graph file on one thread.
struct GraphScenario {
  private let channels: [String: PoolChannel]
  /// The names of channels, by their names in the pool; the root's before those of nested graphs.
  private let channelNames: [String: String]
  private let limit: Int
  private let graph: CompiledGraph<PoolState>
  private let journal = GraphJournal()
  /// In place of what the file says.
  private let durability: Durability?
  private var seen: Set<CheckpointID> = []
  private static let thread = "1"

  /// Throws what is wrong with the file; `GraphError.invalidGraph` if it is the graph.
  init(_ file: JSONValue, durability: Durability?, checkpointer: any Checkpointer) throws {
    let described = try file.member("graph")
    channels = try PoolChannel.all(of: described)
    channelNames = try Self.names(in: described)
    limit = try file["limit"]?.integer ?? 25
    self.durability = durability
    graph = try GraphBuilding.compile(described, journal, checkpointer: checkpointer)
  }

  private static func names(in graph: JSONValue) throws -> [String: String] {
    let own = try PoolChannel.all(of: graph).values.map { ($0.poolName, $0.name) }
    let nested = try graph.member("nodes").object.compactMap { $0.value["graph"] }.flatMap { try names(in: $0) }
    return Dictionary(own + nested.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// All steps of a graph file; a graph that does not compile has no steps.
  static func run(
    _ file: JSONValue, durability: Durability? = nil, checkpointer: any Checkpointer = InMemoryCheckpointer()
  ) async throws -> JSONValue {
    let name = try file.member("name")
    do {
      var scenario = try GraphScenario(file, durability: durability, checkpointer: checkpointer)
      var steps: [JSONValue] = []
      for step in try file.member("scenario").items { steps.append(try await scenario.perform(step)) }
      return ["name": name, "compiles": true, "steps": .array(steps)]
    } catch let error as GraphError where error.code == .invalidGraph {
      return ["name": name, "compiles": false, "steps": []]
    }
  }

  private mutating func perform(_ step: JSONValue) async throws -> JSONValue {
    journal.begin()
    var error: JSONValue = .null
    do {
      try await attempt(step)
    } catch let fault as DifferentialFault {
      throw fault
    } catch let caught {
      error = try describe(caught, step)
    }
    return try await describe(error)
  }

  private func attempt(_ step: JSONValue) async throws {
    switch try step.member("do").text {
    case "run": try await run(try command(step.member("input")), step)
    case "continue": try await run(nil, step)
    case "resume": try await run(try await answers(step), step)
    case "update":
      let reference = try await reference(step)
      let command = try command(try step.member("values"))
      try await graph.updateState(
        of: Self.thread, command, asNode: step["as"]?.stringValue, at: reference, options: options(step))
    case let word: throw DifferentialFault("unknown scenario step \"\(word)\"")
    }
  }

  private func run(_ input: Command<PoolState>?, _ step: JSONValue) async throws {
    var options = options(step)
    options.from = try await reference(step)
    let (journal, clock) = (journal, ManualClock())
    options.clock = clock
    // Leaving cancels it.
    async let _ = Self.tick(clock)
    _ = try await graph.run(input, on: Self.thread, options: options, modes: .tasks, subgraphs: true) { event in
      if case .taskEnded(let task, .done) = event.content { journal.finish(task) }
    }
  }

  /// Ends one sleep after the other. Each has its consequences before the next ends, so that load does not change which
  /// of two comes first.
  private static func tick(_ clock: ManualClock) async {
    while !Task.isCancelled {
      for _ in 0..<20 { await Task.yield() }
      try? await Task.sleep(for: .milliseconds(1))
      if let first = clock.pauses.first { clock.advance(by: first) }
    }
  }

  private func options(_ step: JSONValue) -> RunOptions {
    let own = step["durability"]?.stringValue.flatMap(Durability.init)
    var options = RunOptions(durability: durability ?? own ?? .sync)
    options.superstepsMax = limit
    return options
  }

  private func command(_ writes: JSONValue) throws -> Command<PoolState> {
    var command = Command<PoolState>.nothing
    for (name, value) in writes.objectValue ?? [:] {
      command = try GraphSite.channel(name, channels).write(value, to: command)
    }
    return command
  }

  private func answers(_ step: JSONValue) async throws -> Command<PoolState> {
    guard let answers = try step["answers"]?.items else { return .resume(try step.member("answer")) }
    let open = try await graph.snapshot(of: Self.thread)?.interrupts ?? []
    var command = Command<PoolState>.nothing
    for answer in answers {
      let named = answer["id"]?.stringValue.map { InterruptID(rawValue: $0) }
      guard let id = named ?? open.first(where: { $0.value == answer["to"] })?.id else {
        throw DifferentialFault("no open interrupt has the value \(answer.encodedText)")
      }
      command = command.resume(try answer.member("answer"), to: id)
    }
    return command
  }

  /// Checkpoints of the root graph, oldest first.
  private func history() async throws -> [StateSnapshot<PoolState>] {
    try await graph.history(of: Self.thread, HistoryQuery(limit: 10_000)).reversed()
  }

  private func reference(_ step: JSONValue) async throws -> CheckpointReference? {
    guard let place = try step["checkpoint"]?.integer else { return nil }
    let history = try await history()
    guard history.indices.contains(place) else { throw DifferentialFault("there is no checkpoint \(place)") }
    return history[place].reference
  }
}

extension GraphScenario {
  private mutating func describe(_ error: JSONValue) async throws -> JSONValue {
    let history = try await history()
    let fresh = history.filter { !seen.contains($0.reference.id) }
    seen.formUnion(fresh.map(\.reference.id))
    let now = try await graph.snapshot(of: Self.thread)
    let due = (now?.next ?? []).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let values = history.last.map { last in channels.compactMapValues { $0.value(in: last.state) } } ?? [:]
    let outcome = error.isNull ? due.isEmpty ? "done" : "paused" : "error"
    // Stops before and after nodes are interrupts, too, but nothing that is asked.
    let asked = (now?.interrupts ?? []).filter { $0.kind == .question }.map(\.value)
    return [
      "outcome": .string(outcome), "error": error, "values": .object(JSONObject(values.map { ($0.key, $0.value) })),
      "next": .array(due.map { .string($0) }), "interrupts": .array(asked), "updates": journal.updates,
      "starts": journal.counts, "checkpoints": .array(fresh.map { .string($0.metadata.source.rawValue) }),
    ]
  }

  private func describe(_ error: any Error, _ step: JSONValue) throws -> JSONValue {
    if let failed = error as? NodeFailed { return ["kind": "node_failed", "text": .string(failed.description)] }
    guard let error = error as? GraphError else { throw error }
    let kind: String
    switch error.code {
    case .superstepLimit: kind = "recursion_limit"
    case .nodeTimeout: kind = "node_timeout"
    case .nothingToRun: kind = "no_input"
    case .invalidUse: kind = "invalid_use"
    case .conflictingWrites: kind = "concurrent_update"
    case .ambiguousNode: kind = "ambiguous_update"
    case .noParent: kind = "no_parent"
    case .unknownMessage: kind = "unknown_message"
    case .unknownDestination: kind = step["do"] == "update" ? "unknown_node" : "invalid_target"
    case .unknownInterrupt: kind = error.message.hasPrefix("Several") ? "ambiguous_answer" : "unknown_interrupt"
    default: throw error
    }
    let channel = channelNames.first { error.message.contains("channel \"\($0.key)\"") }
    return channel.map { ["kind": .string(kind), "channel": .string($0.value)] } ?? ["kind": .string(kind)]
  }
}
