public import FoundationEssentials

/// Names a thread: an agent and the caller's `session_id`.
public struct ThreadKey: Sendable, Hashable {
  /// The agent's id.
  public var agentID: String
  /// The caller's name for the conversation.
  public var sessionID: String

  /// Makes a key.
  public init(agentID: String, sessionID: String) {
    self.agentID = agentID
    self.sessionID = sessionID
  }
}

extension ThreadKey {
  /// By bytes: to `==` of strings, different spellings of one character are equal, and would share a thread.
  public static func == (left: ThreadKey, right: ThreadKey) -> Bool {
    left.agentID.isSame(as: right.agentID) && left.sessionID.isSame(as: right.sessionID)
  }

  /// By bytes, as `==`.
  public func hash(into hasher: inout Hasher) {
    for text in [agentID, sessionID] {
      var text = text
      text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
      hasher.combine(0xFF as UInt8)
    }
  }
}

/// A conversation that the server keeps (contract §4).
public struct AgentThread: Sendable, Hashable {
  /// Its name.
  public var key: ThreadKey
  /// Whose it is; nil where no turn named a user.
  public var userID: String?
  /// How many messages are stored.
  public var messageCount: Int
  /// The last messages, oldest first; all of them unless fewer were asked for. No system messages.
  public var messages: [Message]
  /// When its first turn was stored, UTC.
  public var createdAt: Date
  /// When its last turn was stored, UTC.
  public var updatedAt: Date

  /// Makes a thread.
  public init(
    key: ThreadKey, userID: String?, messageCount: Int, messages: [Message], createdAt: Date, updatedAt: Date
  ) {
    self.key = key
    self.userID = userID
    self.messageCount = messageCount
    self.messages = messages
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}
