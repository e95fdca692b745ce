import AgentGraph
import AgentJSON
import Logging

extension CustomCode {
  /// `validate_code` → `execute_code`. One graph serves all agents: what differs comes with the work.
  static let graph: CompiledGraph<CustomCodeState> = {
    var graph = Graph<CustomCodeState>("custom-code")
    graph.node("validate_code", run: validateCode)
    graph.node("execute_code", run: executeCode)
    graph.start(at: "validate_code")
    graph.edge("validate_code", to: "execute_code")
    do {
      return try graph.compile()
    } catch {
      preconditionFailure("the graph of custom code: \(error)")
    }
  }()

  /// Whether the code can run here and now. That it parses was checked when the agent was stored, and where that was
  /// not possible, the interpreter says so.
  @Sendable private static func validateCode(_ state: CustomCodeState) async throws -> Command<CustomCodeState> {
    let work = try state.requireWork()
    return try await work.run.step("validate_code") {
      .write(\.sandbox, try work.code.sandbox(of: work.run))
    }
  }

  /// Calls the code; what it returns, and what it yielded before, is the answer.
  @Sendable private static func executeCode(_ state: CustomCodeState) async throws -> Command<CustomCodeState> {
    let work = try state.requireWork()
    guard let sandbox = state.sandbox else { throw RuntimeError(.internal, "Code was to run without a sandbox.") }
    let run = work.run
    return try await run.step(recording: "execute_code") { step in
      let host = CustomCodeHost(run: run)
      let report = try await sandbox.run(work.call, host: host)
      (step.stdout, step.stderr) = (report.stdout, report.stderr)
      run.log(report)
      let text = try await host.finish(with: work.code.value(of: report.outcome))
      let completion = ChatCompletion(message: Message(.assistant, text), finishReason: "stop", usage: nil)
      return .write(\.answer, ConversationAnswer(completion))
    }
  }

  /// The sandbox that runs the code. Throws `RuntimeError`: 503 where code cannot be run, 500 where this code cannot.
  fileprivate func sandbox(of run: AgentRun) throws -> any Sandbox {
    if let fault = refusals(path: []).first {
      throw RuntimeError(.execution, "\(fault.pathText): \(fault.message)", shouldRetry: false)
    }
    guard let sandbox = run.sandbox else {
      throw RuntimeError(.serviceUnavailable, Self.unavailable("this runtime has no sandbox"), shouldRetry: false)
    }
    let status = sandbox.status
    if let reason = status.refusal(of: language) {
      // It may only be starting: whether to come again is the client's to decide.
      throw RuntimeError(.serviceUnavailable, Self.unavailable(reason))
    }
    if let fault = versionFault(status) { throw RuntimeError(.execution, fault, shouldRetry: false) }
    return sandbox
  }

  static func unavailable(_ reason: String) -> String { "Code execution is not available: \(reason)" }
}

/// What the graph of custom code works on; nothing of it is ever stored.
struct CustomCodeState: GraphState {
  /// The call; never stored.
  var work: CustomCodeWork?
  /// What runs it; never stored.
  var sandbox: (any Sandbox)?
  /// What it came to; never stored.
  var answer: ConversationAnswer?

  struct Channels: Sendable {
    let work = StateChannel.untracked("work", \CustomCodeState.work)
    let sandbox = StateChannel.untracked("sandbox", \CustomCodeState.sandbox)
    let answer = StateChannel.untracked("answer", \CustomCodeState.answer)
  }

  static let channels = Channels()

  fileprivate func requireWork() throws -> CustomCodeWork {
    if let work { return work }
    throw RuntimeError(.internal, "The graph of custom code was run without work.")
  }
}

/// One request of a custom agent. A reference, since states are copied at every superstep.
final class CustomCodeWork: Sendable {
  let run: AgentRun
  let code: CustomCode

  init(run: AgentRun, code: CustomCode) {
    self.run = run
    self.code = code
  }

  /// The call of the entry point with its one argument (contract §4): content parts reach it as they came.
  var call: SandboxCall {
    let input: JSONObject = [
      "messages": .array(run.call.messages.map { .object($0.json) }),
      "system_prompt": JSONValue(run.agent.systemPrompt),
      "config": .object(run.agent.templateConfig), "metadata": .object(run.call.metadata),
    ]
    return SandboxCall(code.program, input: .object(input), limits: code.limits, hasModel: true)
  }
}

extension AgentRun {
  /// What code printed is content: it goes into the log only where content may (LOG_CONTENT).
  fileprivate func log(_ report: SandboxReport) {
    guard logsContent else { return }
    logger.info(
      "code run", metadata: ["run_id": "\(id)", "stdout": "\(report.stdout)", "stderr": "\(report.stderr)"])
  }
}
