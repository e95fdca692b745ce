import AgentGraph
import AgentJSON

/// How a simulated store gives states back.
enum StoredForm: String, CaseIterable, Sendable {
  /// By reference, as they came.
  case live
  /// Every value from its whole encoding.
  case whole
  /// Lists put together from what each checkpoint added (G28).
  case delta
}

/// What a storage of deltas holds: each checkpoint's channels by what changed since its parent.
struct DeltaStates {
  private struct Key: Hashable {
    var namespace: GraphNamespace
    var id: CheckpointID
  }
  private enum Channel {
    case value([UInt8])
    case list([JSONValue])
  }
  private var states: [Key: [String: Channel]] = [:]

  mutating func keep(_ record: CheckpointRecord) throws {
    let parent = record.parent.map { Key(namespace: record.namespace, id: $0) }
    var channels = parent.flatMap { states[$0] } ?? [:]
    let (image, images) = (record.state, record.state.channels)
    for change in record.changes {
      let channel = images[change.channel]
      guard channel.isList else {
        channels[channel.name] = .value(try image.encode(channel: change.channel))
        continue
      }
      var elements: [JSONValue] = []
      if case .list(let before) = channels[channel.name] { elements = Array(before.prefix(change.kept)) }
      let segment = try JSONValue(parsing: try image.encode(channel: change.channel, from: change.kept))
      if case .array(let added) = segment { elements += added }
      channels[channel.name] = .list(elements)
    }
    states[Key(namespace: record.namespace, id: record.id)] = channels
  }

  /// A checkpoint's channels, lists in two segments.
  func channels(_ namespace: GraphNamespace, _ id: CheckpointID) throws -> [String: StoredChannel] {
    (states[Key(namespace: namespace, id: id)] ?? [:]).mapValues { channel in
      switch channel {
      case .value(let bytes): return .value(bytes)
      case .list(let elements):
        let half = elements.count / 2
        let segments = [Array(elements.prefix(half)), Array(elements.dropFirst(half))]
        return .segments(segments.map { Array(JSONValue.array($0).encodedText.utf8) })
      }
    }
  }
}

extension StoredCheckpoint {
  func wholeChannels() throws -> [String: StoredChannel] {
    guard case .live(let image) = state else { return [:] }
    var channels: [String: StoredChannel] = [:]
    for (place, channel) in image.channels.enumerated() {
      channels[channel.name] =
        channel.isList
        ? .segments([try image.encode(channel: place, from: 0)]) : .value(try image.encode(channel: place))
    }
    return channels
  }

  /// With everything as it comes from a disk.
  func encoded(state: StoredState) throws -> StoredCheckpoint {
    var stored = self
    stored.state = state
    stored.plan = try CheckpointPlan(encoded: try plan.encoded())
    stored.pending = try pending.map { record in
      var record = record
      record.outcome = try PendingOutcome(kind: record.outcome.kind, encoded: try record.outcome.encoded())
      return record
    }
    stored.effects = try effects.map { record in
      var record = record
      record.result = .encoded(try record.result.bytes())
      return record
    }
    return stored
  }
}
