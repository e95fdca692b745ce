public import AgentJSON

/// Who speaks in a message (contract §4).
public enum MessageRole: String, Sendable, Hashable, CaseIterable {
  case system, developer, user, assistant, tool

  /// Whether the message instructs the model instead of being part of the conversation.
  public var isSystem: Bool { self == .system || self == .developer }
}

/// One message of a conversation, kept as it came: members this runtime does not know reach the model unchanged.
public struct Message: Sendable, Hashable {
  /// Who speaks.
  public let role: MessageRole
  /// The message as OpenAI's JSON object, `role` included.
  public let json: JSONObject

  /// Wraps an object whose `role` was checked to be `role`.
  public init(role: MessageRole, json: JSONObject) {
    self.role = role
    self.json = json
  }

  /// A message with plain text.
  public init(_ role: MessageRole, _ text: String) {
    self.init(role: role, json: ["role": .string(role.rawValue), "content": .string(text)])
  }

  /// Reads a message that this runtime stored. Returns nil where it has no role that is known.
  public init?(stored value: JSONValue) {
    guard let object = value.objectValue, let name = object["role"]?.stringValue,
      let role = MessageRole(rawValue: name)
    else { return nil }
    self.init(role: role, json: object)
  }

  /// The text of the message: its content, or its text parts joined.
  public var text: String {
    switch json["content"] {
    case .string(let text): return text
    case .array(let parts): return parts.compactMap { $0["text"]?.stringValue }.joined()
    default: return ""
    }
  }

  /// Whether the message asks for tool calls.
  public var hasToolCalls: Bool { json["tool_calls"]?.arrayValue?.isEmpty == false }
}
