/// A state, taken apart by its layout.
struct LayoutImage<State: GraphState>: StateImage {
  let layout: StateLayout<State>
  let state: State

  var channels: [ChannelImage] { layout.images }
  var value: any Sendable { state }
  func encode(channel: Int) throws -> [UInt8] { try layout.stored[channel].encode(state) }
  func count(channel: Int) -> Int? { layout.stored[channel].count(state) }
  func encode(channel: Int, from index: Int) throws -> [UInt8] {
    try layout.stored[channel].encode(state, elements: index..<(count(channel: channel) ?? index))
  }
  func encode(channel: Int, elements: Range<Int>) throws -> [UInt8]? {
    try layout.stored[channel].encode(state, elements: elements)
  }
}

extension StateLayout {
  /// The state that a checkpoint holds. A channel that it does not hold has its initial value, so that a graph may get
  /// new channels; one that only it holds is left out. Throws `GraphError.unreadableCheckpoint`.
  func state(from stored: StoredState) throws -> State {
    switch stored {
    case .live(let image):
      guard let state = image.value as? State else {
        throw GraphError(
          .unreadableCheckpoint, "It holds a state of type \(type(of: image.value)), not \(State.self).")
      }
      return state
    case .encoded(let values):
      var state = State()
      for channel in self.stored {
        guard let value = values[channel.name] else { continue }
        try read(value, into: channel, of: &state)
      }
      return state
    }
  }

  private func read(_ value: StoredChannel, into channel: AnyStateChannel<State>, of state: inout State) throws {
    do {
      switch value {
      case .value(let bytes): try channel.decode(bytes, into: &state)
      case .segments(let segments):
        for segment in segments { try channel.append(segment: segment, to: &state) }
      }
    } catch {
      throw GraphError(.unreadableCheckpoint, "Channel \"\(channel.name)\" cannot be read: \(error)")
    }
  }

  /// A state as checkpoints have it: without what is untracked, which ends with the run (G5).
  func image(of state: State) -> LayoutImage<State> {
    guard stored.count < channels.count else { return LayoutImage(layout: self, state: state) }
    let initial = State()
    var cleared = state
    for channel in channels where !channel.isTracked { channel.copy(from: initial, to: &cleared) }
    return LayoutImage(layout: self, state: cleared)
  }

  private struct WholeForm: Codable {
    var channels: [String: String]
  }

  /// A state in one piece, for what is sent to a node.
  func encodeWhole(_ state: State) throws -> [UInt8] {
    var form = WholeForm(channels: [:])
    for channel in stored { form.channels[channel.name] = String(decoding: try channel.encode(state), as: UTF8.self) }
    return try GraphCoder.encode(form)
  }

  /// Reads what `encodeWhole` made.
  func decodeWhole(_ bytes: [UInt8]) throws -> State {
    let form = try GraphCoder.decode(WholeForm.self, bytes)
    return try state(from: .encoded(form.channels.mapValues { .value(Array($0.utf8)) }))
  }
}
