import AgentJSON

/// What the model sees of a conversation: system messages first, then the last of the history (contract §4).
struct Prompt {
  /// System messages, the request's own or the agent's prompt.
  var system: [Message]
  /// What the thread holds, oldest first.
  var history: [Message] = []
  /// The request's messages besides system ones.
  var added: [Message]

  init(_ messages: [Message], systemPrompt: String?) {
    system = messages.filter(\.role.isSystem)
    added = messages.filter { !$0.role.isSystem }
    if system.isEmpty, let systemPrompt, !systemPrompt.isEmpty { system = [Message(.system, systemPrompt)] }
  }

  /// The prompt with the last `count` non-system messages. The cut moves on to a user message, so that a tool call
  /// and its results stay together, but never past the last one: the exchange under way is not cut.
  func messages(last count: Int) -> [Message] {
    let conversation = history + added
    return system + conversation[cut(conversation, count)...]
  }

  /// Whether what is known of the history does not reach back to the user message that the cut must include.
  func cutsToolExchange(last count: Int) -> Bool {
    !(history + added).contains { $0.role == .user }
  }

  private func cut(_ conversation: [Message], _ count: Int) -> Int {
    let start = max(0, conversation.count - count)
    guard start > 0 else { return 0 }
    if let next = conversation[start...].firstIndex(where: { $0.role == .user }) { return next }
    // Where nobody asked, a tool's result still needs the call before it.
    return conversation.lastIndex { $0.role == .user } ?? conversation[...start].lastIndex { $0.role != .tool } ?? start
  }

  /// The messages with a result for each call of a tool: model services refuse a prompt in which one is missing, and a
  /// caller who goes on without giving it means that there is none.
  static func answeringCalls(_ messages: [Message]) -> [Message] {
    guard messages.contains(where: \.hasToolCalls) else { return messages }
    var whole: [Message] = []
    var missing: [ToolCall] = []
    for message in messages {
      if message.role == .tool {
        // Ids are only as unique as models make them: a result is that of the calls right before it.
        missing.removeAll { $0.id == message.json["tool_call_id"]?.stringValue }
      } else {
        whole += missing.map { .result(of: $0, "No result was given.") }
        missing = message.toolCalls
      }
      whole.append(message)
    }
    return whole + missing.map { .result(of: $0, "No result was given.") }
  }

  /// Whether a request brings the history itself: an assistant's message outside a tool exchange.
  static func bringsHistory(_ messages: [Message]) -> Bool {
    messages.contains { $0.role == .assistant && !$0.hasToolCalls }
  }
}
