import Synchronization

/// What agents' tools did in turns without a session that ended with the caller's own tools.
///
/// The caller was shown its own calls alone, and comes back with a conversation in which the agent's calls and results
/// are missing; without them the model would call those tools again. What is forgotten here costs just that. It lives
/// in this process, within bounds; a session keeps such a turn for good.
final class ExchangeMemory: Sendable {
  /// What a conversation is recognized by. All of it has to be equal: calls' ids are only as unique as models make them.
  private struct Key: Hashable {
    var agentID: String
    var userID: String?
    var before: [Message]
    var calls: [String]
  }

  private struct State {
    var exchanges: [Key: [Message]] = [:]
    var order: [Key] = []
    var bytes = 0
  }

  private let state = Mutex(State())
  private let bytesMax: Int

  /// Remembers about so many bytes.
  init(bytesMax: Int = 8 << 20) { self.bytesMax = bytesMax }

  /// Remembers an exchange of which the caller is shown the last message, without the agent's calls.
  func keep(_ exchange: [Message], shown: Message, of run: AgentRun) {
    let key = key(run, run.call.messages.filter { !$0.role.isSystem }, shown)
    let bytes = Self.bytes(exchange) + Self.bytes(key.before)
    guard bytes <= bytesMax else { return }
    state.withLock { state in
      guard state.exchanges.updateValue(exchange, forKey: key) == nil else { return }
      state.order.append(key)
      state.bytes += bytes
      while state.bytes > bytesMax {
        let oldest = state.order.removeFirst()
        let dropped = state.exchanges.removeValue(forKey: oldest) ?? []
        state.bytes -= Self.bytes(dropped) + Self.bytes(oldest.before)
      }
    }
  }

  /// The messages with what is remembered put back in its places.
  func restoring(_ messages: [Message], of run: AgentRun) -> [Message] {
    guard messages.contains(where: \.hasToolCalls), !state.withLock({ $0.order.isEmpty }) else { return messages }
    var whole: [Message] = []
    for (index, message) in messages.enumerated() {
      let key = message.hasToolCalls ? key(run, Array(messages[..<index]), message) : nil
      let exchange = key.flatMap { key in state.withLock { $0.exchanges[key] } }
      whole += exchange ?? [message]
    }
    return whole
  }

  private func key(_ run: AgentRun, _ before: [Message], _ shown: Message) -> Key {
    Key(agentID: run.agent.id, userID: run.call.userID, before: before, calls: shown.toolCalls.map(\.id))
  }

  private static func bytes(_ messages: [Message]) -> Int { messages.reduce(256) { $0 + $1.memoryBytes } }
}
