public import AgentJSON

/// Runs other people's code so that it can only ever fail its own call.
///
/// One call has a process of its own, without network, host files or host processes, and nothing of it is left when
/// the call is over. Cancelling the task of a call kills it.
public protocol Sandbox: Sendable {
  /// What can be run here and now, and what enforces which limit; it costs nothing to ask.
  var status: SandboxStatus { get }

  /// Looks at a program without running it: it parses, and its entry point is defined. Returns every fault found.
  ///
  /// Throws `SandboxUnavailable` where code cannot be run, or `CancellationError`.
  func check(_ program: SandboxProgram) async throws -> [SandboxFault]

  /// Runs a program once. Whatever the code does is told by the outcome.
  ///
  /// Throws `SandboxUnavailable` where code cannot be run (now), or `CancellationError`; what `host` throws ends the
  /// call and is thrown on.
  func run(_ call: SandboxCall, host: any SandboxHost) async throws -> SandboxReport
}

/// What a running program may ask of whoever runs it.
public protocol SandboxHost: Sendable {
  /// Takes a piece of the answer that a generator yielded; returns when more may come.
  func take(_ text: String) async throws

  /// Calls the model for the program: OpenAI's `messages`, and request options such as `temperature`. Returns
  /// `{"content", "role", "tool_calls"?, "finish_reason", "usage"}`. A `SandboxRefusal` goes to the program as an
  /// exception; any other error ends the call.
  func callModel(messages: [JSONValue], options: JSONObject) async throws -> JSONObject
}

/// Code cannot be run: why, and what to change. The message holds no secret and may go to the caller.
public struct SandboxUnavailable: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, and what to do about it.
  public var message: String

  /// Makes the error.
  public init(_ message: String) { self.message = message }

  /// The message.
  public var description: String { message }
}

/// What the host says no to, in words for the program.
public struct SandboxRefusal: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was refused, and what is allowed.
  public var message: String

  /// Makes the refusal.
  public init(_ message: String) { self.message = message }

  /// The message.
  public var description: String { message }
}
