import AgentJSON

/// Finds where a run on a thread begins.
struct RunStart<State: GraphState> {
  let graph: CompiledGraph<State>
  let checkpointer: any Checkpointer
  let thread: String
  let options: RunOptions

  /// Where a run begins.
  struct Point {
    enum Kind {
      /// With an input, on top of what is stored.
      case input
      /// Where the thread stopped.
      case resume
      /// At an older checkpoint, as a new branch.
      case fork
      /// Nowhere: the checkpoint is a final one.
      case nothing
    }
    var kind: Kind
    var stored: StoredCheckpoint?
    var answers: [InterruptID: JSONValue] = [:]
    var seeds: [GraphNamespace: StoredCheckpoint] = [:]
    var isFork: Bool { kind == .fork }
  }

  func find(_ input: Command<State>?) async throws -> Point {
    if let from = options.from { return try await find(input, from: from) }
    let stored = try await checkpointer.load(thread: thread, namespace: .root, id: nil)
    if let input, input.isResume, !input.destinations.isEmpty {
      throw GraphError(.invalidUse, "A resume goes on at the nodes that are due: leave out the input's destinations.")
    }
    if let input, !input.answers.isEmpty {
      let answers = try Answers(open: stored?.openInterrupts ?? []).match(input.answers)
      return Point(kind: .resume, stored: stored, answers: answers)
    }
    if let input, !input.isResume { return Point(kind: .input, stored: stored) }
    guard let stored else {
      throw GraphError(.nothingToRun, "Thread \"\(thread)\" has no checkpoint, and the run has no input.")
    }
    return Point(kind: .resume, stored: stored)
  }

  private func find(_ input: Command<State>?, from: CheckpointReference) async throws -> Point {
    guard input?.isResume != true else {
      throw GraphError(.invalidUse, "A resume goes to the thread's latest checkpoint: leave out options.from.")
    }
    let target = try await require(from.namespace, from.id)
    if from.namespace.isRoot {
      if input != nil { return Point(kind: .input, stored: target) }
      let isFinal = target.plan.isEmpty && target.plan.deferred.isEmpty
      return Point(kind: isFinal ? .nothing : .fork, stored: target)
    }
    guard input == nil, let root = target.metadata.parents[GraphNamespace.root.rawValue] else {
      throw GraphError(.invalidUse, "A run from a nested graph's checkpoint takes no input.")
    }
    var point = Point(kind: .fork, stored: try await require(.root, root))
    var namespace = from.namespace
    point.seeds[namespace] = target
    while let outer = namespace.enclosing, !outer.isRoot {
      if let id = target.metadata.parents[outer.rawValue] { point.seeds[outer] = try await require(outer, id) }
      namespace = outer
    }
    return point
  }

  private func require(_ namespace: GraphNamespace, _ id: CheckpointID) async throws -> StoredCheckpoint {
    if let stored = try await checkpointer.load(thread: thread, namespace: namespace, id: id) { return stored }
    throw GraphError(.unknownCheckpoint, "Thread \"\(thread)\" has no checkpoint \(id).")
  }
}

extension Command {
  /// Whether the command goes on with what is unfinished, in place of beginning anew.
  var isResume: Bool { goesOn || !answers.isEmpty }
}

/// The open interrupts of a thread, and what answers them (G31, G32).
struct Answers {
  let open: [Interrupt]

  func match(_ answers: [InterruptAnswer]) throws -> [InterruptID: JSONValue] {
    var matched: [InterruptID: JSONValue] = [:]
    for answer in answers {
      let interrupt = try interrupt(for: answer)
      try check(answer.value, interrupt)
      matched[interrupt.id] = answer.value
    }
    return matched
  }

  private func interrupt(for answer: InterruptAnswer) throws -> Interrupt {
    let ids = open.map(\.id.rawValue).joined(separator: ", ")
    if let id = answer.id {
      if let interrupt = open.first(where: { $0.id == id }) { return interrupt }
      throw GraphError(
        .unknownInterrupt,
        "No interrupt \"\(id)\" is open; " + (open.isEmpty ? "none is." : "there are: \(ids)."))
    }
    if open.count == 1 { return open[0] }
    throw GraphError(
      .unknownInterrupt,
      open.isEmpty
        ? "There is no open interrupt to answer." : "Several interrupts are open (\(ids)): name the one to answer.")
  }

  private func check(_ value: JSONValue, _ interrupt: Interrupt) throws {
    guard let document = interrupt.schema else { return }
    let faults = try JSONSchema(document).validate(value)
    guard !faults.isEmpty else { return }
    let list = faults.map { "\($0)" }.joined(separator: "; ")
    throw GraphError(.invalidAnswer, "The answer does not fit the interrupt's schema: \(list).", node: interrupt.node)
  }
}

extension StoredCheckpoint {
  /// Interrupts that wait for an answer (G24).
  public var openInterrupts: [Interrupt] {
    pending.flatMap { record -> [Interrupt] in
      if case .interrupted(let interrupts, _) = record.outcome { return interrupts }
      return []
    }
  }
}
