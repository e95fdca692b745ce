import AgentGraph
import AgentJSON

/// A turn with tools on a thread that is kept: begun, gone on with after a crash, or after its calls were decided on.
struct StoredToolTurn {
  let run: AgentRun
  let historyLength: Int
  let graph: CompiledGraph<ConversationState>
  let thread: String

  /// Runs the turn. Throws what the run throws, and `RuntimeError` 422 for decisions that do not fit.
  func complete() async throws -> ChatCompletion {
    let snapshot = try await graph.snapshot(of: thread)
    // Before anything that waits could be given up or decided on.
    if let snapshot { try Conversation.checkUser(of: snapshot.state, run.call.userID) }
    let turn = ConversationTurn(
      run: run, historyLength: historyLength, isStored: true, remarks: remarks(to: snapshot?.state.pending))
    let input = try input(snapshot).write(\.turn, turn)
    let result = try await graph.run(input, on: thread, options: Conversation.toolOptions(run))
    guard case .interrupted(let interrupts) = result.outcome else { return try Conversation.completion(of: result) }
    if !turn.takeRemarks().isEmpty {
      run.record.warn("The request's messages were not taken in: calls still wait for approval. Send them again.")
    }
    return try await ask(interrupts.map(PendingApproval.init))
  }

  /// What the caller says besides deciding on calls. Clients that repeat their request say nothing new.
  private func remarks(to pending: PendingTurn?) -> [Message] {
    guard !run.call.approvals.isEmpty, pending?.messages != run.call.messages else { return [] }
    return run.call.messages.filter { !$0.role.isSystem }
  }

  /// Where the turn begins: with the request, or where an earlier one stopped.
  private func input(_ snapshot: StateSnapshot<ConversationState>?) throws -> Command<ConversationState> {
    guard run.call.approvals.isEmpty || hasDecided(snapshot) else { return try resuming(snapshot) }
    guard let snapshot else { return .nothing }
    // The same request again is the one that a crash cut: what it has done is not done twice.
    if !snapshot.next.isEmpty, snapshot.state.pending?.messages == run.call.messages || !run.call.approvals.isEmpty {
      return .resume()
    }
    return snapshot.state.clearing(.nothing)
  }

  /// Whether the decisions were stored before the run was gone on with: then none of them is waited for.
  private func hasDecided(_ snapshot: StateSnapshot<ConversationState>?) -> Bool {
    guard run.kept?.isResumed == true, let snapshot, !snapshot.next.isEmpty else { return false }
    let open = Set(snapshot.interrupts.map(\.id.rawValue))
    return run.call.approvals.allSatisfy { !open.contains($0.id) }
  }

  private func resuming(_ snapshot: StateSnapshot<ConversationState>?) throws -> Command<ConversationState> {
    let open = snapshot?.interrupts ?? []
    var faults: [Fault] = []
    var command = Command<ConversationState>.nothing
    for (index, decision) in run.call.approvals.enumerated() {
      let path: [Fault.Step] = [.key("body"), .key("metadata"), .key("approvals"), .index(index)]
      guard let interrupt = open.first(where: { $0.id.rawValue == decision.id }) else {
        let ids = open.map(\.id.rawValue).joined(separator: ", ")
        let message =
          "no call with the id '\(decision.id.prefix(80))' waits in this session; "
          + (ids.isEmpty ? "none does" : "there are: \(ids)")
        faults.append(Fault(path: path + [.key("id")], message: message, type: "unknown"))
        continue
      }
      if let message = fault(of: decision, PendingApproval(interrupt)) {
        faults.append(Fault(path: path + [.key("arguments")], message: message, type: "invalid_arguments"))
      }
      command = command.resume(decision.answer, to: interrupt.id)
    }
    guard faults.isEmpty else { throw RuntimeError.invalid(faults) }
    return command
  }

  /// What is wrong with the arguments that a human gave a call.
  private func fault(of decision: ApprovalDecision, _ approval: PendingApproval) -> String? {
    guard let arguments = decision.arguments, let offered = run.belt?.tools[approval.tool] else { return nil }
    do {
      _ = try offered.check(.object(arguments))
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// The answer of a turn that stopped to ask.
  private func ask(_ approvals: [PendingApproval]) async throws -> ChatCompletion {
    run.record.noteApprovals(approvals)
    let tools = approvals.map(\.tool).joined(separator: ", ")
    let text = "Waiting for approval: \(tools)."
    if let sink = run.sink { try await sink([ChatDelta(content: text)]) }
    return ChatCompletion(message: Message(.assistant, text), finishReason: "stop", usage: nil)
  }
}

extension AgentRun {
  /// Whether the agent's tools can be used as the request wants it. Throws `RuntimeError` 422.
  func checkTools(isStored: Bool) throws {
    guard let belt else {
      guard call.approvals.isEmpty else {
        throw RuntimeError.invalid([fault(["metadata", "approvals"], "this agent has no tools", "unknown")])
      }
      return
    }
    var faults: [Fault] = []
    if !isStored, let tool = belt.needingApproval.first {
      let message =
        "is required: calls of '\(tool)' need a human's approval, which may come in a later request of the session"
      faults.append(fault(["metadata", "session_id"], message, "missing"))
    }
    for (index, tool) in (call.parameters["tools"]?.arrayValue ?? []).enumerated() {
      guard let name = tool["function"]?["name"]?.stringValue, belt.tools[name] != nil else { continue }
      var clash = fault(["tools"], "'\(name)' is a tool of the agent's; give yours another name", "name_taken")
      clash.path += [.index(index), .key("function"), .key("name")]
      faults.append(clash)
    }
    guard faults.isEmpty else { throw RuntimeError.invalid(faults) }
  }

  private func fault(_ path: [String], _ message: String, _ type: String) -> Fault {
    Fault(path: [.key("body")] + path.map { .key($0) }, message: message, type: type)
  }
}
