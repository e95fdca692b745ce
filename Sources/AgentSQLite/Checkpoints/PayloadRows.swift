import FoundationEssentials
import GRDB

/// A row of `checkpoint_payloads`, as it was read.
struct PayloadRow: Sendable {
  let count: Int
  private let format: Int
  private let sum: Int64
  private let body: [UInt8]

  /// From `id, count, format, sum, body`.
  init(_ row: Row) throws {
    count = try row.decode(atIndex: 1)
    format = try row.decode(atIndex: 2)
    sum = try row.decode(atIndex: 3)
    body = try row.bytes(atIndex: 4)
  }

  /// The bytes that were stored under an id. Throws `DamagedRow`.
  func bytes(_ id: PayloadID) throws -> [UInt8] {
    try DamagedRow.check(format: format)
    guard RowChecksum.of(id.rowID, Int64(count), bytes: body) == sum else { throw DamagedRow() }
    return body
  }
}

/// The statements on payloads.
enum PayloadRows {
  /// Stores a row. Returns false, and does nothing, if the place is taken.
  static func insert(_ db: Database, _ id: PayloadID, count: Int, _ bytes: [UInt8]) throws -> Bool {
    try db.cachedStatement(
      sql: """
        INSERT INTO checkpoint_payloads (id, count, format, sum, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """
    ).execute(
      arguments: [
        id.rowID, count, CheckpointSchema.format, RowChecksum.of(id.rowID, Int64(count), bytes: bytes), bytes.sqlBytes,
      ])
    return db.changesCount > 0
  }

  /// Adds the rows of a range of ids to what was read.
  static func fetch(
    _ db: Database, from first: PayloadID, count: Int, into rows: inout [PayloadID: PayloadRow]
  ) throws {
    let statement = try db.cachedStatement(
      sql: "SELECT id, count, format, sum, body FROM checkpoint_payloads WHERE id >= ? AND id < ? ORDER BY id")
    let cursor = try Row.fetchCursor(statement, arguments: [first.rowID, first.rowID + Int64(count)])
    while let row = try cursor.next() { rows[PayloadID(rowID: try row.decode(atIndex: 0))] = try PayloadRow(row) }
  }

  /// The piece without its end: the longest one of whole segments with at most so many elements. Throws `DamagedRow`
  /// where the rows do not make the piece.
  static func cut(_ db: Database, _ piece: ListPiece, to elements: Int) throws -> ListPiece {
    var piece = piece
    let first = PayloadID(stream: piece.stream, place: 0).rowID
    let statement = try db.cachedStatement(
      sql: "SELECT count FROM checkpoint_payloads WHERE id >= ? AND id < ? ORDER BY id DESC")
    let counts = try Int.fetchCursor(statement, arguments: [first, first + Int64(piece.segments)])
    while piece.elements > elements {
      guard let count = try counts.next(), count <= piece.elements else { throw DamagedRow() }
      piece.segments -= 1
      piece.elements -= count
    }
    return piece
  }

  /// The last row of a stream.
  static func last(_ db: Database, stream: Int64) throws -> PayloadID? {
    try Int64.fetchOne(
      try db.cachedStatement(sql: "SELECT max(id) FROM checkpoint_payloads WHERE id >= ? AND id < ?"),
      arguments: [PayloadID(stream: stream, place: 0).rowID, PayloadID(stream: stream + 1, place: 0).rowID]
    ).map(PayloadID.init(rowID:))
  }
}
