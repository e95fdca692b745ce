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

/// Stands for a bank. It knows a payment that it has seen by its key.
actor Bank {
  private var receipts: [String: String] = [:]

  func pay(_ amount: Int, key: String) async throws -> String {
    if let receipt = receipts[key] { return receipt }
    receipts[key] = "Paid \(amount) euros."
    return "Paid \(amount) euros."
  }
}
let bank = Bank()

var graph = Graph<Transfer>("transfer")
graph.node("approve", .destinations(["pay"])) { state, context in
  let answer = try context.interrupt("Pay \(state.amount) euros?", schema: ["enum": ["yes", "no"]])
  return answer == "yes" ? .goto("pay") : .write(\.receipt, "Not paid.")
}
graph.node("pay") { state, context in
  let receipt = try await context.effect("pay") { idempotencyKey in
    try await bank.pay(state.amount, key: idempotencyKey)
  }
  return .write(\.receipt, receipt)
}
graph.start(at: "approve")

let transfers = try graph.compile(checkpointer: InMemoryCheckpointer())
let stopped = try await transfers.run(.write(\.amount, 250), on: "transfer-1")
for interrupt in stopped.interrupts { print("\(interrupt.node) asks: \(interrupt.value)") }

do {
  _ = try await transfers.run(.resume("maybe"), on: "transfer-1")
} catch let error as GraphError {
  print(error.message)
}

let result = try await transfers.run(.resume("yes"), on: "transfer-1")
print(result.state.receipt)
