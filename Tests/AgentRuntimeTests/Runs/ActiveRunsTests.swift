import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct ActiveRunsTests {
  @Test func asManyAsAreAllowed() throws {
    let runs = ActiveRuns(runsMax: 2, timeout: .seconds(60))
    let first = try runs.begin(agentID: "a", handle: RunHandle())
    _ = try runs.begin(agentID: "a", handle: RunHandle())
    #expect(runs.count == 2)
    do {
      _ = try runs.begin(agentID: "b", handle: RunHandle())
      Issue.record("a third run was admitted")
    } catch let error as RuntimeError {
      #expect(error.code == .rateLimitExceeded && error.status == 429 && error.retryAfter != nil)
      #expect(error.message.contains("MAX_CONCURRENT_AGENTS"))
    }
    first.end()
    first.end()
    #expect(runs.count == 1)
    _ = try runs.begin(agentID: "b", handle: RunHandle())
  }

  @Test func whoWaitsTakesNoPlaceAndGetsThatOfTheTurnBeforeIt() throws {
    let runs = ActiveRuns(runsMax: 1, timeout: .seconds(60))
    let places = try (0..<10).map { _ in try runs.begin(agentID: "a", handle: RunHandle(), waits: true) }
    #expect(runs.count == 0 && runs.waitingCount == 10)
    #expect(throws: RuntimeError.self) { try runs.begin(agentID: "a", handle: RunHandle(), waits: true) }
    try places[0].take()
    try places[0].take()
    #expect(throws: RuntimeError.self) { try places[1].take() }
    places[1].pass(to: places[2])
    #expect(runs.count == 1 && runs.waitingCount == 9)
    places[0].pass(to: places[1])
    try places[1].take()
    #expect(runs.count == 1 && runs.waitingCount == 8)
    places[0].end()
    #expect(runs.count == 1)
    for place in places { place.end() }
    #expect(runs.count == 0 && runs.waitingCount == 0)
  }

  @Test func anAgentsRunsAreCancelledAndNoOthers() throws {
    let runs = ActiveRuns(runsMax: 9, timeout: .seconds(60))
    let (mine, alsoMine, other, ended) = (RunHandle(), RunHandle(), RunHandle(), RunHandle())
    for (agent, handle) in [("a", mine), ("b", other), ("a", alsoMine)] {
      _ = try runs.begin(agentID: agent, handle: handle)
    }
    try runs.begin(agentID: "a", handle: ended).end()
    runs.cancelRuns(of: "a")
    #expect([mine, alsoMine, other, ended].map(\.reason) == [.agentDeleted, .agentDeleted, nil, nil])
    runs.cancelAll()
    #expect([mine, other].map(\.reason) == [.agentDeleted, .shutdown])
    // They end by themselves; until then they count.
    #expect(runs.count == 3)
  }

  @Test func theDeadlineCancels() async throws {
    let runs = ActiveRuns(runsMax: 9, timeout: .milliseconds(30))
    let handle = RunHandle()
    _ = try runs.begin(agentID: "a", handle: handle)
    // The watch runs until it is cancelled.
    let watch = Task { await runs.watchDeadlines() }
    while handle.reason == nil { await Task.yield() }
    #expect(handle.reason == .timedOut)
    watch.cancel()
    await watch.value
  }
}
