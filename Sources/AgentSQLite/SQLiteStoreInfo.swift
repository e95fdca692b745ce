/// What a SQLite store is and has done.
public struct SQLiteStoreInfo: Sendable, Hashable {
  /// The file, with links resolved.
  public let path: String
  /// The number of its newest migration.
  public let schemaVersion: Int
  /// When it waits for the disk.
  public let synchronous: SQLiteStore.Synchronous
  /// The size of the file in bytes.
  public let bytes: Int
  /// The size of the write-ahead log in bytes.
  public let logBytes: Int
  /// Agents that are stored.
  public let agents: Int
  /// Threads that are stored.
  public let threads: Int
  /// Writes that were taken and are not answered yet.
  public let writesWaiting: Int
  /// Writes since the store was opened.
  public let writes: Int
  /// Transactions that did those writes; fewer where writes came together.
  public let transactions: Int
}
