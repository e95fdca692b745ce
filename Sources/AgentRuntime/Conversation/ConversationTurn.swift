import AgentGraph
import FoundationEssentials
import Synchronization

/// One request of a conversation, as its graph sees it. A reference, since states are copied at every superstep.
final class ConversationTurn: Sendable {
  let run: AgentRun
  /// Messages that the model sees at most, system ones aside.
  let historyLength: Int
  /// Whether the thread is continued and kept.
  let isStored: Bool
  /// What the caller says besides approving calls; it goes behind their results.
  private let remarks: Mutex<[Message]>

  init(run: AgentRun, historyLength: Int, isStored: Bool, remarks: [Message] = []) {
    self.remarks = Mutex(remarks)
    self.run = run
    self.historyLength = historyLength
    self.isStored = isStored
  }

  /// How many times the model may call tools before it must answer.
  var toolTurnsMax: Int { run.agent.limits?.maxToolTurns ?? run.limits.toolTurnsMax }

  /// The caller's remarks, which become part of the exchange once.
  func takeRemarks() -> [Message] {
    remarks.withLock { remarks in
      defer { remarks = [] }
      return remarks
    }
  }

  /// What the model sees: the request, and what the thread holds. A turn that is gone on with is that of its first
  /// request.
  func prompt(_ state: ConversationState) -> [Message] {
    var prompt = Prompt(request(state), systemPrompt: run.agent.systemPrompt)
    if run.belt != nil, !isStored { prompt.added = run.exchanges.restoring(prompt.added, of: run) }
    if isStored, !Prompt.bringsHistory(prompt.added) {
      prompt.history = Array(state.messages.suffix(historyLength))
      if prompt.cutsToolExchange(last: historyLength) { prompt.history = Array(state.messages) }
    }
    return Prompt.answeringCalls(prompt.messages(last: historyLength))
  }

  /// What the end of the turn stores: the request, the exchange with the tools, and the reply.
  func storing(_ state: ConversationState, _ reply: [Message]) -> Command<ConversationState> {
    let added = request(state).filter { !$0.role.isSystem }
    return state.adding(
      added + reply, userID: run.call.userID ?? state.pending?.userID, replacesHistory: Prompt.bringsHistory(added),
      milliseconds: Int(Date().timeIntervalSince1970 * 1000))
  }

  private func request(_ state: ConversationState) -> [Message] {
    // Without tools nothing is ever pending, but an agent may have lost its tools since.
    run.belt == nil ? run.call.messages : state.pending?.messages ?? run.call.messages
  }
}
