import AgentGraph
import AgentJSON
import AgentTesting
import Synchronization
import Testing

/// The code of the guide "Durability": what stands there stands here.
@Suite struct DurabilityGuide {
  struct Order: GraphState {
    var items = SharedList<String>()
    var receipt: String?

    struct Channels: Sendable {
      let items = StateChannel.appended("items", \Order.items)
      let receipt = StateChannel.last("receipt", \Order.receipt)
    }
    static let channels = Channels()
  }

  final class Shop: Sendable {
    private let keys = Mutex<[String]>([])
    var charges: [String] { keys.withLock { $0 } }
    func charge(_ items: Int, key: String) async throws -> String {
      keys.withLock { $0.append(key) }
      return "\(items) paid"
    }
  }

  private func orderGraph(_ shop: Shop) -> Graph<Order> {
    var graph = Graph<Order>("order")
    graph.node("pack") { _ in .write(\.items, ["box"]) }
    graph.node("charge") { state, context in
      let receipt = try await context.effect("charge") { idempotencyKey in
        try await shop.charge(state.items.count, key: idempotencyKey)
      }
      return .write(\.receipt, receipt)
    }
    graph.start(at: "pack")
    graph.edge("pack", to: "charge")
    return graph
  }

  @Test("A run that was cut goes on; an effect that was recorded is not done again")
  func resume() async throws {
    let (shop, keeper) = (Shop(), InMemoryCheckpointer())
    let cut = CutCheckpointer(keeper) { write in
      if case .checkpoint(let record) = write { record.metadata.step == 2 } else { false }
    }
    await #expect(throws: CutCheckpointer.Cut.self) {
      try await orderGraph(shop).compile(checkpointer: cut).run(.write(\.items, ["tea"]), on: "order-17")
    }
    let orders = try orderGraph(shop).compile(checkpointer: keeper)
    // In another process, after a crash: no input means "go on where the thread stopped".
    let result = try await orders.run(on: "order-17")
    #expect(result.state.receipt == "2 paid")
    #expect(shop.charges.count == 1)
  }

  @Test("Durability is an option of a run")
  func durabilities() async throws {
    let orders = try orderGraph(Shop()).compile(checkpointer: InMemoryCheckpointer())
    let result = try await orders.run(
      .write(\.items, ["tea"]), on: "order-18", options: RunOptions(durability: .exit))
    #expect(result.outcome == .finished)
    #expect(try await orders.history(of: "order-18").count == 1)
  }

  @Test("What is at a thread, its past, and other pasts")
  func timeTravel() async throws {
    let orders = try orderGraph(Shop()).compile(checkpointer: InMemoryCheckpointer())
    _ = try await orders.run(.write(\.items, ["tea"]), on: "order-19")
    let now = try await orders.snapshot(of: "order-19")
    print(now?.state.receipt ?? "not paid", now?.next ?? [])

    for past in try await orders.history(of: "order-19") {
      print(past.metadata.step, past.metadata.source, past.next)
    }

    // A fork: runs again from the moment at which "charge" was due. The old branch stays.
    let beforeCharge = try await orders.history(of: "order-19").first { $0.next == ["charge"] }
    var options = RunOptions()
    options.from = beforeCharge?.reference
    let forked = try await orders.run(on: "order-19", options: options)

    // As if "pack" had returned this: what follows "pack" is due then.
    try await orders.updateState(of: "order-19", .write(\.items, ["ribbon"]), asNode: "pack")
    let charged = try await orders.run(on: "order-19")
    #expect(forked.state.receipt == "2 paid" && charged.state.receipt == "3 paid")
  }

  @Test("Retention")
  func retention() async throws {
    let weekly = RetentionPolicy(last: 20, age: .seconds(7 * 86_400))
    let checkpointer = InMemoryCheckpointer(retention: weekly)
    // By hand, for one thread:
    try await checkpointer.prune(thread: "order-17", keeping: RetentionPolicy(last: 1))
    try await checkpointer.deleteThread("order-17")
  }
}
