import AgentJSON
import AgentTesting
import FoundationEssentials
import Logging
import Synchronization
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1))) struct RetentionKeeperTests {
  private static let day = 86_400.0
  private let store = FaultyStore()
  private let clock = ManualClock()
  private let lines = Recorded<String>()
  private let timing = RetentionTiming(delay: .seconds(60), interval: .seconds(300), pause: .milliseconds(50))

  private func keeper(
    _ rules: RetentionRules, daysFromNow days: Double = 0, toolsets: ToolsetCatalog = ToolsetCatalog()
  ) -> RetentionKeeper {
    RetentionKeeper(
      store: store, toolsets: toolsets, rules: rules, timing: timing, clock: clock,
      now: { Date().addingTimeInterval(days * Self.day) }, logger: .recording(into: lines))
  }

  /// Runs a keeper beside the test, and ends it.
  private func keeping(_ keeper: RetentionKeeper, _ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await keeper.run() }
      try await body()
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  private func round() async {
    await clock.sleeper(for: clock.now == .init() ? timing.delay : timing.interval)
    clock.advance(by: clock.now == .init() ? timing.delay : timing.interval)
    while !clock.pauses.contains(timing.interval) {
      await clock.sleepers(1)
      if clock.pauses == [timing.pause] { clock.advance(by: timing.pause) }
    }
  }

  private func fill(runs: Int, threads: Int) async throws {
    try await store.insertAgent(
      AgentDefinition(
        id: "a", name: "A", type: "t", templateID: "t", templateVersionID: "1", createdAt: Date()), changes: [])
    for number in 0..<runs {
      var run = StoredRun(id: "r\(number)", agentID: "a", request: [:], createdAt: Date())
      (run.status, run.endedAt) = (.completed, Date())
      try await store.runs.insert(run)
    }
    for number in 0..<threads {
      try await store.appendTurn(
        ThreadTurn(
          key: ThreadKey(agentID: "a", sessionID: "s/\(number)"), userID: nil, messages: [Message(.user, "hi")],
          replacesHistory: false, time: Date()))
    }
  }

  private func expectLeft(runs: Int, threads: Int, of count: Int = 3) async throws {
    #expect(try await store.runs.list(RunQuery(limit: 100)).runs.count == runs)
    var left = 0
    for number in 0..<count {
      if try await store.thread(ThreadKey(agentID: "a", sessionID: "s/\(number)"), last: 0) != nil { left += 1 }
    }
    #expect(left == threads)
  }

  @Test func whatIsDueGoesAfterTheDelayInStepsWithPausesAndIsLoggedOnce() async throws {
    try await fill(runs: 100, threads: 3)
    let source = ForgettingSource()
    let toolsets = ToolsetCatalog([Toolset(name: "files", source: source)])
    let keeper = keeper(
      RetentionRules(runs: .seconds(30 * Self.day), threads: .seconds(30 * Self.day)), daysFromNow: 31,
      toolsets: toolsets)
    try await keeping(keeper) {
      await clock.sleeper(for: timing.delay)
      try await expectLeft(runs: 100, threads: 3)
      clock.advance(by: timing.delay)
      for _ in 0..<4 {
        await clock.sleeper(for: timing.pause)
        clock.advance(by: timing.pause)
      }
      await clock.sleeper(for: timing.interval)
      try await expectLeft(runs: 0, threads: 0)
      #expect(lines.all.count == 1 && lines.all[0].hasPrefix("removed by age"), "\(lines.all)")
      #expect(lines.all[0].contains("100") && lines.all[0].contains("3"), "\(lines.all)")
      #expect(source.forgotten.all.sorted() == ["a s/0", "a s/1", "a s/2"])
      await round()
      #expect(lines.all.count == 1)
    }
  }

  @Test func whatIsNotDueStays() async throws {
    try await fill(runs: 2, threads: 2)
    try await keeping(
      keeper(RetentionRules(runs: .seconds(30 * Self.day), threads: .seconds(30 * Self.day)), daysFromNow: 29)
    ) {
      await round()
      try await expectLeft(runs: 2, threads: 2)
      #expect(lines.all.isEmpty)
    }
  }

  @Test func eachRuleStandsAlone() async throws {
    try await fill(runs: 1, threads: 1)
    try await keeping(keeper(RetentionRules(threads: .seconds(1)), daysFromNow: 9)) { await round() }
    try await expectLeft(runs: 1, threads: 0)
  }

  @Test func aFailureIsToldOnceAndTriedAgain() async throws {
    try await fill(runs: 1, threads: 1)
    try await keeping(keeper(RetentionRules(runs: .seconds(1), threads: .seconds(1)), daysFromNow: 9)) {
      store.fails.withLock { $0 = true }
      for _ in 0..<3 { await round() }
      #expect(lines.all.count == 2 && lines.all.allSatisfy { $0.contains("tried again") }, "\(lines.all)")
      store.fails.withLock { $0 = false }
      await round()
      try await expectLeft(runs: 0, threads: 0)
      #expect(lines.all.count == 3 && lines.all[2].hasPrefix("removed by age"), "\(lines.all)")
      store.fails.withLock { $0 = true }
      for _ in 0..<2 { await round() }
      #expect(lines.all.count == 5, "\(lines.all)")
    }
  }

  @Test func withoutARuleNothingRuns() async { await keeper(RetentionRules()).run() }

  @Test func aCancelledRoundEndsBetweenTwoSteps() async throws {
    try await fill(runs: 100, threads: 1)
    try await keeping(keeper(RetentionRules(runs: .seconds(1), threads: .seconds(1)), daysFromNow: 9)) {
      await clock.sleeper(for: timing.delay)
      clock.advance(by: timing.delay)
      await clock.sleeper(for: timing.pause)
    }
    try await expectLeft(runs: 68, threads: 1)
    #expect(lines.all.count == 1 && lines.all[0].hasPrefix("removed by age"), "\(lines.all)")
  }

  @Test func roundsGoByTheShortestTime() {
    let table: [(RetentionRules, interval: Duration, delay: Duration)] = [
      (RetentionRules(runs: .seconds(30 * 86_400)), .seconds(600), .seconds(60)),
      (RetentionRules(threads: .seconds(3600)), .seconds(36), .seconds(36)),
      (RetentionRules(runs: .seconds(2), threads: .seconds(9_000_000)), .seconds(1), .seconds(1)),
      (RetentionRules(runs: .seconds(9000), threads: .seconds(9100)), .seconds(90), .seconds(60)),
    ]
    for (rules, interval, delay) in table {
      #expect(RetentionTiming(for: rules) == RetentionTiming(delay: delay, interval: interval))
    }
  }
}

/// Notes what it is told to forget.
private final class ForgettingSource: ToolSource {
  let forgotten = Recorded<String>()
  func tools() async throws -> [any Tool] { [] }
  var health: ToolSourceHealth { ToolSourceHealth() }
  func run() async {}
  func forget(agentID: String, sessionID: String?) async { forgotten.add("\(agentID) \(sessionID ?? "nil")") }
}
