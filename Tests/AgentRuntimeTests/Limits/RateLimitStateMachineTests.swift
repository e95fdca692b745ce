import Testing

@testable import AgentRuntime

/// The machine as an object: what an expectation reads it must not change.
private final class Machine {
  typealias Instant = ContinuousClock.Instant

  private var machine: RateLimitStateMachine

  init(keysMax: Int) { machine = RateLimitStateMachine(keysMax: keysMax) }

  var keyCount: Int { machine.keyCount }

  func admit(_ subjects: [RateLimitSubject], at now: Instant) -> RateLimitRefusal? { machine.admit(subjects, at: now) }

  func charge(tokens: Int, to subjects: [RateLimitSubject], at now: Instant) {
    machine.charge(tokens: tokens, to: subjects, at: now)
  }

  func status(of subject: RateLimitSubject, at now: Instant) -> RateLimitStatus { machine.status(of: subject, at: now) }
}

@Suite struct RateLimitStateMachineTests {
  typealias Instant = ContinuousClock.Instant

  private let start = ContinuousClock.now

  private func agent(_ id: String = "a", requests: Int? = nil, tokens: Int? = nil) -> RateLimitSubject {
    RateLimitSubject(.agent, id, RateLimits(requestsPerMinute: requests, tokensPerMinute: tokens))
  }

  /// How many requests are admitted at once.
  private func burst(
    _ machine: Machine, _ subject: RateLimitSubject, at now: Instant, upTo most: Int = 2000
  ) -> Int {
    (0..<most).prefix { _ in machine.admit([subject], at: now) == nil }.count
  }

  @Test(arguments: [1, 2, 3, 7, 59, 60, 61, 997, 1000])
  func aMinutesWorthAtOnceAndTheRestAtAnEvenRate(_ count: Int) throws {
    let machine = Machine(keysMax: 10)
    let subject = agent(requests: count)
    #expect(burst(machine, subject, at: start) == count)
    let wait = try #require(machine.admit([subject], at: start)).wait
    #expect(wait > .zero && wait <= .seconds(60) / count)
    // The wait is exact: not a moment before, and then one.
    #expect(machine.admit([subject], at: start + wait - .nanoseconds(1)) != nil)
    #expect(burst(machine, subject, at: start + wait) == 1)
    #expect(burst(machine, subject, at: start + wait + .seconds(60)) == count)
    #expect(burst(machine, subject, at: start + .seconds(86_400)) == count)
  }

  @Test(arguments: RateLimit.Period.allCases)
  func everyPeriodCounts(_ period: RateLimit.Period) throws {
    let machine = Machine(keysMax: 10)
    let limit = try #require(RateLimit(5, per: period))
    let subject = RateLimitSubject(.address, "::1", RateLimits(requests: limit))
    #expect(burst(machine, subject, at: start) == 5)
    #expect(machine.admit([subject], at: start)?.wait == period.duration / 5)
  }

  @Test func tokensAreChargedAfterwardsAndMayGoBelowZero() throws {
    let machine = Machine(keysMax: 10)
    let subject = agent(tokens: 600)
    #expect(burst(machine, subject, at: start, upTo: 50) == 50)
    machine.charge(tokens: 599, to: [subject], at: start)
    #expect(machine.status(of: subject, at: start).tokens?.remaining == 1)
    #expect(machine.admit([subject], at: start) == nil)
    machine.charge(tokens: 301, to: [subject], at: start)
    let refusal = try #require(machine.admit([subject], at: start))
    // 300 below zero, and one must be there: 301 of 10 a second.
    #expect(refusal.unit == .tokens && refusal.wait == .milliseconds(30_100))
    let status = try #require(machine.status(of: subject, at: start).tokens)
    #expect(status.remaining == 0 && status.limit == 600 && status.reset == .seconds(90))
    #expect(machine.admit([subject], at: start + refusal.wait - .nanoseconds(1)) != nil)
    #expect(machine.admit([subject], at: start + refusal.wait) == nil)
  }

