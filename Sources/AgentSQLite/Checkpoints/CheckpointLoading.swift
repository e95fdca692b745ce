import AgentGraph
import GRDB

/// Checkpoints as they were read in one snapshot, not put together yet.
struct LoadedCheckpoints: Sendable {
  private let thread: String
  private let namespace: GraphNamespace
  private var rows: [(row: CheckpointRow, records: [TaskRecordRow])] = []
  private var layouts: [Int64: CheckpointLayout] = [:]
  private var payloads: [PayloadID: PayloadRow] = [:]

  /// Reads the checkpoint with this id, or the latest. Throws `GraphError.unreadableCheckpoint`.
  init(_ db: Database, thread: String, _ namespace: GraphNamespace, id: CheckpointID?) throws {
    let which = id == nil ? "ORDER BY time DESC, origin DESC LIMIT 1" : "AND time = ? AND origin = ?"
    try self.init(
      db, thread: thread, namespace, which, id.map { [$0.sqlTime, $0.sqlOrigin] } ?? [], effects: true)
  }

  /// Reads what a query wants. Throws `GraphError.unreadableCheckpoint`.
  init(_ db: Database, thread: String, _ namespace: GraphNamespace, query: HistoryQuery) throws {
    var (conditions, arguments): ([String], StatementArguments) = ([], [])
    if let before = query.before {
      conditions.append("AND (time, origin) < (?, ?)")
      arguments += [before.sqlTime, before.sqlOrigin]
    }
    if let sources = query.sources {
      let numbers = sources.map { "\($0.sql)" }.sorted().joined(separator: ", ")
      conditions.append("AND source IN (\(numbers))")
    }
    if let run = query.run {
      conditions.append("AND run = ?")
      arguments += [Array(run.utf8).sqlBytes]
    }
    conditions.append("ORDER BY time DESC, origin DESC LIMIT ?")
    arguments += [max(query.limit, 0)]
    try self.init(db, thread: thread, namespace, conditions.joined(separator: " "), arguments, effects: false)
  }

  private init(
    _ db: Database, thread: String, _ namespace: GraphNamespace, _ which: String, _ arguments: StatementArguments,
    effects: Bool
  ) throws {
    self.thread = thread
    self.namespace = namespace
    guard let space = try SpaceRows.space(db, thread: thread, namespace) else { return }
    let cursor = try Row.fetchCursor(
      try db.cachedStatement(sql: "SELECT \(CheckpointRow.columns) FROM checkpoints WHERE space = ? \(which)"),
      arguments: [space] + arguments)
    while let row = try cursor.next() {
      let id = try CheckpointID(row)
      try naming(id) {
        let row = try CheckpointRow(row, space: space)
        if layouts[row.layout] == nil { layouts[row.layout] = try SpaceRows.layout(db, row.layout) }
        rows.append((row, try TaskRecordRow.fetch(db, space: space, id, effects: effects)))
      }
    }
    try fetchPayloads(db)
  }

  /// Reads each row once, however many of the checkpoints have it.
  private mutating func fetchPayloads(_ db: Database) throws {
    var segments: [Int64: Int] = [:]
    for (row, _) in rows {
      for reference in row.references + [row.plan] {
        switch reference {
        case .inline: break
        case .payload(let id):
          if payloads[id] == nil { try PayloadRows.fetch(db, from: id, count: 1, into: &payloads) }
        case .list(let pieces):
          for piece in pieces { segments[piece.stream] = max(segments[piece.stream] ?? 0, piece.segments) }
        }
      }
    }
    for (stream, count) in segments {
      try PayloadRows.fetch(db, from: PayloadID(stream: stream, place: 0), count: count, into: &payloads)
    }
  }

  /// The checkpoints. Throws `GraphError.unreadableCheckpoint`.
  func stored() throws -> [StoredCheckpoint] {
    var bytes: [PayloadID: [UInt8]] = [:]
    return try rows.map { row, records in
      try naming(row.id) {
        var checkpoint = try stored(row, &bytes)
        for record in records { try record.add(to: &checkpoint, thread: thread) }
        return checkpoint
      }
    }
  }

  private func stored(_ row: CheckpointRow, _ bytes: inout [PayloadID: [UInt8]]) throws -> StoredCheckpoint {
    guard let layout = layouts[row.layout], layout.channels.count == row.references.count else { throw DamagedRow() }
    var channels: [String: StoredChannel] = [:]
    for (channel, reference) in zip(layout.channels, row.references) {
      switch reference {
      case .inline(let value): channels[channel.name] = .value(value)
      case .payload(let id): channels[channel.name] = .value(try payload(id, &bytes).bytes)
      case .list(let pieces):
        var segments: [[UInt8]] = []
        for piece in pieces { try add(piece, to: &segments, &bytes) }
        channels[channel.name] = .segments(segments)
      }
    }
    var metadata = row.metadata
    metadata.graph = layout.graph
    return StoredCheckpoint(
      namespace: namespace, id: row.id, parent: row.parent, metadata: metadata, plan: try plan(row, &bytes),
      state: .encoded(channels))
  }

  private func plan(_ row: CheckpointRow, _ bytes: inout [PayloadID: [UInt8]]) throws -> CheckpointPlan {
    switch row.plan {
    case .inline([]): CheckpointPlan()
    case .inline(let plan): try CheckpointPlan(encoded: plan)
    case .payload(let id): try CheckpointPlan(encoded: payload(id, &bytes).bytes)
    case .list: throw DamagedRow()
    }
  }

  private func add(
    _ piece: ListPiece, to segments: inout [[UInt8]], _ bytes: inout [PayloadID: [UInt8]]
  ) throws {
    var elements = 0
    for place in 0..<piece.segments {
      let (count, segment) = try payload(PayloadID(stream: piece.stream, place: place), &bytes)
      elements += count
      segments.append(segment)
    }
    guard elements == piece.elements else { throw DamagedRow(reason: "a list is not as long as it should be") }
  }

  private func payload(
    _ id: PayloadID, _ bytes: inout [PayloadID: [UInt8]]
  ) throws -> (count: Int, bytes: [UInt8]) {
    guard let row = payloads[id] else { throw DamagedRow(reason: "a row is missing") }
    if let known = bytes[id] { return (row.count, known) }
    let checked = try row.bytes(id)
    bytes[id] = checked
    return (row.count, checked)
  }

  /// Does something, and says of which checkpoint it could not be done.
  private func naming<T>(_ id: CheckpointID, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let fault as DatabaseError {
      throw fault
    } catch {
      let reason = (error as? DamagedRow)?.reason ?? "\(error)"
      throw CheckpointFault.unreadable(thread: thread, namespace, "Checkpoint \(id)", reason)
    }
  }
}
