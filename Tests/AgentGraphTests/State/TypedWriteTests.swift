import AgentGraph
import AgentTesting
import Testing

/// What a write that the library does not take becomes. The compiler prefers the library's own `write` wherever that
/// one fits, so that the type of the expression says whether it does.
private struct Refused: Equatable {}

extension Command {
  @_disfavoredOverload
  fileprivate static func write(_ channel: AnyKeyPath, _ update: Any) -> Refused { Refused() }
  @_disfavoredOverload
  fileprivate static func overwrite(_ channel: AnyKeyPath, _ value: Any) -> Refused { Refused() }
}

private func isCommand(_ value: Any) -> Bool { value is Command<Ledger> }

@Suite struct TypedWriteTests {
  @Test("G7 a write of the right type to a channel compiles")
  func right() {
    #expect(isCommand(Command<Ledger>.write(\Ledger.Channels.total, 1)))
    #expect(isCommand(Command<Ledger>.write(\Ledger.Channels.entries, ["x"])))
    #expect(isCommand(Command<Ledger>.overwrite(\Ledger.Channels.entries, SharedList(["x"]))))
  }

  @Test("G7 a write of a wrong type does not compile")
  func wrongType() {
    #expect(!isCommand(Command<Ledger>.write(\Ledger.Channels.total, "1")))
    #expect(!isCommand(Command<Ledger>.write(\Ledger.Channels.title, 1)))
    #expect(!isCommand(Command<Ledger>.write(\Ledger.Channels.entries, [1])))
    #expect(!isCommand(Command<Ledger>.overwrite(\Ledger.Channels.total, "1")))
  }

  @Test("G7 a write to a property without a channel, or to another state's channel, does not compile")
  func unknown() {
    #expect(!isCommand(Command<Ledger>.write(\Ledger.total, 1)))
    #expect(!isCommand(Command<Ledger>.write(\Page.Channels.count, 1)))
  }
}
