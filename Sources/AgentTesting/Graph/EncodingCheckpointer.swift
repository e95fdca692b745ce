public import AgentGraph
import AgentJSON
import Synchronization

/// Gives back everything as bytes, as a checkpointer on a disk does, around one that keeps values by reference.
///
/// States are put together from what each checkpoint says that it changed, as delta storage does. A checkpoint whose
/// changes do not make its state is refused when it is submitted, so that every test on it tests those, too (G28).
public final class EncodingCheckpointer: Checkpointer {
  private let base: any Checkpointer
  private let states = Mutex<[String: [CheckpointID: [String: StoredChannel]]]>([:])

  /// Around `base`, which holds what this one gives back.
  public init(_ base: any Checkpointer = InMemoryCheckpointer()) { self.base = base }

  /// Takes writes. What has no stored form is refused, as it would be by a disk.
  public func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    do {
      let encoded = try writes.map { write in
        if case .checkpoint(let record) = write { try keep(record) }
        return try write.encoded()
      }
      base.submit(encoded, acknowledge: acknowledge)
    } catch {
      acknowledge(error)
    }
  }

  private func keep(_ record: CheckpointRecord) throws {
    let earlier = states.withLock { states in record.parent.flatMap { states[record.thread]?[$0] } }
    let channels = try record.channels(after: earlier ?? [:])
    for (index, channel) in record.state.channels.enumerated() {
      try record.check(channels[channel.name], index, channel)
    }
    states.withLock { $0[record.thread, default: [:]][record.id] = channels }
  }

  /// A checkpoint, or the latest one.
  public func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    try await base.load(thread: thread, namespace: namespace, id: id).map { try encoded($0, thread) }
  }

  /// Checkpoints, newest first.
  public func history(
    thread: String, namespace: GraphNamespace, query: HistoryQuery
  ) async throws -> [StoredCheckpoint] {
    try await base.history(thread: thread, namespace: namespace, query: query).map { try encoded($0, thread) }
  }

  private func encoded(_ stored: StoredCheckpoint, _ thread: String) throws -> StoredCheckpoint {
    var stored = stored
    stored.plan = try CheckpointPlan(encoded: try stored.plan.encoded())
    stored.metadata = try JSONCoder.decode(CheckpointMetadata.self, from: try JSONCoder.encode(stored.metadata))
    if let channels = states.withLock({ $0[thread]?[stored.id] }) { stored.state = .encoded(channels) }
    return stored
  }

  /// Namespaces, in the order of their text.
  public func namespaces(thread: String) async throws -> [GraphNamespace] {
    try await base.namespaces(thread: thread)
  }

  /// Removes what the policy does not keep.
  @discardableResult
  public func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    try await base.prune(thread: thread, keeping: policy)
  }

  /// Removes a thread.
  @discardableResult
  public func deleteThread(_ thread: String) async throws -> Bool { try await base.deleteThread(thread) }
}

extension CheckpointWrite {
  /// The write with what tasks and effects came to as bytes.
  fileprivate func encoded() throws -> CheckpointWrite {
    switch self {
    case .checkpoint: return self
    case .pending(var record):
      record.outcome = try PendingOutcome(kind: record.outcome.kind, encoded: try record.outcome.encoded())
      return .pending(record)
    case .effect(var record):
      record.result = .encoded(try record.result.bytes())
      return .effect(record)
    }
  }
}

extension CheckpointRecord {
  /// The state's channels: the parent's, and what changed.
  fileprivate func channels(after parent: [String: StoredChannel]) throws -> [String: StoredChannel] {
    var channels = parent
    for change in changes {
      let image = state.channels[change.channel]
      guard image.isList else {
        channels[image.name] = .value(try state.encode(channel: change.channel))
        continue
      }
      var elements = try (parent[image.name]?.elements ?? []).prefix(change.kept).map { $0 }
      guard elements.count == change.kept else {
        throw refusal(image.name, "keeps \(change.kept) elements, of which its parent has \(elements.count)")
      }
      let added = try JSONValue(parsing: try state.encode(channel: change.channel, from: change.kept))
      elements += added.arrayValue ?? []
      channels[image.name] = .segments([JSONValue.array(elements).encoded()])
    }
    return channels
  }

  /// Throws where a channel that was put together is not the state's. One that nothing wrote has its initial value.
  fileprivate func check(_ stored: StoredChannel?, _ index: Int, _ image: ChannelImage) throws {
    guard let stored else { return }
    let whole = try JSONValue(parsing: try state.encode(channel: index))
    let made = try stored.json
    guard made != whole else { return }
    throw refusal(image.name, "is \(whole.encodedText), and its changes make \(made.encodedText) of it")
  }

  private func refusal(_ channel: String, _ problem: String) -> GraphError {
    GraphError(.notStored, "Checkpoint \(id) of thread \"\(thread)\": channel \"\(channel)\" \(problem).")
  }
}

extension StoredChannel {
  fileprivate var elements: [JSONValue] {
    get throws {
      switch self {
      case .value(let bytes): try JSONValue(parsing: bytes).arrayValue ?? []
      case .segments(let segments): try segments.flatMap { try JSONValue(parsing: $0).arrayValue ?? [] }
      }
    }
  }

  fileprivate var json: JSONValue {
    get throws {
      switch self {
      case .value(let bytes): try JSONValue(parsing: bytes)
      case .segments: .array(try elements)
      }
    }
  }
}
