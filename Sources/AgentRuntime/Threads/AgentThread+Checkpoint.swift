public import AgentGraph
import FoundationEssentials

extension AgentThread {
  /// The thread as a checkpoint of its own: for stores that kept threads before there were checkpoints.
  public func checkpoint() -> CheckpointRecord {
    var state = ConversationState()
    state.messages = SharedList(messages)
    state.userID = userID
    state.createdAt = Int((createdAt.timeIntervalSince1970 * 1000).rounded())
    state.updatedAt = Int((updatedAt.timeIntervalSince1970 * 1000).rounded())
    state.bytes = messages.reduce(0) { $0 + $1.memoryBytes }
    return Conversation.graph.importedCheckpoint(
      thread: key.name, state: state, run: "import", createdAt: UInt64(max(0, state.updatedAt)) * 1000)
  }
}
