import AgentJSON
import Testing

@testable import AgentMCP

@Suite struct NegotiationStateMachineTests {
  @Test func aStatelessServerIsTakenAsSuch() {
    var machine = NegotiationStateMachine()
    #expect(machine.start(remembered: .unknown) == .discover(version: "2026-07-28"))
    let action = machine.answered([
      "supportedVersions": ["2026-07-28"], "capabilities": ["tools": ["listChanged": true]],
    ])
    #expect(action == .ready(.stateless(version: "2026-07-28"), listChanged: true))
  }

  @Test(arguments: [MCPFailure.answer(code: -32601, message: "", data: nil), .status(400), .status(404)])
  func whatIsNoEvidenceLeadsToInitialize(_ failure: MCPFailure) {
    var machine = NegotiationStateMachine()
    _ = machine.start(remembered: .unknown)
    #expect(machine.failed(failure) == .initialize)
    #expect(
      machine.answered(["protocolVersion": "2025-06-18"])
        == .ready(.stateful(version: "2025-06-18"), listChanged: false))
  }

  @Test func anOutageIsNoVerdict() {
    var machine = NegotiationStateMachine()
    _ = machine.start(remembered: .unknown)
    #expect(machine.failed(.broken("refused")) == .fail(.broken("refused")))
  }
}
