import Synchronization

/// The channels of a state type, in the order of their declaration.
final class StateLayout<State: GraphState>: Sendable {
  let channels: [AnyStateChannel<State>]
  /// Those that a superstep clears when it does not write them (G4).
  let transient: [AnyStateChannel<State>]
  let hasTransient: Bool
  /// Those that checkpoints hold.
  let stored: [AnyStateChannel<State>]
  /// The same, as they are told to a checkpointer.
  let images: [ChannelImage]
  /// A channel's place among `images`; -1 for an untracked one.
  let imagePlaces: [Int]
  /// Whether writes may need ids (G6).
  let hasMessages: Bool
  /// What is wrong with the declaration; such a graph does not compile.
  let faults: [GraphFault]
  private let indexByName: [String: Int]

  func channel(named name: String) -> AnyStateChannel<State>? { indexByName[name].map { channels[$0] } }

  /// The layout of a type, made once.
  static func of(_ type: State.Type) -> StateLayout {
    let key = ObjectIdentifier(type)
    if let layout = StateLayouts.known.withLock({ $0[key] }) as? StateLayout { return layout }
    // Outside the lock, since it runs the state's own code. If two make it at once, the first one counts.
    let made = StateLayout()
    return StateLayouts.known.withLock { known in
      if let layout = known[key] as? StateLayout { return layout }
      known[key] = made
      return made
    }
  }

  private init() {
    var channels: [AnyStateChannel<State>] = []
    var (faults, indices): ([GraphFault], [String: Int]) = ([], [:])
    for child in Mirror(reflecting: State.channels).children {
      let property = child.label ?? "?"
      guard let channel = child.value as? AnyStateChannel<State> else {
        faults.append(.notAChannel(property: property, state: "\(State.self)"))
        continue
      }
      if indices.updateValue(channels.count, forKey: channel.name) != nil {
        faults.append(.duplicateChannel(channel.name))
      }
      channel.place(at: channels.count)
      channels.append(channel)
    }
    if let first = channels.first, !Self.isStored(first) { faults.append(.computedChannels(state: "\(State.self)")) }
    self.channels = channels
    self.faults = faults
    transient = channels.filter(\.isTransient)
    hasTransient = !transient.isEmpty
    hasMessages = channels.contains { $0.kind == .messages }
    let state = State()
    stored = channels.filter(\.isTracked)
    images = stored.map { ChannelImage(name: $0.name, isList: $0.count(state) != nil) }
    var place = -1
    imagePlaces = channels.map { channel in
      guard channel.isTracked else { return -1 }
      place += 1
      return place
    }
    indexByName = indices
  }

  /// A computed `channels` would make new ones at each access, which no write could be told by.
  private static func isStored(_ channel: AnyStateChannel<State>) -> Bool {
    Mirror(reflecting: State.channels).children.contains { ($0.value as? AnyStateChannel<State>) === channel }
  }
}

/// A generic type cannot have stored statics.
private enum StateLayouts {
  static let known = Mutex<[ObjectIdentifier: any Sendable]>([:])
}
