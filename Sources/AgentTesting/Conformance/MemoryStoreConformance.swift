public import AgentGraph
import AgentJSON
import Synchronization

/// What every `MemoryStore` has to do, as checks that need no test framework.
///
/// With swift-testing: `@Test(arguments: MemoryStoreConformance.checks) func conforms(check:
/// MemoryStoreConformance.Check) async throws { try await check.run { clock in MyStore(…, now: clock) } }`.
public struct MemoryStoreConformance: Sendable {
  /// Makes a store with nothing in it and the default limits, which takes its time from the clock given.
  public typealias Making = @Sendable (_ now: @escaping @Sendable () -> UInt64) async throws -> any MemoryStore

  /// A rule that a store has to follow.
  public struct Check: Sendable, CustomStringConvertible {
    /// The rule in words.
    public let name: String
    private let body: @Sendable (any MemoryStore, ManualTime) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (any MemoryStore, ManualTime) async throws -> Void) {
      self.name = name
      self.body = body
    }

    /// Checks a fresh store. Throws `ConformanceFailure`, or what the store threw out of turn.
    public func run(_ make: Making) async throws {
      let time = ManualTime()
      try await body(try await make { time.now }, time)
    }

    /// The name.
    public var description: String { name }
  }

  /// The rules for every store.
  public static let checks =
    itemChecks + searchChecks + filterChecks + namespaceChecks + lifetimeChecks + limitChecks + batchChecks
    + concurrencyChecks
}

/// A time of day that passes only when told to, in microseconds since 1970.
public final class ManualTime: Sendable {
  /// When it starts.
  public static let start: UInt64 = 1_767_225_600_000_000

  private let time = Mutex(start)

  /// A time that stands at `start`.
  public init() {}

  /// Now.
  public var now: UInt64 { time.withLock { $0 } }

  /// Lets so many microseconds pass.
  public func pass(microseconds: UInt64) { time.withLock { $0 += microseconds } }

  /// Goes back by so many microseconds, as a clock that is set right does.
  public func goBack(microseconds: UInt64) { time.withLock { $0 -= microseconds } }
}

extension MemoryStore {
  /// Puts an integer for each key.
  func fill(_ namespace: MemoryNamespace, _ keys: [String], timeToLive: Duration? = nil) async throws {
    for (index, key) in keys.enumerated() { try await put(namespace, key, .integer(index), timeToLive: timeToLive) }
  }

  /// The keys of the first thousand items that match.
  func keys(_ prefix: MemoryNamespace? = nil, _ filters: MemoryFilter...) async throws -> [String] {
    try await search(MemoryQuery(prefix: prefix, filters: filters, limit: 1000)).items.map(\.key)
  }

  /// The labels of the first hundred namespaces.
  func lists(_ query: NamespaceQuery = NamespaceQuery()) async throws -> [[String]] {
    try await listNamespaces(query).namespaces.map(\.labels)
  }
}

/// Expects `body` to throw a `MemoryStoreError` of this code.
func expectMemoryError(
  _ code: MemoryStoreError.Code, _ what: String, _ body: () async throws -> Void
) async throws {
  do {
    try await body()
  } catch let error as MemoryStoreError {
    try expect(error.code == code, "\(what): threw \(error), wanted \(code.rawValue)")
    return try expect(!error.message.isEmpty, "\(what): the error has no message")
  }
  throw ConformanceFailure(description: "\(what): did not throw, wanted \(code.rawValue)")
}

/// Whether texts have the same bytes, which `==` on strings does not tell.
func sameBytes(_ left: [String], _ right: [String]) -> Bool {
  left.map { Array($0.utf8) } == right.map { Array($0.utf8) }
}
