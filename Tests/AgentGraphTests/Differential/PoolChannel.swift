import AgentGraph
import AgentJSON

/// A channel of a graph file, on its place in the pool.
struct PoolChannel: Sendable {
  enum Kind: String {
    case last, append, sum, max, concat, merge, messages, untracked, ephemeral, topic
    case accumulatedTopic = "topic_accumulated"
  }

  let name: String
  let kind: Kind
  /// Which of the pool's channels of this kind.
  private let place: Int

  /// What the engine calls the channel.
  var poolName: String {
    switch kind {
    case .last: "last\(place)"
    case .append, .accumulatedTopic: "list\(place)"
    case .sum, .max, .messages, .topic: kind.rawValue
    case .concat: "text"
    case .merge: "object"
    case .untracked: "hidden"
    case .ephemeral: "flash"
    }
  }

  /// The channels of a graph, by name.
  static func all(of graph: JSONValue) throws -> [String: PoolChannel] {
    var (channels, taken): ([String: PoolChannel], [String: Int]) = ([:], [:])
    for (name, described) in try graph.member("channels").object {
      let word = try described.member("kind").text
      guard let kind = Kind(rawValue: word) else { throw DifferentialFault("unknown kind of channel \"\(word)\"") }
      let pool = kind == .accumulatedTopic ? Kind.append.rawValue : word
      let place = taken[pool, default: 0]
      let room = kind == .last ? PoolState.lastPaths.count : pool == "append" ? PoolState.listPaths.count : 1
      guard place < room else { throw DifferentialFault("PoolState has too few channels of kind \"\(word)\"") }
      taken[pool] = place + 1
      channels[name] = PoolChannel(name: name, kind: kind, place: place)
    }
    return channels
  }

  /// The value; nil for none.
  func value(in state: PoolState) -> JSONValue? {
    switch kind {
    case .last: state.lasts[place].first
    case .append: .array(Array(state.lists[place]))
    case .accumulatedTopic: Self.items(state.lists[place])
    case .sum: .integer(state.sum)
    case .max: .integer(state.max)
    case .concat: .string(state.text)
    case .merge: .object(state.object)
    case .messages: .array(state.messages.map(\.shown))
    case .untracked: state.hidden.first
    case .ephemeral: state.flash
    case .topic: Self.items(state.topic)
    }
  }

  private static func items(_ list: SharedList<JSONValue>) -> JSONValue? { list.isEmpty ? nil : .array(Array(list)) }

  /// The command with a write of this channel.
  func write(_ value: JSONValue, to command: Command<PoolState>) throws -> Command<PoolState> {
    switch kind {
    case .last: command.write(PoolState.lastPaths[place], [value])
    case .append: command.write(PoolState.listPaths[place], try value.items)
    case .accumulatedTopic: command.write(PoolState.listPaths[place], value.arrayValue ?? [value])
    case .sum: command.write(\.sum, try value.integer)
    case .max: command.write(\.max, try value.integer)
    case .concat: command.write(\.text, try value.text)
    case .merge: command.write(\.object, try value.object)
    case .messages: command.write(\.messages, try (value.arrayValue ?? [value]).map(Self.operation))
    case .untracked: command.write(\.hidden, [value])
    case .ephemeral: command.write(\.flash, value)
    case .topic: command.write(\.topic, value.arrayValue ?? [value])
    }
  }

  /// The command with an overwrite of this channel.
  func overwrite(_ value: JSONValue, in command: Command<PoolState>) throws -> Command<PoolState> {
    switch kind {
    case .append: command.overwrite(PoolState.listPaths[place], SharedList(try value.items))
    case .sum: command.overwrite(\.sum, try value.integer)
    case .max: command.overwrite(\.max, try value.integer)
    case .concat: command.overwrite(\.text, try value.text)
    case .merge: command.overwrite(\.object, try value.object)
    case .messages: command.overwrite(\.messages, MessageList(try value.items.map(Self.message)))
    default: throw DifferentialFault("channel \"\(name)\" has no reducer to overwrite past")
    }
  }

  /// What was written, as results show it.
  func shown(_ value: JSONValue) throws -> JSONValue {
    guard kind == .messages else { return value }
    return .array(
      try (value.arrayValue ?? [value]).map { item in
        guard case .put(let message) = try Self.operation(item) else { return item }
        return message.shown
      })
  }

  private static func operation(_ item: JSONValue) throws -> MessageOperation<PoolMessage> {
    if let id = item["remove"] { return .remove(id: try id.text) }
    if item["remove_all"] == true { return .removeAll }
    return .put(try message(item))
  }

  private static func message(_ item: JSONValue) throws -> PoolMessage {
    PoolMessage(
      id: item["id"]?.stringValue ?? "", role: try item.member("role").text, content: try item.member("content").text)
  }
}
