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
