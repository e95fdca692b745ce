public import AgentJSON

/// A chat completion as it was asked for (contract §4), checked.
public struct ChatCall: Sendable {
  /// An agent's id, or a line's.
  public var model: String
  /// At least one.
  public var messages: [Message]
  /// Whether the answer is streamed.
  public var stream = false
  /// Whether the stream ends with a chunk of usage (`stream_options.include_usage`).
  public var includeUsage = false
  /// What goes into the model's request: OpenAI's parameters, and members this runtime does not know.
  public var parameters: JSONObject = [:]
  /// The caller's `metadata`, returned in the answer's.
  public var metadata: JSONObject = [:]
  /// `metadata.session_id`, or its alias `task_id`.
  public var sessionID: String?
  /// `metadata.user_id`, else `user`.
  public var userID: String?
  /// `metadata.approvals`: what a human decided on calls that waited for it.
  public var approvals: [ApprovalDecision] = []
  /// The request's `response_format`, made ready to check an answer; nil where any text will do.
  var answerFormat: AnswerFormat?
  /// The request's own `conversation_config`, which wins over the agent's.
  public var conversationConfig: ConversationConfig?
  /// `metadata.run_id`: the caller's name for the run, which a later request joins or goes on with.
  public var runID: String?
  /// `metadata.background`: whether the run goes on without its caller.
  public var isBackground = false
  /// The request's body as it came.
  public var body: JSONObject = [:]
  /// Under which the request is logged.
  public var requestID: String

  /// Makes a call of messages alone.
  public init(model: String, messages: [Message], requestID: String = "") {
    self.model = model
    self.messages = messages
    self.requestID = requestID
  }
}
