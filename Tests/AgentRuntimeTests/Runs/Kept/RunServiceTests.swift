import AgentJSON
import AgentTesting
import FoundationEssentials
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct RunServiceTests {
  @Test func anotherProcessTakesOverWhenAClaimIsOver() async throws {
    let (store, date) = (InMemoryStore(), ManualDate())
    let gate = ModelGate()
    let first = KeptHarness(store, date: date, KeptHarness.model { .text("\($0)").waiting(at: gate) })
    let second = KeptHarness(store, date: date, KeptHarness.model())
    try await first.makeAgent()
    async let refusal = runtimeError { _ = try await first.ask(["run_id": "r"]) }
    await gate.reached()
    date.advance(by: 29)
    try await second.service.pickUp()
    #expect(second.service.kept.underway("r") == nil && second.calls.isEmpty, "the claim holds")
    await #expect(throws: RuntimeError.self, "who joins elsewhere is told") {
      _ = try await second.ask(["run_id": "r"])
    }
    date.advance(by: 2)
    try await second.service.pickUp()
    _ = try await second.service.kept.run("r")?.log.end()
    let row = try #require(try await store.runs.run("r"))
    #expect(row.status == .completed && row.starts == 2 && second.calls.count == 6)
    // The first learns of it at its next write, and changes nothing.
    gate.open()
    #expect(await refusal?.code == .conflict)
    #expect(try await store.runs.run("r") == row)
  }

  @Test func aClaimIsRenewedWhileTheRunGoesOn() async throws {
    let (store, date) = (InMemoryStore(), ManualDate())
    let gate = ModelGate()
    let first = KeptHarness(store, date: date, KeptHarness.model { .text("\($0)").waiting(at: gate) })
    let second = KeptHarness(store, date: date, KeptHarness.model())
    try await first.makeAgent()
    // Ends with the cancellation below.
    let keeping = Task { await first.service.keepGoing(isAlone: false) }
    let row = try await first.service.submit(
      first.call(["run_id": "r", "background": true]), agent: first.catalog.runnable("a", userID: nil))
    #expect(row.status == .running)
    await gate.reached()
    for _ in 0..<10 {
      await first.clock.sleepers(2)
      date.advance(by: 5)
      first.clock.advance(by: .seconds(1))
    }
    await first.clock.sleepers(2)
    try await second.service.pickUp()
    #expect(second.calls.isEmpty, "fifty seconds are over, and the claim is not")
    keeping.cancel()
    await keeping.value
    let left = try #require(try await store.runs.run("r"))
    #expect(left.status == .queued && left.claim == nil, "a shutdown leaves it to the next")
    try await second.service.pickUp()
    _ = try await second.service.kept.run("r")?.log.end()
    #expect(try await store.runs.run("r")?.status == .completed)
  }

  @Test func aRunThatNeverEndsItsProcessIsGivenUp() async throws {
    let store = InMemoryStore()
    let harness = KeptHarness(store, KeptHarness.model())
    try await harness.makeAgent()
    var row = StoredRun(id: "r", agentID: "a", request: try harness.call([:]).body, createdAt: harness.date.now)
    row.status = .running
    row.starts = 10
    try await store.runs.insert(row)
    #expect(try await harness.goOn("r")?.status == .failed)
    #expect(try await store.runs.run("r")?.error?["message"]?.stringValue?.contains("10 times") == true)
    #expect(harness.calls.isEmpty)
  }

  @Test func whatCannotBeRunAnyMoreFails() async throws {
    let store = InMemoryStore()
    let harness = KeptHarness(store, KeptHarness.model())
    try await harness.makeAgent()
    try await store.runs.insert(
      StoredRun(id: "bad", agentID: "a", request: ["model": "a", "messages": []], createdAt: harness.date.now))
    try await store.runs.insert(
      StoredRun(id: "good", agentID: "a", request: try harness.call([:]).body, createdAt: harness.date.now))
    #expect(try await harness.goOn("good")?.status == .completed)
    #expect(try await store.runs.run("bad")?.error?["code"] == "VALIDATION_ERROR")
  }

  @Test func oneOfManyRequestsOfANameBeginsIt() async throws {
    let harness = KeptHarness(InMemoryStore(), KeptHarness.model())
    try await harness.makeAgent()
    let texts = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<50 { group.addTask { try await harness.ask(["run_id": "r"]).completion.message.text } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(texts == [String](repeating: "\(TaskCall.compose)", count: 50) && harness.calls.count == 6)
  }

  @Test func theLastCallerWhoLeavesEndsTheRun() async throws {
    let gate = ModelGate()
    let harness = KeptHarness(InMemoryStore(), KeptHarness.model { .text("\($0)").waiting(at: gate) })
    try await harness.makeAgent()
    let handles = [RunHandle(), RunHandle()]
    async let first = failure { _ = try await harness.ask(["run_id": "r"], handle: handles[0]) }
    await gate.reached()
    async let second = failure { _ = try await harness.ask(["run_id": "r"], handle: handles[1]) }
    let run = try #require(harness.service.kept.underway("r"))
    while run.callerCount < 2 { await Task.yield() }
    handles[0].cancel(.disconnected)
    #expect(await first is CancellationError)
    #expect(run.handle.reason == nil)
    handles[1].cancel(.disconnected)
    #expect(await second is CancellationError)
    _ = try await run.log.end()
    let row = try #require(try await harness.service.store.run("r"))
    #expect(row.status == .cancelled && row.reason == .disconnected && row.error?["code"] == "CONFLICT")
  }

  @Test func anAnswerIsReadBackAsItWas() async throws {
    let harness = KeptHarness(InMemoryStore(), KeptHarness.model())
    try await harness.makeAgent()
    let (made, read) = (try await harness.ask(["run_id": "r"]), try await harness.ask(["run_id": "r"]))
    #expect(made.completion.message == read.completion.message && made.usage == read.usage)
    #expect(made.steps.map(\.wholeJSON) == read.steps.map(\.wholeJSON) && made.runID == read.runID)
    #expect(made.tools == read.tools && made.warnings == read.warnings && made.agentType == read.agentType)
  }
}
