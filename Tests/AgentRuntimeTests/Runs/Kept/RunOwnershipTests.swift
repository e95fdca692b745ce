import AgentJSON
import AgentTesting
import FoundationEssentials
import Testing

@testable import AgentRuntime

/// Whose a run is while callers come, leave, cancel and resume at the same moment.
@Suite(.timeLimit(.minutes(1)))
struct RunOwnershipTests {
  private let hold = WriteHold()

  @Test func whoLeavesWhileTheRunIsStoredEndsIt() async throws {
    let base = InMemoryStore()
    let gate = ModelGate()
    let harness = KeptHarness(
      CutStore(base, holding: hold), KeptHarness.model { .text("\($0)").waiting(at: gate) })
    try await harness.makeAgent()
    let handle = RunHandle()
    hold.arm()
    async let end = failure { _ = try await harness.ask(["run_id": "r"], handle: handle) }
    await hold.reached()
    let run = try #require(harness.service.kept.underway("r"))
    handle.cancel(.disconnected)
    #expect(await end is CancellationError)
    hold.open()
    while run.log.outcome == nil, run.handle.reason == nil, harness.calls.isEmpty { await Task.yield() }
    #expect(run.handle.reason == .disconnected, "nobody waits for it")
    gate.open()
    _ = try await run.log.end()
    #expect(try await base.runs.run("r")?.status == .cancelled)
  }

  @Test func aRunThatSomebodyWantsInTheBackgroundStaysWhenItsCallerLeaves() async throws {
    let gate = ModelGate()
    let harness = KeptHarness(InMemoryStore(), KeptHarness.model { .text("\($0)").waiting(at: gate) })
    try await harness.makeAgent(["steps": ["1"]])
    let handle = RunHandle()
    async let caller = failure { _ = try await harness.ask(["run_id": "r"], handle: handle) }
    await gate.reached()
    #expect(try await harness.submit(["run_id": "r"]).status == .running)
    let run = try #require(harness.service.kept.underway("r"))
    handle.cancel(.disconnected)
    #expect(await caller is CancellationError)
    gate.open()
    _ = try await run.log.end()
    #expect(try await harness.service.store.run("r")?.status == .completed)
  }

  @Test func aCancellationIsNotLostWhenTheRunIsTakenUpMeanwhile() async throws {
    let base = InMemoryStore()
    let gate = ModelGate()
    let harness = KeptHarness(
      CutStore(base, holding: hold), KeptHarness.model { .text("\($0)").waiting(at: gate) })
    try await harness.makeAgent()
    try await harness.makeDue("r")
    hold.arm()
    async let cancelled = harness.service.cancel("r")
    await hold.reached()
    try await harness.service.pickUp()
    await gate.reached()
    hold.open()
    #expect(try await cancelled.status == .cancelled)
    #expect(try await base.runs.run("r")?.status == .cancelled && harness.service.kept.underway("r") == nil)
  }

  @Test func whoResumesARunThatIsBeingResumedGetsIt() async throws {
    let gate = ModelGate()
    let harness = KeptHarness(
      CutStore(InMemoryStore(), holding: hold), KeptHarness.model { .text("\($0)").waiting(at: gate) })
    try await harness.makeAgent()
    try await harness.makeDue("r", status: .failed)
    hold.arm()
    async let first = harness.service.resume("r")
    await hold.reached()
    async let second = harness.service.resume("r")
    for _ in 0..<100 { await Task.yield() }
    hold.open()
    #expect(try await [first.status, second.status] == [.running, .running])
    let run = try #require(harness.service.kept.underway("r"))
    run.handle.cancel(.cancelled)
    _ = try await run.log.end()
  }

  @Test func whoResumesARunThatIsBeingCancelledGoesOnWithIt() async throws {
    let gate = ModelGate()
    let harness = KeptHarness(
      CutStore(InMemoryStore(), holding: hold), KeptHarness.model { .text("\($0)").waiting(at: gate) })
    try await harness.makeAgent(["steps": ["1"]])
    _ = try await harness.submit(["run_id": "r"])
    await gate.reached()
    hold.arm()
    async let cancelled = harness.service.cancel("r")
    await hold.reached()
    async let resumed = harness.service.resume("r")
    for _ in 0..<100 { await Task.yield() }
    gate.open()
    hold.open()
    #expect(try await resumed.starts == 2)
    _ = try? await cancelled
    _ = try await harness.service.kept.run("r")?.log.end()
    #expect(try await harness.service.run("r").status == .completed)
  }

  @Test func aRefusedStartIsNoEndOfTheRun() async throws {
    let harness = KeptHarness(InMemoryStore(), runsMax: 0, KeptHarness.model())
    try await harness.makeAgent()
    try await harness.makeDue("r")
    try await harness.service.pickUp()
    #expect(harness.service.kept.run("r") == nil && harness.service.kept.all.isEmpty)
    #expect(try await harness.service.store.run("r")?.status == .queued)
  }

  @Test func whoFollowsARunThatIsDueMayLeave() async throws {
    let harness = KeptHarness(InMemoryStore(), KeptHarness.model())
    try await harness.makeAgent()
    try await harness.makeDue("r")
    let handle = RunHandle()
    async let end = failure {
      _ = try await harness.service.follow("r", handle: handle) { _ in }
    }
    await harness.clock.sleeper(for: .milliseconds(200))
    handle.cancel(.disconnected)
    #expect(await end is CancellationError)
  }

  @Test func aNameThatARunInMemoryHasShowsTheRunThatIsKept() async throws {
    let harness = KeptHarness(InMemoryStore(), ScriptedChatModel { _, _ in .text("ok") })
    try await harness.makeConversation()
    let agent = try await harness.catalog.runnable("a", userID: nil)
    let first = try await harness.service.executor.execute(
      harness.call([:]), agent: agent, handle: RunHandle())
    #expect(try await harness.service.run(first.runID).status == .completed)
    _ = try await harness.ask(["run_id": .string(first.runID)])
    let row = try #require(try await harness.service.store.run(first.runID))
    #expect(try await harness.service.run(first.runID) == row)
  }

  @Test func moreThanMayWaitForASessionAreRefusedAtOnce() async throws {
    let gate = ModelGate()
    let harness = KeptHarness(InMemoryStore(), KeptHarness.model { .text("\($0)").waiting(at: gate) })
    try await harness.makeAgent(["steps": ["1"]])
    for number in 0...harness.limits.turnsWaitingMax {
      _ = try await harness.submit(["run_id": .string("r\(number)"), "session_id": "s"])
      if number == 0 { await gate.reached() }
    }
    // They are in line some time after they were stored.
    var (refusal, id): (RuntimeError?, String) = (nil, "")
    for number in 0..<1000 where refusal == nil {
      id = "more\(number)"
      refusal = await runtimeError {
        _ = try await harness.submit(["run_id": .string(id), "session_id": "s"])
      }
    }
    #expect(refusal?.code == .conflict)
    #expect(try await harness.service.store.run(id) == nil)
    for run in harness.service.kept.all { run.handle.cancel(.cancelled) }
    await harness.service.kept.drained()
  }

  @Test func whatIsRememberedOfEndedRunsIsBounded() async throws {
    let harness = KeptHarness(InMemoryStore(), ScriptedChatModel { _, _ in .text("ok") })
    try await harness.makeConversation()
    let note = JSONValue.string(String(repeating: "x", count: 3 << 20))
    for number in 0..<4 { _ = try await harness.ask(["run_id": .string("r\(number)"), "note": note]) }
    #expect((0..<4).filter { harness.service.kept.run("r\($0)") != nil } == [2, 3], "9 MB are too much")
  }
}
