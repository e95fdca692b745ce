import Synchronization
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

  @Test func whoWaitsTakesNoPlaceAndGetsThatOfTheTurnBeforeIt() async throws {
    let runs = ActiveRuns(runsMax: 1, timeout: .seconds(60))
    let places = try (0..<10).map { _ in try runs.begin(agentID: "a", handle: RunHandle(), waits: true) }
    #expect(runs.count == 0 && runs.waitingCount == 10)
    #expect(throws: RuntimeError.self) { try runs.begin(agentID: "a", handle: RunHandle(), waits: true) }
    try await places[0].take()
    try await places[0].take()
    await #expect(throws: RuntimeError.self) { try await places[1].take() }
    places[1].pass(to: places[2])
    #expect(runs.count == 1 && runs.waitingCount == 9)
    places[0].pass(to: places[1])
    try await places[1].take()
    #expect(runs.count == 1 && runs.waitingCount == 8)
    places[0].end()
    #expect(runs.count == 1)
    for place in places { place.end() }
    #expect(runs.count == 0 && runs.waitingCount == 0)
  }

  @Test func whoIsPatientGetsAPlaceInTurn() async throws {
    let runs = ActiveRuns(runsMax: 1, timeout: .seconds(60))
    let first = try runs.begin(agentID: "a", handle: RunHandle())
    let places = try (0..<3).map { _ in try runs.begin(agentID: "a", handle: RunHandle(), isPatient: true) }
    #expect(places.allSatisfy { $0.deadline == nil }, "their time begins when they do")
    let order = Order()
    let takers = places.enumerated().map { number, place in
      // All of them end below.
      Task {
        try await place.take()
        order.add(number)
        place.end()
      }
    }
    while runs.lineCount < 3 { await Task.yield() }
    #expect(throws: RuntimeError.self) { try runs.begin(agentID: "a", handle: RunHandle()) }
    first.end()
    for taker in takers { try await taker.value }
    #expect(order.numbers.sorted() == [0, 1, 2] && runs.count == 0 && runs.waitingCount == 0)
  }

  @Test func whoIsPatientMayBeCancelled() async throws {
    let runs = ActiveRuns(runsMax: 1, timeout: .seconds(60))
    let first = try runs.begin(agentID: "a", handle: RunHandle())
    let place = try runs.begin(agentID: "a", handle: RunHandle(), isPatient: true)
    // Cancelled while it waits.
    let waiter = Task { try await place.take() }
    while runs.lineCount == 0 { await Task.yield() }
    waiter.cancel()
    await #expect(throws: CancellationError.self) { try await waiter.value }
    place.end()
    first.end()
    #expect(runs.lineCount == 0 && runs.count == 0 && runs.waitingCount == 0)
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

private final class Order: Sendable {
  private let state = Mutex<[Int]>([])
  var numbers: [Int] { state.withLock { $0 } }
  func add(_ number: Int) { state.withLock { $0.append(number) } }
}
