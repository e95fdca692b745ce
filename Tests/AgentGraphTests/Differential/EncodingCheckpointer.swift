import AgentGraph

/// Gives back everything from its stored form, as a checkpointer on a disk does.
final class EncodingCheckpointer: Checkpointer {
  private let base = InMemoryCheckpointer()

  func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    base.submit(writes, acknowledge: acknowledge)
  }

  func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    try await base.load(thread: thread, namespace: namespace, id: id).map(encoded)
  }

  func history(
    thread: String, namespace: GraphNamespace, query: HistoryQuery
  ) async throws -> [StoredCheckpoint] {
    try await base.history(thread: thread, namespace: namespace, query: query).map(encoded)
  }

  func namespaces(thread: String) async throws -> [GraphNamespace] { try await base.namespaces(thread: thread) }

  func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    try await base.prune(thread: thread, keeping: policy)
  }

  func deleteThread(_ thread: String) async throws -> Bool { try await base.deleteThread(thread) }

  private func encoded(_ stored: StoredCheckpoint) throws -> StoredCheckpoint {
    var stored = stored
    if case .live(let image) = stored.state {
      var channels: [String: StoredChannel] = [:]
      for (place, channel) in image.channels.enumerated() {
        if let count = image.count(channel: place) {
          // In two segments, the second of which is what follows the first.
          let all = try image.encode(channel: place, from: 0)
          channels[channel.name] = .segments(count == 0 ? [] : [all, try image.encode(channel: place, from: count)])
        } else {
          channels[channel.name] = .value(try image.encode(channel: place))
        }
      }
      stored.state = .encoded(channels)
    }
    stored.plan = try CheckpointPlan(encoded: try stored.plan.encoded())
    stored.pending = try stored.pending.map { record in
      var record = record
      record.outcome = try PendingOutcome(kind: record.outcome.kind, encoded: try record.outcome.encoded())
      return record
    }
    stored.effects = try stored.effects.map { record in
      var record = record
      record.result = .encoded(try record.result.bytes())
      return record
    }
    return stored
  }
}
