public import AgentJSON

/// What a model is asked: the messages, and OpenAI's parameters as they are to stand in the request's body.
public struct ChatRequest: Sendable {
  /// The model configuration's id (`X-LLM-Config-ID`, contract §6).
  public var modelID: String
  /// The whole prompt, in order.
  public var messages: [Message]
  /// Members of the request's body besides `model`, `messages`, `stream` and `stream_options`.
  public var parameters: JSONObject
  /// The id under which the caller's request is logged; passed upstream as `X-Request-ID`.
  public var requestID: String
  /// When the run ends at the latest; nothing is waited for beyond it.
  public var deadline: ContinuousClock.Instant?
  /// Whether pieces of tool calls are kept from the caller: then they may come again from another upstream.
  public var hidesToolCalls = false

  /// Makes a request.
  public init(
    modelID: String, messages: [Message], parameters: JSONObject = [:], requestID: String,
    deadline: ContinuousClock.Instant? = nil
  ) {
    self.deadline = deadline
    self.modelID = modelID
    self.messages = messages
    self.parameters = parameters
    self.requestID = requestID
  }
}

/// Tokens as the model counted them.
public struct TokenUsage: Sendable, Hashable, Codable {
  /// Tokens of the prompt.
  public var promptTokens: Int
  /// Tokens of the answer.
  public var completionTokens: Int
  /// Members such as `prompt_tokens_details`, as the model gave them.
  public var details: JSONObject

  /// Makes a count.
  public init(promptTokens: Int = 0, completionTokens: Int = 0, details: JSONObject = [:]) {
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.details = details
  }

  /// Prompt and answer together.
  public var totalTokens: Int { promptTokens + completionTokens }

  /// The sum; details are those of the later count, this one.
  func added(to sum: TokenUsage?) -> TokenUsage {
    guard let sum else { return self }
    return TokenUsage(
      promptTokens: sum.promptTokens + promptTokens, completionTokens: sum.completionTokens + completionTokens,
      details: details)
  }
}

/// One event of a model's stream, that is one upstream chunk's `choices[0]`.
public struct ChatDelta: Sendable, Hashable {
  /// A piece of text; nil where the event has none.
  public var content: String?
  /// Members of the delta besides `role` and `content` (`tool_calls`, `refusal`, `reasoning_content`…); nil if none.
  public var extra: JSONObject?
  /// What the runtime tells of the run meanwhile; no model sends it, and OpenAI's clients skip it.
  public var metadata: JSONObject?

  /// Makes a delta.
  public init(content: String? = nil, extra: JSONObject? = nil, metadata: JSONObject? = nil) {
    self.content = content
    self.extra = extra
    self.metadata = metadata
  }
}

/// A model's whole answer.
public struct ChatCompletion: Sendable {
  /// The assistant's message, tool calls and refusal included.
  public var message: Message
  /// `stop`, `length`, `tool_calls`, `content_filter`, or what else the model said.
  public var finishReason: String
  /// The model's own count; nil where it gave none.
  public var usage: TokenUsage?

  /// Makes an answer.
  public init(message: Message, finishReason: String, usage: TokenUsage?) {
    self.message = message
    self.finishReason = finishReason
    self.usage = usage
  }
}

/// A chat model behind some wire: what the agents of this runtime talk to.
///
/// Both calls throw `ModelError`, and `CancellationError` unchanged. Cancelling the task closes the upstream request.
public protocol ChatModel: Sendable {
  /// Asks for a whole answer.
  func complete(_ request: ChatRequest) async throws -> ChatCompletion

  /// Asks for an answer as the model makes it.
  ///
  /// `onDeltas` gets the deltas that have already arrived, at least one and in order, and is never called with what
  /// arrived later than it could have been: no delta waits for the next one. While it runs no more than a bounded
  /// amount is read ahead, so a slow reader slows the model and never grows memory. What it throws ends the call.
  func stream(_ request: ChatRequest, onDeltas: ([ChatDelta]) async throws -> Void) async throws -> ChatCompletion

  /// Whether the upstream answers at all; for health. Throws `ModelError` with the reason where it does not.
  func probe() async throws

  /// What holds for a model configuration.
  func traits(of modelID: String) -> ModelTraits
}

extension ChatModel {
  /// No limits, and every kind of content.
  public func traits(of modelID: String) -> ModelTraits { ModelTraits() }
}

/// What holds for a model configuration besides where its requests go.
public struct ModelTraits: Sendable, Hashable {
  /// How often it may be asked, and for how much.
  public var rates: RateLimits
  /// Whether it takes content parts besides text.
  public var isMultimodal: Bool

  /// Makes traits.
  public init(rates: RateLimits = RateLimits(), isMultimodal: Bool = true) {
    self.rates = rates
    self.isMultimodal = isMultimodal
  }
}
