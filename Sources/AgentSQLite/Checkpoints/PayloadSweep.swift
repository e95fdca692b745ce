import GRDB

/// Finds the payloads of a namespace that no checkpoint refers to: those of removed checkpoints.
struct PayloadSweep {
  private let space: Int64
  /// So many rows of each list's stream are in use.
  private var segments: [Int64: Int] = [:]
  private var values: Set<PayloadID> = []

  /// Looks through the checkpoints of a namespace. Nil if one cannot be read: then nobody knows what it refers to.
  init?(_ db: Database, space: Int64) throws {
    self.space = space
    let cursor = try Row.fetchCursor(
      try db.cachedStatement(sql: "SELECT \(CheckpointRow.columns) FROM checkpoints WHERE space = ?"),
      arguments: [space])
    while let row = try cursor.next() {
      guard let row = try? CheckpointRow(row, space: space) else { return nil }
      for reference in row.references + [row.plan] {
        switch reference {
        case .inline: break
        case .payload(let id): values.insert(id)
        case .list(let pieces):
          for piece in pieces { segments[piece.stream] = max(segments[piece.stream] ?? 0, piece.segments) }
        }
      }
    }
  }

  /// Removes at most `budget` rows. Returns whether that was all.
  func step(_ db: Database, budget: inout Int) throws -> Bool {
    let streams = try Row.fetchAll(
      try db.cachedStatement(sql: "SELECT id, holds_values FROM checkpoint_streams WHERE space = ?"),
      arguments: [space])
    for row in streams {
      let stream: Int64 = try row.decode(atIndex: 0)
      if try row.decode(atIndex: 1) {
        try removeValues(db, stream, budget: &budget)
      } else if let used = segments[stream] {
        budget -= try SpaceRemoval.removePayloads(
          db, from: PayloadID(stream: stream, place: used), to: PayloadID(stream: stream + 1, place: 0), max: budget)
      } else {
        try SpaceRemoval.removeStream(db, stream, budget: &budget)
      }
      if budget <= 0 { return false }
    }
    return true
  }

  private func removeValues(_ db: Database, _ stream: Int64, budget: inout Int) throws {
    let ids = try Int64.fetchAll(
      try db.cachedStatement(sql: "SELECT id FROM checkpoint_payloads WHERE id >= ? AND id < ?"),
      arguments: [PayloadID(stream: stream, place: 0).rowID, PayloadID(stream: stream + 1, place: 0).rowID])
    for id in ids where !values.contains(PayloadID(rowID: id)) {
      guard budget > 0 else { return }
      try db.cachedStatement(sql: "DELETE FROM checkpoint_payloads WHERE id = ?").execute(arguments: [id])
      budget -= 1
    }
  }
}
