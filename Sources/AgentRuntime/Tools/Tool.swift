public import AgentJSON

/// Something an agent can do for its model: a built-in one, or one of an MCP server.
public protocol Tool: Sendable {
  /// How the model sees it.
  var definition: ToolDefinition { get }

  /// What its source calls it, where that cannot be its name for a model.
  var sourceName: String { get }

  /// Does it. `arguments` have been validated against the definition's schema.
  ///
  /// What it throws becomes an error result for the model; a `ToolError` with its own words, another error without
  /// them. `CancellationError` passes unchanged. Cancelling the task must end the work soon: the tool loop does so when
  /// the tool's time is up and when the caller has left.
  func call(_ arguments: JSONObject, _ context: ToolContext) async throws -> ToolOutput
}

extension Tool {
  /// The same as for the model.
  public var sourceName: String { definition.name }
}

/// How a model sees a tool: OpenAI's `function` object.
public struct ToolDefinition: Sendable, Hashable {
  /// 1..64 of `A-Za-z0-9_-`, as OpenAI's wire allows.
  public var name: String
  /// What it does, for the model.
  public var description: String
  /// A JSON Schema (2020-12) of the arguments' object.
  public var parameters: JSONObject

  /// A name as OpenAI's wire allows it: at most 64 characters, and `_` for what is not allowed.
  public static func wireName(_ name: String) -> String {
    String(
      name.unicodeScalars.prefix(64).map { scalar -> Character in
        let isAllowed = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        return isAllowed || scalar == "_" || scalar == "-" ? Character(scalar) : "_"
      })
  }

  /// Makes a definition.
  public init(name: String, description: String, parameters: JSONObject) {
    self.name = name
    self.description = description
    self.parameters = parameters
  }
}

/// What a tool is told of the call it serves.
public struct ToolContext: Sendable {
  /// The same whenever this call is repeated after a crash: whoever can tell repetitions by it should be given it.
  public var idempotencyKey: String
  /// Under which the caller's request is logged.
  public var requestID: String
  /// The agent that calls.
  public var agentID: String
  /// The run.
  public var runID: String
  /// The session's thread; nil without a session.
  public var sessionID: String?
  /// What a tool may keep of the session's files between calls; 0 keeps none (the agent's `code_interpreter`). In bytes.
  public var keptFilesBytesMax: Int
  /// A larger output is cut; a tool that reads from elsewhere should stop there. In bytes of UTF-8.
  public var outputBytesMax: Int

  /// Makes a context.
  public init(
    idempotencyKey: String, requestID: String, agentID: String, runID: String, sessionID: String? = nil,
    keptFilesBytesMax: Int = 0, outputBytesMax: Int = 64 << 10
  ) {
    self.idempotencyKey = idempotencyKey
    self.requestID = requestID
    self.agentID = agentID
    self.runID = runID
    self.sessionID = sessionID
    self.keptFilesBytesMax = keptFilesBytesMax
    self.outputBytesMax = outputBytesMax
  }
}

/// What a tool came to, for the model.
public struct ToolOutput: Sendable, Hashable, Codable {
  /// The result's text.
  public var text: String
  /// Whether it tells of a failure.
  public var isError: Bool

  /// Makes an output.
  public init(_ text: String, isError: Bool = false) {
    self.text = text
    self.isError = isError
  }
}

/// Why a tool, or a whole source of tools, could not be used; the message may go to the model and to the caller, and
/// holds no secret.
public struct ToolError: Error, Sendable, CustomStringConvertible {
  /// What happened, which value, what is allowed.
  public var message: String
  /// The underlying error, for the log.
  public var cause: (any Error)?

  /// Makes an error.
  public init(_ message: String, cause: (any Error)? = nil) {
    self.message = message
    self.cause = cause
  }

  /// The message.
  public var description: String { message }
}
