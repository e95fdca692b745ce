public import AgentJSON
public import AgentRuntime
import Synchronization

/// A sandbox that runs nothing and answers what a test tells it to; it keeps what it was asked.
public final class ScriptedSandbox: Sandbox {
  /// What a call does; it may use the host as a program would.
  public typealias Work = @Sendable (_ call: SandboxCall, _ host: any SandboxHost) async throws -> SandboxReport

  private struct State {
    var status: SandboxStatus
    var calls: [SandboxCall] = []
    var checked: [SandboxProgram] = []
  }
  private let state: Mutex<State>
  private let faults: @Sendable (SandboxProgram) async throws -> [SandboxFault]
  private let work: Work

  /// A status in which every language can be run.
  public static let sound = SandboxStatus(
    isolation: "userns", enforcement: ["wall": "supervisor"],
    languages: [
      .python: .init(versions: ["3.11.2"]), .javascript: .init(versions: ["2.9.8"]),
      .typescript: .init(versions: ["2.9.8"]),
    ])

  /// Makes a sandbox whose `check` returns what `faults` returns, and whose `run` does what `work` does.
  public init(
    status: SandboxStatus = ScriptedSandbox.sound,
    faults: @escaping @Sendable (SandboxProgram) async throws -> [SandboxFault] = { _ in [] },
    work: @escaping Work = { call, _ in SandboxReport(.value(call.input)) }
  ) {
    state = Mutex(State(status: status))
    self.faults = faults
    self.work = work
  }

  /// What `status` was set to.
  public var status: SandboxStatus { state.withLock { $0.status } }

  /// Changes the status; with a refusal in it, calls are refused.
  public func setStatus(_ status: SandboxStatus) { state.withLock { $0.status = status } }

  /// All calls so far, in order.
  public var calls: [SandboxCall] { state.withLock { $0.calls } }

  /// All programs that were checked, in order.
  public var checked: [SandboxProgram] { state.withLock { $0.checked } }

  /// The faults that the test gives. Throws `SandboxUnavailable` where the status refuses.
  public func check(_ program: SandboxProgram) async throws -> [SandboxFault] {
    try admit(program.language)
    state.withLock { $0.checked.append(program) }
    return try await faults(program)
  }

  /// What the test wants. Throws `SandboxUnavailable` where the status refuses, and what the test throws.
  public func run(_ call: SandboxCall, host: any SandboxHost) async throws -> SandboxReport {
    try admit(call.program.language)
    state.withLock { $0.calls.append(call) }
    return try await work(call, host)
  }

  private func admit(_ language: SandboxLanguage) throws {
    let status = status
    if let refusal = status.refusal ?? status.languages[language]?.refusal { throw SandboxUnavailable(refusal) }
    guard status.languages[language] != nil else { throw SandboxUnavailable("There is no \(language.rawValue).") }
  }
}

/// A host that keeps the text it was given, and answers calls of the model as a test tells it to.
public final class ScriptedHost: SandboxHost {
  /// One call of the model.
  public struct ModelCall: Sendable, Hashable {
    /// The messages.
    public var messages: [JSONValue]
    /// The options.
    public var options: JSONObject
  }
  private struct State {
    var pieces: [String] = []
    var modelCalls: [ModelCall] = []
  }
  private let state = Mutex(State())
  private let onText: @Sendable (String) async throws -> Void
  private let model: @Sendable (ModelCall) async throws -> JSONObject

  /// Makes a host; by itself its model says "ok".
  public init(
    onText: @escaping @Sendable (String) async throws -> Void = { _ in },
    model: @escaping @Sendable (ModelCall) async throws -> JSONObject = { _ in
      ["role": "assistant", "content": "ok", "finish_reason": "stop", "usage": ["total_tokens": 3]]
    }
  ) {
    self.onText = onText
    self.model = model
  }

  /// The pieces so far.
  public var pieces: [String] { state.withLock { $0.pieces } }

  /// The calls of the model so far.
  public var modelCalls: [ModelCall] { state.withLock { $0.modelCalls } }

  /// Keeps a piece. Throws what the test throws.
  public func take(_ text: String) async throws {
    state.withLock { $0.pieces.append(text) }
    try await onText(text)
  }

  /// Answers as the test says.
  public func callModel(messages: [JSONValue], options: JSONObject) async throws -> JSONObject {
    let call = ModelCall(messages: messages, options: options)
    state.withLock { $0.modelCalls.append(call) }
    return try await model(call)
  }
}
