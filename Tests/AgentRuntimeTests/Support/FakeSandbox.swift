import AgentJSON
import AgentRuntime
import AgentTesting
import Logging
import Synchronization

/// Runs no code: says what a test wants it to say, and keeps what it was asked.
final class FakeSandbox: Sandbox {
  typealias Work = @Sendable (SandboxCall, any SandboxHost) async throws -> SandboxReport

  private struct State {
    var status: SandboxStatus
    var faults: [SandboxFault] = []
    var problem: SandboxUnavailable?
    var checked: [SandboxProgram] = []
    var calls: [SandboxCall] = []
  }

  private let state: Mutex<State>
  private let work: Work

  init(_ work: @escaping Work = { _, _ in SandboxReport(.value(.null)) }) {
    self.work = work
    state = Mutex(
      State(
        status: SandboxStatus(
          isolation: "userns",
          languages: [
            .python: .init(versions: ["3.13.5", "3.11.2"]), .javascript: .init(versions: ["2.9.8"]),
            .typescript: .init(refusal: "Deno is missing; install it"),
          ])))
  }

  /// A sandbox whose code always comes to this.
  convenience init(_ outcome: SandboxOutcome, stdout: String = "", stderr: String = "") {
    self.init { _, _ in SandboxReport(outcome, stdout: stdout, stderr: stderr) }
  }

  var calls: [SandboxCall] { state.withLock { $0.calls } }
  var checked: [SandboxProgram] { state.withLock { $0.checked } }
  var status: SandboxStatus { state.withLock { $0.status } }

  func refuse(_ reason: String) { state.withLock { $0.status = SandboxStatus(refusal: reason) } }
  func find(_ faults: [SandboxFault]) { state.withLock { $0.faults = faults } }
  func fail(_ problem: SandboxUnavailable) { state.withLock { $0.problem = problem } }

  func check(_ program: SandboxProgram) async throws -> [SandboxFault] {
    try state.withLock { state in
      if let problem = state.problem { throw problem }
      state.checked.append(program)
      return state.faults
    }
  }

  func run(_ call: SandboxCall, host: any SandboxHost) async throws -> SandboxReport {
    try state.withLock { state in
      if let problem = state.problem { throw problem }
      state.calls.append(call)
    }
    return try await work(call, host)
  }
}

extension RuntimeHarness {
  static func withCode(
    _ sandbox: (any Sandbox)?, _ model: ScriptedChatModel = ScriptedChatModel { _, _ in .text("ok") },
    supply: (any CodeSupply)? = nil,
    limits: RuntimeLimits = RuntimeLimits(), logsContent: Bool = false,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) -> RuntimeHarness {
    RuntimeHarness(
      model, limits: limits, templates: [CustomerServiceBot.self, CustomCodeBot.self], sandbox: sandbox,
      supply: supply, logsContent: logsContent, logger: logger)
  }

  /// Stores an agent of custom code; `source` and `runtime` are laid over a small program in Python.
  @discardableResult
  func codeAgent(_ source: JSONObject = [:], runtime: JSONObject = [:]) async throws -> AgentCatalog.Change {
    try await catalog.create(Self.codeBody(source, runtime: runtime))
  }

  static func codeBody(_ source: JSONObject = [:], runtime: JSONObject = [:]) -> JSONObject {
    var code: JSONObject = ["content": "def main(input):\n  return 'hi'"]
    for (key, value) in source { code[key] = value }
    return [
      "id": "a", "name": "Code", "template_id": "custom-code-bot", "system_prompt": "be kind",
      "template_config": ["codeSource": .object(code), "runtime": .object(runtime)],
    ]
  }
}

/// Closed until it is opened.
struct CodeGate: Sendable {
  private let opening = AsyncStream.makeStream(of: Never.self)

  func open() { opening.continuation.finish() }

  func pass() async throws {
    for await _ in opening.stream {}
    try Task.checkCancellation()
  }
}
