import Testing

@testable import AgentLLM

@Suite(.timeLimit(.minutes(1))) struct CircuitBreakerTests {
  private typealias Outcome = CircuitBreakerStateMachine.Outcome

  /// Makes attempts with these outcomes at one time; returns how many were admitted.
  @discardableResult
  private func run(_ breaker: inout CircuitBreakerStateMachine, _ outcomes: [Outcome], at second: Double) -> Int {
    var admitted = 0
    for outcome in outcomes {
      guard let ticket = breaker.admit(at: .seconds(second)) else { continue }
      admitted += 1
      breaker.end(ticket, outcome, at: .seconds(second))
    }
    return admitted
  }

  @Test(
    arguments: [
      ([.failed], 9, CircuitBreakerStateMachine.State.closed), ([.failed], 10, .open),
      ([.failed, .succeeded], 5, .closed), ([.succeeded, .failed], 5, .open),
      ([.succeeded, .succeeded, .failed], 20, .closed), ([.nothingLearned], 50, .closed),
      ([.succeeded, .nothingLearned, .failed], 5, .open),
    ] as [([CircuitBreakerStateMachine.Outcome], Int, CircuitBreakerStateMachine.State)])
  func opensAtHalfOfTen(
    pattern: [CircuitBreakerStateMachine.Outcome], times: Int, state: CircuitBreakerStateMachine.State
  ) {
    var breaker = CircuitBreakerStateMachine()
    run(&breaker, Array(repeating: pattern, count: times).flatMap { $0 }, at: 1)
    // A pattern that ends in a success is judged at its last failure.
    #expect(breaker.state == state)
  }

  @Test func theWindowSlides() {
    var breaker = CircuitBreakerStateMachine()
    run(&breaker, Array(repeating: .failed, count: 9), at: 0)
    #expect(breaker.window(at: .seconds(29)) == (9, 9))
    #expect(breaker.window(at: .seconds(30)) == (0, 0))
    run(&breaker, Array(repeating: .failed, count: 9), at: 30)
    #expect(breaker.state == .closed)
    run(&breaker, [.failed], at: 31)
    #expect(breaker.state == .open)
  }

  @Test func oneProbeDecides() {
    var breaker = CircuitBreakerStateMachine()
    run(&breaker, Array(repeating: .failed, count: 10), at: 10)
    #expect(breaker.admit(at: .seconds(14.9)) == nil && breaker.wait(at: .seconds(12)) == .seconds(3))
    let probe = breaker.admit(at: .seconds(15))
    #expect(probe != nil && breaker.state == .halfOpen)
    #expect(breaker.admit(at: .seconds(15)) == nil)
    if let probe { breaker.end(probe, .failed, at: .seconds(15)) }
    #expect(breaker.state == .open && breaker.admit(at: .seconds(19)) == nil)
    #expect(run(&breaker, [.succeeded], at: 20) == 1)
    #expect(breaker.state == .closed && breaker.window(at: .seconds(20)) == (0, 0))
  }

  @Test func aCancelledProbeGivesItsPlaceBack() {
    var breaker = CircuitBreakerStateMachine()
    run(&breaker, Array(repeating: .failed, count: 10), at: 0)
    #expect(run(&breaker, [.nothingLearned, .nothingLearned, .succeeded], at: 6) == 3)
    #expect(breaker.state == .closed)
  }

  @Test func whatBeganBeforeSaysNothing() {
    var breaker = CircuitBreakerStateMachine()
    let old = (0..<20).compactMap { _ in breaker.admit(at: .zero) }
    for ticket in old.prefix(10) { breaker.end(ticket, .failed, at: .zero) }
    #expect(breaker.state == .open)
    for ticket in old.suffix(10) { breaker.end(ticket, .succeeded, at: .zero) }
    #expect(breaker.state == .open)
    #expect(run(&breaker, [.succeeded], at: 5) == 1 && breaker.state == .closed)
  }

  /// A probe whose answer goes on for minutes does not keep others waiting.
  @Test func aProbeHasShownWhatItIsToShowWhenItsAnswerBegins() {
    var breaker = CircuitBreakerStateMachine()
    for _ in 0..<10 {
      if let ticket = breaker.admit(at: .zero) { breaker.end(ticket, .failed, at: .zero) }
    }
    #expect(breaker.state == .open)
    let probe = breaker.admit(at: .seconds(6))
    #expect(breaker.admit(at: .seconds(6)) == nil)
    if let probe { breaker.answered(probe) }
    #expect(breaker.state == .closed && breaker.admit(at: .seconds(6)) != nil)
    // Its end says nothing any more; a failure in its midst was counted by nobody.
    if let probe { breaker.end(probe, .failed, at: .seconds(7)) }
    #expect(breaker.state == .closed)
  }
}
