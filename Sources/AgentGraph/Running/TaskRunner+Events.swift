extension TaskRunner {
  func tellStart(_ node: CompiledNode<State>, _ seat: TaskSeat) async throws {
    guard let sink = level.sink, sink.wants(.tasks) else { return }
    try await sink.send(event(node, .taskStarted(seat.id(node: node.name, step: step, level))))
  }

  func tellEnd(_ outcome: TaskOutcome<State>, _ node: CompiledNode<State>, _ seat: TaskSeat) async throws {
    guard let sink = level.sink else { return }
    if sink.wants(.updates), case .done(let result) = outcome {
      let updates = result.command.writes.map { write in
        ChannelUpdate(
          channel: write.channel.name, value: write.value, overwrites: write.overwrites,
          encode: { try write.encoded() })
      }
      try await sink.send(event(node, .updates(updates, isCached: result.isCached)))
    }
    guard sink.wants(.tasks) else { return }
    let end: TaskEnd
    switch outcome {
    case .done(let result): end = result.failure.map { .failed($0.message) } ?? .done
    case .failed(let error): end = .failed("\(error)")
    case .interrupted(let interrupts): end = .interrupted(interrupts)
    case .parent: end = .done
    }
    try await sink.send(event(node, .taskEnded(seat.id(node: node.name, step: step, level), end)))
  }

  private func event(_ node: CompiledNode<State>, _ content: GraphEvent.Content) -> GraphEvent {
    GraphEvent(namespace: level.namespace, step: step, node: node.name, content: content)
  }
}
