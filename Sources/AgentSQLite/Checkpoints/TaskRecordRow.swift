import AgentGraph
import FoundationEssentials
import GRDB

/// A row of `checkpoint_records`: a pending write or an effect.
struct TaskRecordRow: Sendable {
  /// The place of a pending write; effects have theirs from 0 on.
  static let pendingPlace: Int64 = -1

  private let task: [UInt8]
  private let place: Int64
  private let waits: Bool
  private let format: Int
  private let sum: Int64
  private let body: [UInt8]

  init(_ record: PendingRecord) throws {
    var writer = RowWriter()
    writer.add(record.node)
    writer.add(record.outcome.kind)
    writer.add(try record.outcome.encoded())
    let waits = if case .interrupted(let open, _) = record.outcome { !open.isEmpty } else { false }
    self.init(
      record.namespace, record.checkpoint, task: record.task, place: Self.pendingPlace, waits: waits, writer.bytes)
  }

  init(_ record: EffectRecord) throws {
    var writer = RowWriter()
    writer.add(record.name)
    writer.add(try record.result.bytes())
    self.init(
      record.namespace, record.checkpoint, task: record.task, place: Int64(record.index), waits: false, writer.bytes)
  }

  private init(
    _ namespace: GraphNamespace, _ checkpoint: CheckpointID, task: TaskID, place: Int64, waits: Bool, _ body: [UInt8]
  ) {
    self.task = task.sqlBytes
    self.place = place
    self.waits = waits
    self.body = body
    format = CheckpointSchema.format
    sum = Self.sum(checkpoint, task: self.task, place: place, waits: waits, body)
  }

  private static func sum(
    _ checkpoint: CheckpointID, task: [UInt8], place: Int64, waits: Bool, _ body: [UInt8]
  ) -> Int64 {
    var sum = RowChecksum()
    for word in [checkpoint.time, checkpoint.origin, UInt64(bitPattern: place), waits ? 1 : 0] { sum.add(word) }
    sum.add(task)
    sum.add(body)
    return sum.value
  }

  /// Stores the row, in the place of what was stored for it before; returns its bytes.
  func insert(_ db: Database, space: Int64, _ checkpoint: CheckpointID) throws -> Int {
    try db.cachedStatement(
      sql: """
        INSERT INTO checkpoint_records (space, time, origin, task, place, waits, format, sum, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (space, time, origin, task, place) DO UPDATE
          SET waits = excluded.waits, format = excluded.format, sum = excluded.sum, body = excluded.body
        """
    ).execute(
      arguments: [
        space, checkpoint.sqlTime, checkpoint.sqlOrigin, task.sqlBytes, place, waits, format, sum, body.sqlBytes,
      ])
    return task.count + body.count
  }

  /// The rows of a checkpoint, in the order in which they came.
  static func fetch(
    _ db: Database, space: Int64, _ checkpoint: CheckpointID, effects: Bool
  ) throws -> [TaskRecordRow] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT task, place, waits, format, sum, body FROM checkpoint_records
        WHERE space = ? AND time = ? AND origin = ? \(effects ? "" : "AND place = \(pendingPlace)") ORDER BY id
        """)
    let cursor = try Row.fetchCursor(statement, arguments: [space, checkpoint.sqlTime, checkpoint.sqlOrigin])
    var rows: [TaskRecordRow] = []
    while let row = try cursor.next() { rows.append(try TaskRecordRow(row)) }
    return rows
  }

  /// Whether a task of the checkpoint waits at an interrupt.
  static func waits(_ db: Database, space: Int64, _ checkpoint: CheckpointID) throws -> Bool {
    try Bool.fetchOne(
      try db.cachedStatement(
        sql: """
          SELECT 1 FROM checkpoint_records
          WHERE space = ? AND time = ? AND origin = ? AND place = \(pendingPlace) AND waits LIMIT 1
          """), arguments: [space, checkpoint.sqlTime, checkpoint.sqlOrigin]) ?? false
  }

  private init(_ row: Row) throws {
    task = try row.bytes(atIndex: 0)
    place = try row.decode(atIndex: 1)
    waits = try row.decode(atIndex: 2)
    format = try row.decode(atIndex: 3)
    sum = try row.decode(atIndex: 4)
    body = try row.bytes(atIndex: 5)
  }

  /// What the row holds, added to a checkpoint. Throws `DamagedRow`, and what reading an outcome throws.
  func add(to checkpoint: inout StoredCheckpoint, thread: String) throws {
    try DamagedRow.check(format: format)
    guard Self.sum(checkpoint.id, task: task, place: place, waits: waits, body) == sum else { throw DamagedRow() }
    let task = try TaskID(sqlBytes: task)
    var reader = RowReader(body)
    let name = try reader.text()
    if place == Self.pendingPlace {
      let outcome = try PendingOutcome(kind: try reader.text(), encoded: try reader.content())
      checkpoint.pending.append(
        PendingRecord(
          thread: thread, namespace: checkpoint.namespace, checkpoint: checkpoint.id, task: task, node: name,
          outcome: outcome))
    } else {
      checkpoint.effects.append(
        EffectRecord(
          thread: thread, namespace: checkpoint.namespace, checkpoint: checkpoint.id, task: task,
          index: Int(place), name: name, result: .encoded(try reader.content())))
    }
  }
}

extension TaskID {
  /// Half as long as the text where that is 32 hexadecimal digits, as the engine makes them.
  fileprivate var sqlBytes: [UInt8] {
    guard let number = CheckpointID(rawValue) else { return [0] + Array(rawValue.utf8) }
    var bytes: [UInt8] = [1]
    for part in [number.time, number.origin] {
      for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: part >> shift)) }
    }
    return bytes
  }

  fileprivate init(sqlBytes bytes: [UInt8]) throws {
    switch bytes.first {
    case 0: self.init(rawValue: String(decoding: bytes.dropFirst(), as: UTF8.self))
    case 1 where bytes.count == 17:
      func part(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
      self.init(rawValue: CheckpointID(time: part(1..<9), origin: part(9..<17)).description)
    default: throw DamagedRow()
    }
  }
}
