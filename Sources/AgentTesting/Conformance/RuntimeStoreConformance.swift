public import AgentRuntime

/// What every `RuntimeStore` has to do, as checks that need no test framework.
///
/// With swift-testing: `@Test(arguments: RuntimeStoreConformance.checks) func conforms(check:
/// RuntimeStoreConformance.Check) async throws { try await check.run { try await MyStore.open(…) } }`.
public struct RuntimeStoreConformance: Sendable {
  /// Makes a store with nothing in it.
  public typealias Making = @Sendable () async throws -> any RuntimeStore
  /// Ends a store, as gently or as rudely as it can be ended, and opens what it kept.
  public typealias Reopening = @Sendable (any RuntimeStore) async throws -> any RuntimeStore

  /// A rule that a store has to follow.
  public struct Check: Sendable, CustomStringConvertible {
    /// The rule in words.
    public let name: String
    private let body: @Sendable (any RuntimeStore) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (any RuntimeStore) async throws -> Void) {
      self.name = name
      self.body = body
    }

    /// Checks a fresh store and closes it. Throws `ConformanceFailure`, or what the store threw out of turn.
    public func run(_ make: Making) async throws {
      let store = try await make()
      do {
        try await body(store)
      } catch {
        await store.close()
        throw error
      }
      await store.close()
    }

    /// The name.
    public var description: String { name }
  }

  /// A rule about what is still there after a store was opened again.
  public struct DurabilityCheck: Sendable, CustomStringConvertible {
    /// The rule in words.
    public let name: String
    private let before: @Sendable (any RuntimeStore) async throws -> Void
    private let after: @Sendable (any RuntimeStore) async throws -> Void

    init(
      _ name: String, before: @escaping @Sendable (any RuntimeStore) async throws -> Void,
      after: @escaping @Sendable (any RuntimeStore) async throws -> Void
    ) {
      self.name = name
      self.before = before
      self.after = after
    }

    /// Fills a fresh store, has it opened again and checks it. Throws like `Check.run`.
    public func run(_ make: Making, reopen: Reopening) async throws {
      let first = try await make()
      try await before(first)
      let second = try await reopen(first)
      try await after(second)
      await second.close()
    }

    /// The name.
    public var description: String { name }
  }

  /// The rules for every store.
  public static let checks =
    agentChecks + listChecks + lineChecks + threadChecks + userChecks + concurrencyChecks + runChecks + runListChecks
    + runClaimChecks + runRemovalChecks + runThreadChecks + retentionChecks

  /// The rules for stores that outlive their process.
  public static let durabilityChecks = reopenChecks + runReopenChecks + retentionReopenChecks
}

/// What a store did that it should not have.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
  /// The fault in words.
  public let description: String
}

func expect(_ condition: Bool, _ fault: @autoclosure () -> String) throws {
  if !condition { throw ConformanceFailure(description: fault()) }
}

func expectEqual<T: Equatable>(_ got: T, _ wanted: T, _ what: String) throws {
  try expect(got == wanted, "\(what): got \(got), wanted \(wanted)")
}

/// Unwraps what has to be there.
func expectSome<T>(_ value: T?, _ what: String) throws -> T {
  guard let value else { throw ConformanceFailure(description: "\(what) is not there") }
  return value
}

/// Expects `body` to throw a `StoreError` of this kind.
func expectError(_ kind: StoreError.Kind, _ what: String, _ body: () async throws -> Void) async throws {
  do {
    try await body()
  } catch let error as StoreError {
    try expect(error.kind == kind, "\(what): threw \(error.kind) (\(error.message)), wanted \(kind)")
    return try expect(!error.message.isEmpty, "\(what): the error has no message")
  }
  throw ConformanceFailure(description: "\(what): did not throw, wanted \(kind)")
}