  @Test(arguments: [Int.max, RateLimit.countMax, 1_000_000])
  func noClaimOfAModelShutsAnyoneOutForMoreThanAnHour(_ tokens: Int) throws {
    let machine = Machine(keysMax: 10)
    let subject = agent(tokens: 1)
    for _ in 0..<3 { machine.charge(tokens: tokens, to: [subject], at: start) }
    #expect(try #require(machine.admit([subject], at: start)).wait == .seconds(3660))
    machine.charge(tokens: -5, to: [subject], at: start)
    machine.charge(tokens: 0, to: [subject], at: start)
    #expect(try #require(machine.admit([subject], at: start)).wait == .seconds(3660))
  }

  @Test func allOrNone() throws {
    let machine = Machine(keysMax: 10)
    let (wide, narrow) = (agent("wide", requests: 10), agent("narrow", requests: 2))
    for _ in 0..<2 { #expect(machine.admit([wide, narrow], at: start) == nil) }
    for _ in 0..<5 { #expect(machine.admit([wide, narrow], at: start)?.subject.key.id == "narrow") }
    #expect(machine.status(of: wide, at: start).requests?.remaining == 8)
    // Of two refusals the longer one is told.
    #expect(burst(machine, wide, at: start) == 8)
    #expect(machine.admit([wide, narrow], at: start)?.wait == .seconds(30))
  }

  @Test func anotherLimitHoldsAtOnce() {
    let machine = Machine(keysMax: 10)
    #expect(burst(machine, agent(requests: 10), at: start) == 10)
    #expect(machine.admit([agent(requests: 20)], at: start)?.wait == .seconds(3))
    #expect(machine.admit([agent()], at: start) == nil)
    #expect(machine.admit([agent("b", requests: 1)], at: start) == nil)
  }

  @Test func whatIsNotLimitedIsNotRemembered() {
    let machine = Machine(keysMax: 10)
    #expect(burst(machine, agent(), at: start) == 2000)
    machine.charge(tokens: 5, to: [agent(requests: 5)], at: start)
    #expect(machine.keyCount == 0 && machine.status(of: agent(), at: start) == RateLimitStatus())
  }

  @Test func oldKeysMakeRoom() {
    let machine = Machine(keysMax: 100)
    var now = start
    for key in 0..<10_000 {
      #expect(machine.admit([agent("k\(key)", requests: 60)], at: now) == nil)
      now += .milliseconds(100)
      #expect(machine.keyCount <= 100)
    }
    // Each is full again after a second: ten at a time need to be known.
    #expect(machine.keyCount < 30)
  }

  @Test func newKeysBeyondTheRoomShareWhatOneMayHave() {
    let machine = Machine(keysMax: 3)
    for key in 0..<3 { #expect(burst(machine, agent("old\(key)", requests: 5), at: start) == 5) }
    let admitted = (0..<1000).count { machine.admit([agent("new\($0)", requests: 5)], at: start) == nil }
    #expect(admitted == 5 && machine.keyCount == 3)
    // The known ones have what is theirs.
    #expect(machine.status(of: agent("old0", requests: 5), at: start + .seconds(12)).requests?.remaining == 1)
  }

  /// Whatever the order of keys and times: nobody gets more than a full bucket and what flows in.
  @Test(arguments: 0..<20)
  func nobodyEverGetsMoreThanTheLimit(_ seed: Int) {
    var random = SeededRandom(seed: seed)
    let machine = Machine(keysMax: Int.random(in: 1...8, using: &random))
    let limit = Int.random(in: 1...6, using: &random)
    var times: [Int: [Duration]] = [:]
    var elapsed = Duration.zero
    for _ in 0..<3000 {
      elapsed += .milliseconds(Int.random(in: 0...3000, using: &random))
      let key = Int.random(in: 0..<20, using: &random)
      if machine.admit([agent("\(key)", requests: limit)], at: start + elapsed) == nil {
        times[key, default: []].append(elapsed)
      }
    }
    for times in times.values {
      for (first, begin) in times.enumerated() {
        for (last, end) in times[first...].enumerated() {
          let allowed = Double(limit) + (end - begin) / (.seconds(60) / limit)
          #expect(Double(last + 1) <= allowed + 1e-6)
        }
      }
    }
  }
}
