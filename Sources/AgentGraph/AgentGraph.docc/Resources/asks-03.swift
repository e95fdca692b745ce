import AgentGraph

struct Transfer: GraphState {
  var amount = 0
  var receipt = ""

  struct Channels: Sendable {
    let amount = StateChannel.last("amount", \Transfer.amount)
    let receipt = StateChannel.last("receipt", \Transfer.receipt)
  }
  static let channels = Channels()
}

var graph = Graph<Transfer>("transfer")
graph.node("pay") { state in .write(\.receipt, "Paid \(state.amount) euros.") }
graph.start(at: "pay")

let transfers = try graph.compile()
let result = try await transfers.run(.write(\.amount, 250))
print(result.state.receipt)
