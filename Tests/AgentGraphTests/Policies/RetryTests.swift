import AgentGraph
import AgentJSON
import AgentTesting
import Foundation
import Testing

@Suite struct RetryTests {
  private struct Refused: Error {}

  /// A node that fails with these errors, one after the other, then succeeds.
  private func graph(_ visits: Visits, _ errors: [any Error], _ options: RetryPolicy...) throws -> CompiledGraph<Ledger>
  {
    var graph = Graph<Ledger>()
    graph.node("a") { _ in .entry("a") }
    let node: @Sendable (Ledger, NodeContext<Ledger>) async throws -> Command<Ledger> = { _, context in
      let number = visits.number("call")
      visits.add("attempt \(context.attempt)")
      if number < errors.count { throw errors[number] }
      return .entry("b")
    }
    switch options.count {
    case 0: graph.node("b", run: node)
    case 1: graph.node("b", .retry(options[0]), run: node)
    default: graph.node("b", .retry(options[0]), .retry(options[1]), run: node)
    }
    graph.start(at: "a")
    graph.edge("a", to: "b")
    return try graph.compile()
  }

  /// Runs, and wakes every pause as it comes. Returns the pauses.
  private func pauses(
    _ graph: CompiledGraph<Ledger>, _ count: Int, draw: @escaping @Sendable () -> Double = { 0 }
  ) async throws -> [Duration] {
    var options = RunOptions()
    let clock = ManualClock()
    options.clock = clock
    options.draw = draw
    let run = Task { [options] in try await graph.run(.nothing, options: options) }
    var pauses: [Duration] = []
    for _ in 0..<count {
      await clock.sleepers(1)
      pauses += clock.pauses
      clock.advance(by: pauses.last ?? .zero)
    }
    #expect(try await run.value.state.lines == ["a", "b"])
    return pauses
  }

  @Test("G15 a node is tried again, with its attempt's number, until it succeeds")
  func again() async throws {
    let visits = Visits()
    let graph = try graph(visits, [Mishap(), Mishap()], RetryPolicy(attemptsMax: 3, jitter: false))
    #expect(try await pauses(graph, 2) == [.milliseconds(500), .seconds(1)])
    #expect(visits.list.filter { $0 != "call" } == ["attempt 1", "attempt 2", "attempt 3"])
  }

  @Test("G15 when the attempts are used up, the last error ends the run")
  func usedUp() async throws {
    let visits = Visits()
    let policy = RetryPolicy(attemptsMax: 2, initialInterval: .zero)
    let graph = try graph(visits, [Mishap("1"), Mishap("2"), Mishap("3")], policy)
    await #expect(throws: Mishap("2")) { try await graph.run(.nothing) }
    #expect(visits.count("call") == 2)
  }

  @Test("G15 pauses grow by the multiplier, up to the cap")
  func intervals() async throws {
    let policy = RetryPolicy(
      attemptsMax: 6, initialInterval: .seconds(1), multiplier: 3, intervalMax: .seconds(20), jitter: false)
    let graph = try graph(Visits(), Array(repeating: Mishap(), count: 5), policy)
    #expect(try await pauses(graph, 5) == [1, 3, 9, 20, 20].map { .seconds($0) })
  }

  @Test("G15 jitter takes a pause between half and whole, by the numbers that are drawn", arguments: [0, 0.5, 1])
  func jitter(_ drawn: Double) async throws {
    let policy = RetryPolicy(attemptsMax: 3, initialInterval: .seconds(8))
    let graph = try graph(Visits(), [Mishap(), Mishap()], policy)
    let factor = 0.5 + drawn / 2
    #expect(try await pauses(graph, 2, draw: { drawn }) == [.seconds(8 * factor), .seconds(16 * factor)])
  }

  @Test("G15 the first policy that matches the error counts, for its number of attempts, too")
  func firstMatch() async throws {
    let policies = [
      RetryPolicy(attemptsMax: 4, initialInterval: .seconds(1), jitter: false) { $0 is Refused },
      RetryPolicy(attemptsMax: 3, initialInterval: .seconds(9), jitter: false),
    ]
    let mixed = try graph(Visits(), [Mishap(), Refused()], policies[0], policies[1])
    #expect(try await pauses(mixed, 2) == [.seconds(9), .seconds(2)])
    let visits = Visits()
    let many = try graph(visits, [Refused(), Refused(), Mishap()], policies[0], policies[1])
    var options = RunOptions()
    let clock = ManualClock()
    options.clock = clock
    let run = Task { [options] in try await many.run(.nothing, options: options) }
    for pause in [1, 2] {
      await clock.sleepers(1)
      clock.advance(by: .seconds(pause))
    }
    await #expect(throws: Mishap()) { try await run.value }  // the second policy has three attempts
    #expect(visits.count("call") == 3)
  }

