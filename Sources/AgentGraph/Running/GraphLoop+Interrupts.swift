import AgentJSON

extension GraphLoop {
  /// Stops before nodes that the rules name; a resume passes them once (G33).
  mutating func stopBefore() async throws -> LoopEnd? {
    // What is pending shows that an earlier run came this far.
    guard pending.isEmpty else { return nil }
    let stops = tasks.filter { rules.before.contains(plan.nodeName($0.node)) }
    guard let first = stops.first else { return nil }
    try level.requireInterrupts(plan.nodeName(first.node))
    let interrupts = try await keepStops(stops)
    try await tell(interrupts)
    return .interrupted(interrupts)
  }

  /// Whether an earlier run stopped before the task's node.
  func isStopped(_ task: NodeTask) -> Bool {
    guard case .interrupted(let open, _)? = pending[taskID(task)] else { return false }
    return open.contains { $0.kind == .before && $0.namespace == level.namespace }
  }

  /// Stores that the run stopped before these tasks' nodes.
  mutating func keepStops(_ stops: [NodeTask]) async throws -> [Interrupt] {
    let interrupts = stops.map { interrupt(.before, node: $0.node, id: taskID($0).effectKey(-1)) }
    if let saver = level.saver, let thread = level.scope.thread, let checkpoint = place.current {
      if saver.waitsForEnd { try await flush() }
      try await saver.save(
        zip(stops, interrupts).map { task, interrupt in
          .pending(
            PendingRecord(
              thread: thread, namespace: level.namespace, checkpoint: checkpoint, task: taskID(task),
              node: plan.nodeName(task.node), outcome: .interrupted([interrupt], answers: [])))
        })
    }
    return interrupts
  }

  /// Stops after nodes that the rules name (G33).
  mutating func stopAfter() async throws -> LoopEnd? {
    let stops = place.ran.filter { rules.after.contains(plan.nodeName($0)) }
    guard let first = stops.first else { return nil }
    try level.requireInterrupts(plan.nodeName(first))
    let interrupts = stops.map { node in
      interrupt(.after, node: node, id: "\(place.current?.description ?? "")-\(plan.nodeName(node))-after")
    }
    try await tell(interrupts)
    return .interrupted(interrupts)
  }

  private func interrupt(_ kind: Interrupt.Kind, node: Int, id: String) -> Interrupt {
    Interrupt(
      id: InterruptID(rawValue: id), value: .null, node: plan.nodeName(node), namespace: level.namespace, kind: kind)
  }
}
