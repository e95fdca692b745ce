public import AgentGraph

/// What every `Checkpointer` has to do, as checks that need no test framework.
///
/// With swift-testing: `@Test(arguments: CheckpointerConformance.checks) func conforms(check:
/// CheckpointerConformance.Check) async throws { try await check.run { clock in MyCheckpointer(…, now: clock) } }`.
public struct CheckpointerConformance: Sendable {
  /// Makes a checkpointer with nothing in it, which removes nothing by itself and takes its time from the clock given,
  /// in microseconds since 1970.
  public typealias Making = @Sendable (_ now: @escaping @Sendable () -> UInt64) async throws -> any Checkpointer
  /// Ends a checkpointer, as gently or as rudely as it can be ended, and opens what it kept.
  public typealias Reopening = @Sendable (any Checkpointer) async throws -> any Checkpointer

  /// A rule that a checkpointer has to follow.
  public struct Check: Sendable, CustomStringConvertible {
    /// The rule in words.
    public let name: String
    private let body: @Sendable (any Checkpointer, ManualTime) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (any Checkpointer, ManualTime) async throws -> Void) {
      self.name = name
      self.body = body
    }

    /// Checks a fresh checkpointer. Throws `ConformanceFailure`, or what the checkpointer threw out of turn.
    public func run(_ make: Making) async throws {
      let time = ManualTime()
      try await body(try await make { time.now }, time)
    }

    /// The name.
    public var description: String { name }
  }

  /// A rule about what is still there after a checkpointer was opened again.
  public struct DurabilityCheck: Sendable, CustomStringConvertible {
    /// The rule in words.
    public let name: String
    private let body: @Sendable (any Checkpointer, ManualTime, Reopening) async throws -> Void

    init(
      _ name: String, _ body: @escaping @Sendable (any Checkpointer, ManualTime, Reopening) async throws -> Void
    ) {
      self.name = name
      self.body = body
    }

    /// Fills a fresh checkpointer, has it opened again, maybe several times, and checks it. Throws like `Check.run`.
    public func run(_ make: Making, reopen: Reopening) async throws {
      let time = ManualTime()
      try await body(try await make { time.now }, time, reopen)
    }

    /// The name.
    public var description: String { name }
  }

  /// The rules for every checkpointer.
  public static let checks =
    savingChecks + historyChecks + taskChecks + nameChecks + listChecks + treeChecks + pruningChecks
    + concurrencyChecks

  /// The rules for checkpointers that outlive their process.
  public static let durabilityChecks = reopenChecks
}

/// Numbers that are the same for one seed, everywhere.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}
