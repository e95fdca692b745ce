import AgentGraph
import AgentJSON
import Logging

/// Makes one call of a tool: checks it, asks for approval where that is needed, bounds it, records it.
struct ToolExecution {
  let run: AgentRun
  let belt: ToolBelt
  let context: NodeContext<ConversationState>

  /// What goes back to the model. Throws `CancellationError`, and the signal of an open interrupt.
  func perform(_ request: RequestedCall) async throws -> ToolOutput {
    let call = request.call
    guard let offered = belt.tools[call.name] else {
      let names = belt.tools.keys.sorted().joined(separator: ", ")
      return try await refuse(call, "There is no tool '\(call.name.prefix(80))'; there are: \(names).")
    }
    if let toolset = request.toolset, toolset != offered.toolset {
      return try await refuse(
        call, "Not called: '\(call.name.prefix(80))' was a tool of '\(toolset)', and is one of another set now.")
    }
    if request.isTooMany {
      return try await refuse(call, "Not called: one message may hold \(ToolLoop.callsMax) calls.")
    }
    do {
      let arguments = try offered.arguments(call.arguments)
      guard offered.needsApproval || request.asks == true else { return try await execute(offered, call, arguments) }
      return try await afterApproval(offered, call, arguments)
    } catch let error as ToolError {
      return try await refuse(call, error.message)
    }
  }

  /// Tells the model why a call was not made, and the caller that it was tried.
  private func refuse(_ call: ToolCall, _ message: String) async throws -> ToolOutput {
    let step = try await run.begin(step: "call_tool_\(call.name.prefix(80))")
    try await run.end(step, error: String(message.prefix(500)))
    return ToolOutput(message, isError: true)
  }

  private func afterApproval(
    _ offered: OfferedTool, _ call: ToolCall, _ arguments: JSONObject
  ) async throws -> ToolOutput {
    let answer = try context.interrupt(["tool": .string(call.name), "arguments": .object(arguments)])
    guard let decision = ApprovalDecision(answer: answer) else {
      throw RuntimeError(.internal, "A stored decision on a tool's call cannot be read.")
    }
    switch decision.verdict {
    case .approve: return try await execute(offered, call, arguments)
    case .edit: return try await execute(offered, call, offered.check(.object(decision.arguments ?? arguments)))
    case .reject:
      let reason = decision.reason.map { ": \($0)" } ?? "."
      return try await refuse(call, "A human rejected this call" + reason)
    }
  }

  private func execute(_ offered: OfferedTool, _ call: ToolCall, _ arguments: JSONObject) async throws -> ToolOutput {
    run.record.noteTool(call.name)
    let step = try await run.begin(step: "call_tool_\(call.name)")
    do {
      let output = try await context.effect("tool:\(call.name)") { key in
        try await bounded(offered, arguments, context.thread == nil ? "\(run.effectScope)-\(key)" : key)
      }
      try await run.end(step, error: output.isError ? String(output.text.prefix(500)) : nil)
      return output
    } catch {
      try? await run.end(step, error: error is CancellationError ? "cancelled" : "\(RuntimeError(describing: error))")
      throw error
    }
  }

  /// The tool's own work. What it throws is a result for the model: the agent goes on.
  private func bounded(_ offered: OfferedTool, _ arguments: JSONObject, _ key: String) async throws -> ToolOutput {
    let context = ToolContext(
      idempotencyKey: key, requestID: run.call.requestID, agentID: run.agent.id, runID: run.id,
      sessionID: run.call.sessionID, keptFilesBytesMax: run.agent.keptFilesBytesMax,
      outputBytesMax: offered.outputBytesMax)
    do {
      let output = try await withinTime(offered.timeout) { try await offered.tool.call(arguments, context) }
      guard let output else {
        return ToolOutput("The tool gave no result within \(offered.timeout.components.seconds) s.", isError: true)
      }
      return output.cut(to: offered.outputBytesMax)
    } catch {
      if Task.isCancelled { throw CancellationError() }
      // What a tool says of its failure may hold what the model gave it.
      let told = run.logsContent ? "\(error)" : "\(type(of: error))"
      run.logger.warning(
        "a tool failed", metadata: ["tool": "\(offered.definition.name)", "run_id": "\(run.id)", "error": "\(told)"])
      return ToolOutput((error as? ToolError)?.message ?? "The tool failed.", isError: true)
        .cut(to: offered.outputBytesMax)
    }
  }
}

extension ToolOutput {
  /// The output, no longer than so many bytes; what is missing is told.
  func cut(to bytesMax: Int) -> ToolOutput {
    let size = text.utf8.count
    guard size > bytesMax else { return self }
    var end = text.utf8.index(text.startIndex, offsetBy: bytesMax)
    // Not within a character.
    while String.Index(end, within: text) == nil { end = text.utf8.index(before: end) }
    return ToolOutput("\(text[..<end])\n[cut: \(size) bytes, of which \(bytesMax) are allowed]", isError: isError)
  }
}
