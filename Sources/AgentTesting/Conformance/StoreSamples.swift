import AgentJSON
import AgentRuntime
import FoundationEssentials

/// Values for the checks of stores.
enum StoreSamples {
  /// A time with milliseconds, so many seconds after the first.
  static func time(_ seconds: Double = 0) -> Date { Date(timeIntervalSince1970: 1_767_225_600.123 + seconds) }

  /// A draft with no more than it must have.
  static func agent(_ id: String, _ change: (inout AgentDefinition) -> Void = { _ in }) -> AgentDefinition {
    var agent = AgentDefinition(
      id: id, name: "Agent \(id)", type: "conversation", templateID: "customer-service-bot",
      templateVersionID: "v1.0.0", createdAt: time())
    change(&agent)
    return agent
  }

  /// An agent with a value in every field.
  static func fullAgent(_ id: String) -> AgentDefinition {
    agent(id) { agent in
      agent.name = "客服 🤖 \"quoted\" \\ \u{0}\u{1F}\u{2028}"
      agent.description = "e\u{301} and \u{E9}"
      agent.avatarURL = "https://example.com/a.png?x=1&y=2"
      agent.templateConfig = [
        "z": 1, "a": [1.5, true, .null, "\u{0}"], "big": .integer(.max), "small": .integer(.min), "": ["k": [:]],
        "1e400": .double(1e300),
      ]
      agent.systemPrompt = "Be kind.\r\n\tAlways."
      var conversation = ConversationConfig()
      conversation.continuous = true
      conversation.historyLength = 7
      conversation.temperature = 0.25
      conversation.maxTokens = 512
      conversation.onBusy = .rollback
      agent.conversationConfig = conversation
      var limits = AgentLimits()
      limits.requestsPerMinute = 60
      limits.tokensPerMinute = 100_000
      limits.maxToolTurns = 3
      agent.limits = limits
      agent.toolsets = ["search", "files"]
      agent.llmConfigID = "fast"
      agent.agentLineID = "line-of-\(id)"
      agent.versionType = .release
      agent.versionNumber = 12
      agent.ownerID = "owner/é\u{0}1"
      agent.status = .submitted
      agent.codeInterpreter = ["keep_files_mb": 64]
      agent.metadata = ["b": "2", "a": "1"]
      agent.revision = 1
      agent.updatedAt = time(0.5)
    }
  }

  /// A turn of a question and its answer.
  static func turn(
    _ key: ThreadKey, _ number: Int = 0, user: String? = nil, replaces: Bool = false
  ) -> ThreadTurn {
    ThreadTurn(
      key: key, userID: user,
      messages: [Message(.user, "question \(number)"), Message(.assistant, "answer \(number)")],
      replacesHistory: replaces, time: time(Double(number)))
  }

  /// A turn of these messages.
  static func turn(_ key: ThreadKey, messages: [Message]) -> ThreadTurn {
    ThreadTurn(key: key, userID: nil, messages: messages, replacesHistory: false, time: time())
  }

  /// The key of a thread of the agent `a`, which most checks use.
  static func key(_ session: String = "s", agent: String = "a") -> ThreadKey {
    ThreadKey(agentID: agent, sessionID: session)
  }
}

/// Expects equal times; stores may cut what is below a millisecond.
func expectTime(_ got: Date, _ wanted: Date, _ what: String) throws {
  try expect(abs(got.timeIntervalSince(wanted)) < 0.0015, "\(what): got \(got.wireText), wanted \(wanted.wireText)")
}

/// Expects equal agents, member by member and in the order of members.
func expectAgent(_ got: AgentDefinition?, _ wanted: AgentDefinition, _ what: String) throws {
  let got = try expectSome(got, what)
  try expectTime(got.createdAt, wanted.createdAt, "\(what), created_at")
  try expectTime(got.updatedAt, wanted.updatedAt, "\(what), updated_at")
  var same = got
  same.createdAt = wanted.createdAt
  same.updatedAt = wanted.updatedAt
  try expectEqual(JSONValue.object(same.json).encodedText, JSONValue.object(wanted.json).encodedText, what)
}

/// Expects these messages, member by member and in the order of members.
func expectMessages(_ got: [Message], _ wanted: [Message], _ what: String) throws {
  try expectEqual(got.map(\.role), wanted.map(\.role), "\(what), roles")
  for (index, pair) in zip(got, wanted).enumerated() {
    let texts = (JSONValue.object(pair.0.json).encodedText, JSONValue.object(pair.1.json).encodedText)
    // By bytes, and cut: a huge message would drown the report.
    try expect(
      Data(texts.0.utf8) == Data(texts.1.utf8),
      "\(what), message \(index): got \(texts.0.prefix(200)), wanted \(texts.1.prefix(200))")
  }
}

extension RuntimeStore {
  /// Stores a sample agent.
  func insert(_ id: String, _ change: (inout AgentDefinition) -> Void = { _ in }) async throws {
    try await insertAgent(StoreSamples.agent(id, change), changes: ["id"])
  }

  /// Appends sample turns of these numbers.
  func appendTurns(_ key: ThreadKey, _ numbers: Range<Int>) async throws {
    for number in numbers { try await appendTurn(StoreSamples.turn(key, number)) }
  }

  /// A thread that has to be there.
  func storedThread(_ key: ThreadKey, last: Int? = nil) async throws -> AgentThread {
    try expectSome(try await thread(key, last: last), "the thread \(key.sessionID)")
  }
}
