import AgentGraph
import AgentJSON
import AgentRuntime
import FoundationEssentials
import GRDB

/// An item as it was read, not parsed yet.
struct MemoryRow: Sendable {
  /// What `init` reads, in its order.
  static let columns = """
    id, CAST(namespace AS BLOB), CAST(key AS BLOB), created_at, updated_at, time_to_live, expires_at, format,
    CAST(value AS BLOB)
    """

  private let id: Int64
  private let namespace: Data
  private let key: Data
  private let createdAt: Int64
  private let updatedAt: Int64
  private let timeToLive: Int64?
  private var expiresAt: Int64?
  private let format: Int
  /// The value's JSON text.
  let body: Data

  init(_ row: Row) {
    id = row[0]
    namespace = row[1]
    key = row[2]
    createdAt = row[3]
    updatedAt = row[4]
    timeToLive = row[5]
    expiresAt = row[6]
    format = row[7]
    body = row[8]
  }

  /// Lets the item live on from now for as long as its last put gave it.
  mutating func refresh(_ db: Database, at now: UInt64) throws {
    guard let timeToLive else { return }
    let end = MemoryLifetime.end(from: now, timeToLive: UInt64(clamping: timeToLive))
    expiresAt = end.map(Int64.init(clamping:))
    try db.cachedStatement(sql: "UPDATE memory_items SET expires_at = ? WHERE id = ?").execute(
      arguments: [expiresAt, id])
  }

  /// Parses the value. Throws `StoreError.corrupt`.
  func parsedValue() throws -> JSONValue {
    try JSONValue(sqlText: body, format: format, of: "A memory item")
  }

  /// Parses the item. Throws `StoreError.corrupt` and `MemoryStoreError.corrupt`.
  func item() throws -> MemoryItem {
    MemoryItem(
      namespace: try Self.namespace(namespace), key: String(sqlText: key), value: try parsedValue(),
      createdAt: UInt64(clamping: createdAt), updatedAt: UInt64(clamping: updatedAt),
      expiresAt: expiresAt.map(UInt64.init(clamping:)))
  }

  /// Reads a stored namespace. Throws `StoreError.corrupt`.
  static func namespace(_ bytes: Data) throws -> MemoryNamespace {
    do {
      return try MemoryNamespace(sortBytes: bytes)
    } catch {
      throw StoreError(.corrupt, "A stored memory namespace is damaged.", cause: error)
    }
  }
}
