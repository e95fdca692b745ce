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

  /// Whether the code can run here and now; packages and repositories that are gone are got again. That it parses was
  /// checked when the agent was stored, and where that was not possible, the interpreter says so.
  @Sendable private static func validateCode(_ state: CustomCodeState) async throws -> Command<CustomCodeState> {
    let work = try state.requireWork()
    return try await work.run.step("validate_code") {
      .write(\.ready, try await work.code.ready(for: work.run))
    }
  }

  /// Calls the code; what it returns, and what it yielded before, is the answer.
  @Sendable private static func executeCode(_ state: CustomCodeState) async throws -> Command<CustomCodeState> {
    let work = try state.requireWork()
    guard let ready = state.ready else { throw RuntimeError(.internal, "Code was to run without a sandbox.") }
    let run = work.run
    return try await run.step(recording: "execute_code") { step in
      let host = CustomCodeHost(run: run)
      let report = try await ready.sandbox.run(work.call(of: ready.program), host: host)
      (step.stdout, step.stderr) = (report.stdout, report.stderr)
      run.log(report)
      let text = try await host.finish(with: work.code.value(of: report.outcome))
      let completion = ChatCompletion(message: Message(.assistant, text), finishReason: "stop", usage: nil)
      return .write(\.answer, ConversationAnswer(completion))
    }
  }

  /// What runs the code, and the code. Throws `RuntimeError`: 503 where code cannot be run, 500 where this code cannot.
  fileprivate func ready(for run: AgentRun) async throws -> CustomCodeReady {
    let plan = CodePlan(settings.codeSource, language, path: [], policy: run.supply?.policy ?? CodeSupplyPolicy())
    if let fault = plan.faults.first {
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
    return CustomCodeReady(sandbox: sandbox, program: try await program(plan, status, run.supply))
  }

  private func program(
    _ plan: CodePlan, _ status: SandboxStatus, _ supply: (any CodeSupply)?
  ) async throws -> SandboxProgram {
    guard let supply, let request = plan.request(interpreter: interpreter(status)) else {
      return program(settings.codeSource.content)
    }
    do {
      let layer = try await supply.layer(request)
      return program(try await source(plan, layer, supply), layer: layer)
    } catch let error where error is CodeRefused || error is CodeSupplyUnavailable {
      throw RuntimeError(describing: error)
    }
  }

  static func unavailable(_ reason: String) -> String { "Code execution is not available: \(reason)" }
}

/// A program, and what runs it.
struct CustomCodeReady: Sendable {
  let sandbox: any Sandbox
  let program: SandboxProgram
}

/// What the graph of custom code works on; nothing of it is ever stored.
struct CustomCodeState: GraphState {
  /// The call; never stored.
  var work: CustomCodeWork?
  /// What is run, and by what; never stored.
  var ready: CustomCodeReady?
  /// What it came to; never stored.
  var answer: ConversationAnswer?

  struct Channels: Sendable {
    let work = StateChannel.untracked("work", \CustomCodeState.work)
    let ready = StateChannel.untracked("ready", \CustomCodeState.ready)
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
  func call(of program: SandboxProgram) -> SandboxCall {
    let input: JSONObject = [
      "messages": .array(run.call.messages.map { .object($0.json) }),
      "system_prompt": JSONValue(run.agent.systemPrompt),
      "config": .object(run.agent.templateConfig), "metadata": .object(run.call.metadata),
    ]
    return SandboxCall(program, input: .object(input), limits: code.limits, hasModel: true)
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
