public import AgentGraph
import AgentRuntime
import GRDB

/// A memory store in the file of a `SQLiteStore`, on its one writer and its readers; it ends when that is closed.
///
/// A batch of reads sees one snapshot and does not wait for writes. What was put is durable when the call returns.
public final class SQLiteMemoryStore: MemoryStore {
  /// Expired items that a put removes at most: more than it adds, so that they get fewer.
  static let sweptByPutMax = 16

  private let database: SQLiteStore
  private let limits: MemoryLimits
  private let now: @Sendable () -> UInt64

  /// The memory in this database, with a clock in microseconds since 1970.
  public init(
    _ database: SQLiteStore, limits: MemoryLimits = MemoryLimits(),
    now: @escaping @Sendable () -> UInt64 = { WallClock.microseconds() }
  ) {
    self.database = database
    self.limits = limits
    self.now = now
  }

  /// Does the operations as one transaction. Throws `MemoryStoreError`.
  public func perform(_ operations: [MemoryOperation]) async throws -> [MemoryOutcome] {
    let operations = try limits.check(operations)
    let statements = MemoryStatements(now: MemoryLifetime.time(now()), pageBytesMax: limits.pageBytesMax)
    let body: @Sendable (Database) throws -> [MemoryAnswer] = { db in
      try operations.map { try statements.perform($0, db) }
    }
    return try await translating {
      let answers =
        if operations.contains(where: \.operation.writes) {
          try await database.writer.write(body)
        } else if operations.count == 1, operations[0].operation.readsAtOnce {
          try await database.readers.readOne(body)
        } else {
          try await database.readers.read(body)
        }
      // Parsing is the caller's work, not the reader's or the writer's.
      return try answers.map { try $0() }
    }
  }

  /// Removes some of the items that have expired. Throws `MemoryStoreError`.
  public func sweepExpired(max: Int) async throws -> Int {
    try MemoryLimits.check(sweep: max)
    let statements = MemoryStatements(now: MemoryLifetime.time(now()), pageBytesMax: limits.pageBytesMax)
    return try await translating {
      try await database.writer.write { db in try statements.sweep(db, max: max) }
    }
  }

  private func translating<T>(_ body: () async throws -> T) async throws -> T {
    do {
      return try await body()
    } catch let error as StoreError {
      throw MemoryStoreError(error)
    }
  }
}

extension MemoryOperation {
  /// Whether one statement reads all, which needs no transaction around it.
  fileprivate var readsAtOnce: Bool {
    switch self {
    case .get, .search: !writes
    case .put, .delete, .listNamespaces: false
    }
  }
}
