public import AgentGraph

/// What a conversation's graph works on, and what is stored of a thread: its messages and whose they are.
public struct ConversationState: GraphState {
  /// The thread's messages, oldest first; no system messages.
  public var messages = SharedList<Message>()
  /// Whose thread it is; nil where no turn named a user.
  public var userID: String?
  /// When the first turn was stored: milliseconds since 1970.
  public var createdAt = 0
  /// When the last turn was stored: milliseconds since 1970.
  public var updatedAt = 0
  /// About how many bytes the messages take in memory.
  public var bytes = 0
  /// Calls and results of the turn under way, where its agent has tools; they join the messages when it ends.
  var exchange = SharedList<Message>()
  /// The request of the turn under way, where its agent has tools.
  var pending: PendingTurn?
  /// The turn under way; never stored.
  var turn: ConversationTurn?
  /// What the model is asked; never stored.
  var prompt: [Message] = []
  /// What the model answered; never stored.
  var answer: ConversationAnswer?

  /// The channels.
  public struct Channels: Sendable {
    /// Appended to by each turn; overwritten by one that brings the history itself.
    public let messages = StateChannel.appended("messages", \ConversationState.messages)
    /// Written once.
    public let userID = StateChannel.last("user_id", \ConversationState.userID)
    /// Written once.
    public let createdAt = StateChannel.last("created_at", \ConversationState.createdAt)
    /// Written by each turn.
    public let updatedAt = StateChannel.last("updated_at", \ConversationState.updatedAt)
    /// Written by each turn.
    public let bytes = StateChannel.last("bytes", \ConversationState.bytes)
    let exchange = StateChannel.appended("exchange", \ConversationState.exchange)
    let pending = StateChannel.last("pending", \ConversationState.pending)
    let turn = StateChannel.untracked("turn", \ConversationState.turn)
    let prompt = StateChannel.untracked("prompt", \ConversationState.prompt)
    let answer = StateChannel.untracked("answer", \ConversationState.answer)
  }

  /// The channels.
  public static let channels = Channels()

  /// A thread without a turn.
  public init() {}

  /// What a turn adds to its thread: a request's messages and the reply.
  public func adding(
    _ added: [Message], userID: String?, replacesHistory: Bool, milliseconds time: Int
  ) -> Command<ConversationState> {
    let size = added.reduce(0) { $0 + $1.memoryBytes }
    var command: Command<ConversationState> =
      replacesHistory ? .overwrite(\.messages, SharedList(added)) : .write(\.messages, added)
    command = command.write(\.updatedAt, time).write(\.bytes, replacesHistory ? size : bytes + size)
    if createdAt == 0 { command = command.write(\.createdAt, time) }
    if self.userID == nil, let userID { command = command.write(\.userID, userID) }
    return clearing(command)
  }

  /// The command with what a turn under way, or one that was given up, has left behind removed.
  func clearing(_ command: Command<ConversationState>) -> Command<ConversationState> {
    var command = command
    if !exchange.isEmpty { command = command.overwrite(\.exchange, SharedList()) }
    if pending != nil { command = command.write(\.pending, nil) }
    return command
  }
}

/// What the model answered; a reference for the same reason.
final class ConversationAnswer: Sendable {
  let completion: ChatCompletion

  init(_ completion: ChatCompletion) { self.completion = completion }
}

extension Message {
  /// About how much memory the message takes.
  var memoryBytes: Int { 512 + json.memoryBytes }
}
