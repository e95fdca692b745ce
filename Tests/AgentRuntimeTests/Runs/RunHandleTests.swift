import Testing

@testable import AgentRuntime
@testable import AgentTesting

@Suite(.timeLimit(.minutes(1)))
struct RunHandleTests {
  @Test func returnsWhatTheWorkReturns() async throws {
    let handle = RunHandle()
    #expect(try await handle.run { 7 } == 7)
    #expect(handle.reason == nil)
    #expect(await failure { try await handle.run { throw ModelError(.timeout, "x") } } is ModelError)
  }

  @Test func cancelEndsTheWorkAndKeepsTheFirstReason() async {
    let handle = RunHandle()
    let gate = ModelGate()
    async let error = failure { try await handle.run { try await gate.pass() } }
    await gate.reached()
    handle.cancel(.timedOut)
    handle.cancel(.agentDeleted)
    #expect(await error is CancellationError)
    #expect(handle.reason == .timedOut)
  }

  @Test func aRunCancelledBeforeItBeginsEndsAtOnce() async {
    let handle = RunHandle()
    handle.cancel(.superseded)
    #expect(await failure { try await handle.run { try await ModelGate().pass() } } is CancellationError)
  }

  @Test func cancellingTheCallerEndsTheWork() async {
    let handle = RunHandle()
    let gate = ModelGate()
    // A task of its own, for the test cancels it.
    let task = Task { await failure { try await handle.run { try await gate.pass() } } }
    await gate.reached()
    task.cancel()
    #expect(await task.value is CancellationError)
    #expect(handle.reason == nil)
  }

  @Test func cancelAfterTheEndOnlyNotesTheReason() async throws {
    let handle = RunHandle()
    try await handle.run {}
    handle.cancel(.shutdown)
    #expect(handle.reason == .shutdown)
  }

  @Test func theCallersTaskIsNotCancelled() async {
    let handle = RunHandle()
    let gate = ModelGate()
    // A task of its own, for the test asks whether it was cancelled.
    let task = Task {
      _ = await failure { try await handle.run { try await gate.pass() } }
      return Task.isCancelled
    }
    await gate.reached()
    handle.cancel(.timedOut)
    #expect(await task.value == false)
  }
}
