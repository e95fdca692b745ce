import AgentGraph

/// A state with a channel of each kind that checkpoints hold. Elements are numbers: each comes from everything that
/// its node read, so that a node which saw another state leaves other numbers.
struct SimulatedState: GraphState, Equatable {
  /// What each node did, in the order of writes.
  var trail = SharedList<Int>()
  /// A list that is replaced now and then.
  var notes = SharedList<Int>()
  /// Shows a write that is applied twice or not at all.
  var sum = 0
  /// Shows another order of writes.
  var mixed: UInt64 = 1
  /// How often each node has run; what bounds loops.
  var visits: [String: Int] = [:]
  var last = 0
  var topic = SharedList<Int>()
  var flash: Int?
  var messages = MessageList<SimulatedMessage>()

  struct Channels: Sendable {
    let trail = StateChannel.appended("trail", \SimulatedState.trail)
    let notes = StateChannel.appended("notes", \SimulatedState.notes)
    let sum = StateChannel<SimulatedState, Int, Int>.reduced("sum", \.sum) { $0 &+= $1 }
    let mixed = StateChannel<SimulatedState, UInt64, UInt64>.reduced("mixed", \.mixed) {
      $0 = SimulatorDice.mix($0, $1)
    }
    let visits = StateChannel<SimulatedState, [String: Int], String>.reduced("visits", \.visits) {
      $0[$1, default: 0] += 1
    }
    let last = StateChannel.last("last", \SimulatedState.last)
    let topic = StateChannel.topic("topic", \SimulatedState.topic)
    let flash = StateChannel.ephemeral("flash", \SimulatedState.flash)
    let messages = StateChannel.messages("messages", \SimulatedState.messages)
  }
  static let channels = Channels()

  /// Supersteps' worth of work so far; each loop ends when it is too much.
  var work: Int { visits.values.reduce(0, +) }

  /// A number that depends on every channel.
  var digest: UInt64 {
    var hash = SimulatorDice.mix(mixed, sum)
    hash = SimulatorDice.mix(hash, last)
    hash = SimulatorDice.mix(hash, flash ?? -1)
    hash = SimulatorDice.mix(hash, trail.last ?? 0)
    hash = SimulatorDice.mix(hash, notes.count)
    for element in topic { hash = SimulatorDice.mix(hash, element) }
    return SimulatorDice.mix(hash, messages.messages.last?.number ?? 0)
  }

  /// Ids that were made come from a clock, so that they differ between runs.
  static func == (left: SimulatedState, right: SimulatedState) -> Bool {
    left.trail == right.trail && left.notes == right.notes && left.sum == right.sum && left.mixed == right.mixed
      && left.visits == right.visits && left.last == right.last && left.topic == right.topic
      && left.flash == right.flash && left.messages.messages.map(\.number) == right.messages.messages.map(\.number)
  }
}

extension SimulatedState {
  /// The channels, for people.
  var parts: [String] {
    [
      "trail \(Array(trail))", "notes \(Array(notes))", "sum \(sum)", "mixed \(mixed)",
      "visits \(visits.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })", "last \(last)",
      "topic \(Array(topic))", "flash \(flash.map { "\($0)" } ?? "none")",
      "messages \(messages.messages.map(\.number))",
    ]
  }
}

struct SimulatedMessage: IdentifiedMessage, Hashable, Codable {
  var id: String
  var number: Int
}

/// A state between two graphs over `SimulatedState`, which knows nothing of theirs.
struct RelayState: GraphState {
  var given: UInt64 = 0
  var taken = SharedList<Int>()

  struct Channels: Sendable {
    let given = StateChannel.last("given", \RelayState.given)
    let taken = StateChannel.appended("taken", \RelayState.taken)
  }
  static let channels = Channels()
}