  @Test("G15 what no policy matches is not retried")
  func noMatch() async throws {
    let visits = Visits()
    let graph = try graph(visits, [Mishap()], RetryPolicy { $0 is Refused })
    await #expect(throws: Mishap()) { try await graph.run(.nothing) }
    #expect(visits.count("call") == 1)
  }

  @Test("G15 programming errors are not retried: coding errors, and the engine's own")
  func programmingErrors() async throws {
    let context = DecodingError.Context(codingPath: [], debugDescription: "x")
    let errors: [any Error] = [
      DecodingError.dataCorrupted(context), EncodingError.invalidValue(1, .init(codingPath: [], debugDescription: "x")),
    ]
    for error in errors {
      let visits = Visits()
      let graph = try graph(visits, [error], RetryPolicy())
      await #expect(throws: (any Error).self) { try await graph.run(.nothing) }
      #expect(visits.count("call") == 1)
    }
    let visits = Visits()
    var wrong = Graph<Ledger>()
    wrong.node("a", .retry(RetryPolicy { _ in true })) { _ in
      visits.add("call")
      return .goto("gone")
    }
    wrong.start(at: "a")
    let compiled = try wrong.compile()
    #expect(await graphError { _ = try await compiled.run(.nothing) }?.code == .unknownDestination)
    #expect(visits.count("call") == 1)
  }

  @Test("G15 an interrupt is not retried")
  func interrupts() async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("a", .retry(RetryPolicy(initialInterval: .zero) { _ in true })) { _, context in
      visits.add("call")
      return .entry(try context.interrupt("?").stringValue ?? "")
    }
    graph.start(at: "a")
    #expect(try await graph.compile().run(.nothing).interrupts.count == 1)
    #expect(visits.count("call") == 1)
  }

  @Test("G15 writes, interrupts' answers and effects: a failed attempt leaves its effects alone")
  func attempts() async throws {
    let visits = Visits()
    var graph = Graph<Ledger>()
    graph.node("a", .retry(RetryPolicy(initialInterval: .zero))) { state, context in
      let command = state.entries.isEmpty ? Command<Ledger>.entry("a") : .nothing
      let number = try await context.effect("count") { _ in visits.number("effect") }
      if context.attempt == 1 { throw Mishap() }
      return command.entry("effect \(number)").write(\.total, 1)
    }
    graph.start(at: "a")
    let state = try await graph.compile().run(.nothing).state
    #expect(state.lines == ["a", "effect 0"])
    #expect(state.total == 1)
    #expect(visits.count("effect") == 1)
  }

  @Test("G15 a pause ends at once when the run is cancelled")
  func cancelled() async throws {
    let clock = ManualClock()
    var options = RunOptions()
    options.clock = clock
    let graph = try graph(Visits(), [Mishap()], RetryPolicy())
    let run = Task { [options] in try await graph.run(.nothing, options: options) }
    await clock.sleepers(1)
    run.cancel()
    await #expect(throws: CancellationError.self) { try await run.value }
  }

  @Test("G15 a sibling's failure ends a pause, and the attempts")
  func siblingFails() async throws {
    let (clock, visits, gate) = (ManualClock(), Visits(), NodeGate())
    var graph = Graph<Ledger>()
    graph.node("a", .retry(RetryPolicy(attemptsMax: 10))) { _ in
      visits.add("call")
      throw Mishap("a")
    }
    graph.node("b") { _ in
      try await gate.pass()
      throw Mishap("b")
    }
    graph.start(at: "a", "b")
    var options = RunOptions()
    options.clock = clock
    let compiled = try graph.compile()
    let run = Task { [options] in try await compiled.run(.nothing, options: options) }
    await clock.sleepers(1)
    gate.open()
    await #expect(throws: Mishap("b")) { try await run.value }
    #expect(visits.count("call") == 1)
  }
}
