/// A circuit breaker for one model behind one base URL (contract §6): closed, open, half-open.
///
/// It opens when at least half of 10 or more attempts within 30 s failed, lets one probe through after 5 s, and closes
/// when that succeeds.
struct CircuitBreakerStateMachine: Sendable {
  /// When it opens, and for how long.
  struct Policy: Sendable {
    /// Attempts within the window, below which nothing is concluded.
    var attemptsMin = 10
    /// The share of failures at which it opens, 0...1.
    var failureShare = 0.5
    /// The window, in slots of a second.
    var windowSeconds = 30
    /// How long it stays open before a probe.
    var pause = Duration.seconds(5)
  }

  /// What a breaker does with attempts; as health and metrics show it.
  enum State: String, Sendable {
    case closed
    case open
    case halfOpen = "half_open"
  }

  /// The right to one attempt. Each must be given back by `end`.
  struct Ticket: Sendable, Hashable {
    /// Changes whenever the breaker does: what was begun before says nothing about now.
    fileprivate let epoch: Int
    fileprivate let isProbe: Bool
  }

  /// How an attempt ended.
  enum Outcome: Sendable, Hashable {
    case succeeded
    /// No connection, a timeout, 5xx, an answer that is none.
    case failed
    /// Cancelled, or refused for what the request is: nothing is learned about the upstream.
    case nothingLearned
  }

  private struct Slot {
    var second = Int.min
    var attempts = 0
    var failures = 0
  }

  private(set) var state = State.closed
  private let policy: Policy
  private var slots: [Slot]
  private var epoch = 0
  private var opensAt = Duration.zero
  private var hasProbe = false

  init(_ policy: Policy = Policy()) {
    self.policy = policy
    slots = Array(repeating: Slot(), count: policy.windowSeconds)
  }

  /// Asks for an attempt; nil while the breaker is open, or while its one probe is under way. `now` is the time since
  /// some start.
  mutating func admit(at now: Duration) -> Ticket? {
    switch state {
    case .closed: return Ticket(epoch: epoch, isProbe: false)
    case .open:
      guard now >= opensAt else { return nil }
      state = .halfOpen
      hasProbe = true
      return Ticket(epoch: epoch, isProbe: true)
    case .halfOpen:
      guard !hasProbe else { return nil }
      hasProbe = true
      return Ticket(epoch: epoch, isProbe: true)
    }
  }

  /// An attempt's answer has begun: a probe has shown what it was to show, however long its answer goes on.
  mutating func answered(_ ticket: Ticket) {
    guard ticket.epoch == epoch, ticket.isProbe else { return }
    hasProbe = false
    close()
  }

  /// Ends an attempt.
  mutating func end(_ ticket: Ticket, _ outcome: Outcome, at now: Duration) {
    guard ticket.epoch == epoch else { return }
    if ticket.isProbe {
      hasProbe = false
      switch outcome {
      case .succeeded: close()
      case .failed: open(at: now)
      case .nothingLearned: break
      }
      return
    }
    guard outcome != .nothingLearned else { return }
    count(outcome, at: now)
    let (attempts, failures) = window(at: now)
    if outcome == .failed, attempts >= policy.attemptsMin,
      Double(failures) >= policy.failureShare * Double(attempts)
    {
      open(at: now)
    }
  }

  /// Attempts and failures within the window.
  func window(at now: Duration) -> (attempts: Int, failures: Int) {
    let oldest = Int(now.components.seconds) - policy.windowSeconds
    return slots.reduce((0, 0)) { sum, slot in
      slot.second > oldest ? (sum.0 + slot.attempts, sum.1 + slot.failures) : sum
    }
  }

  /// After how long an attempt may be let through; zero if one may now.
  func wait(at now: Duration) -> Duration {
    switch state {
    case .closed: .zero
    case .open: max(.zero, opensAt - now)
    case .halfOpen: hasProbe ? policy.pause : .zero
    }
  }

  private mutating func count(_ outcome: Outcome, at now: Duration) {
    let second = Int(now.components.seconds)
    let index = second % slots.count
    if slots[index].second != second { slots[index] = Slot(second: second) }
    slots[index].attempts += 1
    if outcome == .failed { slots[index].failures += 1 }
  }

  private mutating func open(at now: Duration) {
    state = .open
    opensAt = now + policy.pause
    epoch += 1
  }

  private mutating func close() {
    state = .closed
    epoch += 1
    slots = Array(repeating: Slot(), count: slots.count)
  }
}
