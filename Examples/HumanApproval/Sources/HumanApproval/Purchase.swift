import AgentGraph

struct Purchase: GraphState {
  var item = ""
  var decision: String?

  struct Channels: Sendable {
    let item = StateChannel.last("item", \Purchase.item)
    let decision = StateChannel.last("decision", \Purchase.decision)
  }
  static let channels = Channels()

  static func graph() -> Graph<Purchase> {
    var graph = Graph<Purchase>("purchase")
    graph.node("approve") { state, context in
      // After the answer the node starts again at its top. The effect was recorded then, and is not done twice.
      let price = try await context.effect("quote") { _ in
        print("Asking the shop for its price of \(state.item).")
        return 120
      }
      let answer = try context.interrupt("Buy \(state.item) for \(price) euros?", schema: ["enum": ["yes", "no"]])
      return .write(\.decision, answer == "yes" ? "Bought \(state.item)." : "Left \(state.item) in the shop.")
    }
    graph.start(at: "approve")
    return graph
  }
}
