import AgentGraph
import AgentJSON

/// A message of the tasks that have messages.
struct ChatMessage: IdentifiedMessage, Codable {
  enum Kind: String, Codable {
    case human
    case ai
    case tool
  }

  var id: String
  var kind: Kind
  var text: String
  var toolCalls: [ToolCall] = []
  /// The call that a tool's message answers.
  var answers: String?
}

/// A call that a model asks for.
struct ToolCall: Codable {
  var id: String
  var name: String
  var arguments: JSONValue

  var query: String { arguments["query"]?.stringValue ?? "" }
}

/// A state of messages alone.
struct ChatState: GraphState {
  var messages = MessageList<ChatMessage>()

  struct Channels: Sendable {
    let messages = StateChannel.messages("messages", \ChatState.messages)
  }
  static let channels = Channels()
}
