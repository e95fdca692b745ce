import AgentGraph
import AgentJSON

/// A state with a pool of channels of every kind: the channels of a graph file are mapped onto them.
///
/// What may have no value is a list that is empty then, since null is a value.
struct PoolState: GraphState {
  /// Channels of kind `last`.
  var lasts: [[JSONValue]] = Array(repeating: [], count: 6)
  /// Channels of kinds `append` and `topic_accumulated`.
  var lists: [SharedList<JSONValue>] = Array(repeating: SharedList(), count: 4)
  var sum = 0
  var max = 0
  var text = ""
  var object = JSONObject()
  var messages = MessageList<PoolMessage>()
  var topic = SharedList<JSONValue>()
  var flash: JSONValue?
  var hidden: [JSONValue] = []
  /// What was sent to the task that reads this state.
  var argument: [JSONValue] = []

  struct Channels: Sendable {
    let last0 = StateChannel.last("last0", \PoolState.lasts[0])
    let last1 = StateChannel.last("last1", \PoolState.lasts[1])
    let last2 = StateChannel.last("last2", \PoolState.lasts[2])
    let last3 = StateChannel.last("last3", \PoolState.lasts[3])
    let last4 = StateChannel.last("last4", \PoolState.lasts[4])
    let last5 = StateChannel.last("last5", \PoolState.lasts[5])
    let list0 = StateChannel.appended("list0", \PoolState.lists[0])
    let list1 = StateChannel.appended("list1", \PoolState.lists[1])
    let list2 = StateChannel.appended("list2", \PoolState.lists[2])
    let list3 = StateChannel.appended("list3", \PoolState.lists[3])
    let sum = StateChannel.reduced("sum", \PoolState.sum) { (sum: inout Int, more: Int) in sum += more }
    let max = StateChannel.reduced("max", \PoolState.max) { (max: inout Int, other: Int) in max = Swift.max(max, other)
    }
    let text = StateChannel.reduced("text", \PoolState.text) { (text: inout String, more: String) in text += more }
    let object = StateChannel.reduced("object", \PoolState.object) { (object: inout JSONObject, more: JSONObject) in
      for (key, value) in more { object[key] = value }
    }
    let messages = StateChannel.messages("messages", \PoolState.messages)
    let topic = StateChannel.topic("topic", \PoolState.topic)
    let flash = StateChannel.ephemeral("flash", \PoolState.flash)
    let hidden = StateChannel.untracked("hidden", \PoolState.hidden)
    let argument = StateChannel.last("argument", \PoolState.argument)
  }
  static let channels = Channels()

  typealias Path<Value: Sendable, Update: Sendable> =
    any KeyPath<Channels, StateChannel<PoolState, Value, Update>> & Sendable
  static let lastPaths: [Path<[JSONValue], [JSONValue]>] = [
    \.last0, \.last1, \.last2, \.last3, \.last4, \.last5,
  ]
  static let listPaths: [Path<SharedList<JSONValue>, [JSONValue]>] = [\.list0, \.list1, \.list2, \.list3]
}

/// A message of a graph file.
struct PoolMessage: IdentifiedMessage, Codable {
  var id: String
  var role: String
  var content: String
}

extension PoolMessage {
  /// As results show it: an id that the engine made is "auto".
  var shown: JSONValue {
    let shownID = id.isEmpty || id.hasPrefix("msg-") ? "auto" : id
    return ["id": .string(shownID), "role": .string(role), "content": .string(content)]
  }
}
