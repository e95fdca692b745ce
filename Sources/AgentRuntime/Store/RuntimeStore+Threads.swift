import AgentGraph
import FoundationEssentials

extension RuntimeStore {
  /// A thread with its last `last` messages (nil: all of them). Throws `StoreError`.
  public func thread(_ key: ThreadKey, last: Int?) async throws -> AgentThread? {
    let graph = Conversation.graph.checkpointed(by: threads)
    // A turn that has not ended leaves no trace, and a first one no thread.
    guard let state = try await graph.snapshot(of: key.name)?.state, state.createdAt != 0 else { return nil }
    let count = min(max(last ?? state.messages.count, 0), state.messages.count)
    return AgentThread(
      key: key, userID: state.userID, messageCount: state.messages.count, messages: Array(state.messages.suffix(count)),
      createdAt: Date(milliseconds: state.createdAt), updatedAt: Date(milliseconds: state.updatedAt))
  }

  /// Removes a thread. Returns whether there was one. Throws `StoreError`.
  public func deleteThread(_ key: ThreadKey) async throws -> Bool { try await threads.deleteThread(key.name) }
}

extension ThreadKey {
  /// What the thread is called in the checkpointer: the agent's id, a slash, and the session's. Ids of agents hold
  /// no slash, so that the names of an agent's threads are those that begin with its id and a slash.
  public var name: String { "\(agentID)/\(sessionID)" }

  /// Reads a thread's name; nil for a text without a slash.
  public init?(name: String) {
    let agentID = Self.agentID(inName: name)
    guard agentID.utf8.count < name.utf8.count, let session = String(name.utf8.dropFirst(agentID.utf8.count + 1)) else {
      return nil
    }
    self.init(agentID: agentID, sessionID: session)
  }

  /// What the names of an agent's threads begin with.
  public static func prefix(agentID: String) -> String { "\(agentID)/" }

  /// The agent that a thread's name begins with.
  public static func agentID(inName name: String) -> String {
    String(name.utf8.prefix { $0 != UInt8(ascii: "/") }) ?? name
  }
}
