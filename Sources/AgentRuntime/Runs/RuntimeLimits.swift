/// The bounds that hold for every agent; from the configuration (contract §7).
public struct RuntimeLimits: Sendable, Hashable {
  /// Unicode scalars of a request's text (MAX_MESSAGE_LENGTH).
  public var messageLengthMax = 32_000
  /// Messages of a conversation that the model sees (MAX_CONVERSATION_HISTORY).
  public var conversationHistoryMax = 100
  /// Executions at once (MAX_CONCURRENT_AGENTS).
  public var concurrentRunsMax = 100
  /// How long one execution may take (AGENT_EXECUTION_TIMEOUT).
  public var executionTimeout = Duration.seconds(300)
  /// Turns that may wait for their thread to be free.
  public var turnsWaitingMax = 32
  /// Times that a model may call tools before it must answer, where the agent's `limits.max_tool_turns` says nothing.
  public var toolTurnsMax = 25
  /// Unicode scalars of other steps' outputs that a step of a task is shown, and the call that composes the answer.
  public var taskOutputsLengthMax = 24_000
  /// Calls of the model that a custom agent's code may make in one run.
  public var codeModelCallsMax = 20
  /// Tokens, of prompts and answers together, after which a custom agent's code gets no further call of the model in a
  /// run. The call that passes the limit is completed.
  public var codeModelTokensMax = 100_000

  /// The contract's defaults.
  public init() {}
}
