import AgentRuntime
import AgentTesting
import Foundation

func sampleAgent(_ id: String) -> AgentDefinition {
  AgentDefinition(
    id: id, name: id, type: "conversation", templateID: "customer-service-bot", templateVersionID: "v1.0.0",
    createdAt: Date(timeIntervalSince1970: 1_767_225_600))
}

func sampleTurn(_ agent: String, _ session: String, bytes: Int = 10) -> ThreadTurn {
  ThreadTurn(
    key: ThreadKey(agentID: agent, sessionID: session), userID: nil,
    messages: [Message(.user, "question"), Message(.assistant, String(repeating: "x", count: bytes))],
    replacesHistory: false, time: Date(timeIntervalSince1970: 1_767_225_600))
}
