import AgentGraph
import AgentSQLite

@main
struct HumanApproval {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count == 3 else { return print("usage: HumanApproval ask FILE ITEM | answer FILE yes|no") }
    let checkpointer = try await SQLiteCheckpointer.open(path: arguments[1])
    let purchases = try Purchase.graph().compile(checkpointer: checkpointer)
    if arguments[0] == "ask" {
      try await ask(purchases, arguments[2])
    } else {
      try await answer(purchases, arguments[2])
    }
    await checkpointer.close()
  }

  private static func ask(_ purchases: CompiledGraph<Purchase>, _ item: String) async throws {
    let result = try await purchases.run(.write(\.item, item), on: "purchase-1")
    for interrupt in result.interrupts { print("Open: \(interrupt.value)") }
    print("The question is stored. Kill this process, or press return.")
    _ = readLine()
  }

  private static func answer(_ purchases: CompiledGraph<Purchase>, _ text: String) async throws {
    do {
      let result = try await purchases.run(.resume(.string(text)), on: "purchase-1")
      print(result.state.decision ?? "Nothing was decided.")
    } catch let error as GraphError {
      print("Refused: \(error.message)")
    }
  }
}
