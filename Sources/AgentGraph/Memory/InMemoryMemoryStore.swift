import Synchronization

/// A memory store that lasts as long as its object; for tests, and for memory that need not be kept.
public final class InMemoryMemoryStore: MemoryStore {
  private let limits: MemoryLimits
  private let now: @Sendable () -> UInt64
  private let table: Mutex<MemoryTable>

  /// A store with a clock in microseconds since 1970; it holds at most `bytesMax` bytes of namespaces, keys and
  /// values' JSON text, and refuses more with `store_full`.
  public init(
    limits: MemoryLimits = MemoryLimits(), bytesMax: Int = 256 << 20,
    now: @escaping @Sendable () -> UInt64 = { WallClock.microseconds() }
  ) {
    self.limits = limits
    self.now = now
    self.table = Mutex(MemoryTable(bytesMax: bytesMax, pageBytesMax: limits.pageBytesMax))
  }

  /// Does the operations as one transaction. Throws `MemoryStoreError`.
  public func perform(_ operations: [MemoryOperation]) async throws -> [MemoryOutcome] {
    let operations = try limits.check(operations)
    let now = MemoryLifetime.time(now())
    return try table.withLock { table throws(MemoryStoreError) in try table.perform(operations, at: now) }
  }

  /// Removes some of the items that have expired. Throws `invalid_query`.
  public func sweepExpired(max: Int) async throws -> Int {
    try MemoryLimits.check(sweep: max)
    let now = MemoryLifetime.time(now())
    return table.withLock { $0.sweep(max: max, at: now) }
  }

  /// Bytes held, with items that have expired and are not removed yet.
  public var bytes: Int { table.withLock { $0.bytes } }
}
