/// The stored form of a task's result.
private struct TaskResultForm: Codable {
  struct Write: Codable {
    var channel: String
    var overwrites: Bool?
    var value: String
  }
  struct Destination: Codable {
    var node: String?
    var input: String?
  }
  var writes: [Write]
  var destinations: [Destination]?
  var failure: NodeFailure?
}

extension TaskResult {
  /// The result as something to store. Untracked channels are left out (G5).
  var stored: StoredValue {
    var tracked = self
    if !command.writes.allSatisfy(\.channel.isTracked) { tracked.command.writes.removeAll { !$0.channel.isTracked } }
    return .live(tracked) { [tracked] in try tracked.encoded() }
  }

  private func encoded() throws -> [UInt8] {
    let writes = try command.writes.map { write in
      TaskResultForm.Write(
        channel: write.channel.name, overwrites: write.overwrites ? true : nil,
        value: String(decoding: try write.encoded(), as: UTF8.self))
    }
    let destinations = try command.destinations.map { destination -> TaskResultForm.Destination in
      switch destination {
      case .node(let name): .init(node: name)
      case .send(let send): .init(node: send.node, input: String(decoding: try send.input.bytes(), as: UTF8.self))
      case .end: .init()
      }
    }
    return try GraphCoder.encode(
      TaskResultForm(writes: writes, destinations: destinations.isEmpty ? nil : destinations, failure: failure))
  }

  /// Reads what was stored. Throws `GraphError.unreadableCheckpoint` for what this state does not have.
  init(_ stored: StoredValue, _ layout: StateLayout<State>) throws {
    let result = try stored.value(TaskResult.self) { try TaskResult(encoded: $0, layout) }
    guard let result else {
      throw GraphError(.unreadableCheckpoint, "A pending write is of another state than \(State.self).")
    }
    self = result
    command.writes.removeAll { !$0.channel.isTracked }
  }

  private init(encoded bytes: [UInt8], _ layout: StateLayout<State>) throws {
    let form = try GraphCoder.decode(TaskResultForm.self, bytes)
    command = .nothing
    for write in form.writes {
      guard let channel = layout.channel(named: write.channel) else {
        throw GraphError(.unreadableCheckpoint, "A pending write is for the unknown channel \"\(write.channel)\".")
      }
      command.writes.append(
        try channel.decodeWrite(Array(write.value.utf8), overwrites: write.overwrites ?? false))
    }
    command.destinations = Route(
      (form.destinations ?? []).map { destination in
        guard let node = destination.node else { return .end }
        return destination.input.map { .send(Send(node, stored: .encoded(Array($0.utf8)))) } ?? .node(node)
      })
    failure = form.failure
  }
}

extension Send {
  init(_ node: String, stored: StoredValue) {
    self.node = node
    input = stored
  }
}
