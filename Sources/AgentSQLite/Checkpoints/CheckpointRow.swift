import AgentGraph
import FoundationEssentials
import GRDB

/// A row of `checkpoints`.
struct CheckpointRow: Sendable {
  /// In the order in which `init(_: Row)` and `insert` have them, after `space`.
  static let columns = "time, origin, parent_time, parent_origin, source, run, format, sum, body"

  let space: Int64
  let id: CheckpointID
  let parent: CheckpointID?
  let layout: Int64
  let references: [ChannelReference]
  let plan: ChannelReference
  /// Without the graph's name, which the layout has.
  let metadata: CheckpointMetadata

  init(
    space: Int64, record: CheckpointRecord, layout: Int64, references: [ChannelReference], plan: ChannelReference
  ) {
    self.space = space
    id = record.id
    parent = record.parent
    metadata = record.metadata
    self.layout = layout
    self.references = references
    self.plan = plan
  }

  /// The row of a checkpoint, if it is there. Throws `DamagedRow`.
  static func fetchOne(_ db: Database, space: Int64, _ id: CheckpointID) throws -> CheckpointRow? {
    let row = try Row.fetchOne(
      try db.cachedStatement(
        sql: "SELECT \(columns) FROM checkpoints WHERE space = ? AND time = ? AND origin = ?"),
      arguments: [space, id.sqlTime, id.sqlOrigin])
    return try row.map { try CheckpointRow($0, space: space) }
  }

  /// The row of the latest checkpoint. Throws `DamagedRow`.
  static func fetchLatest(_ db: Database, space: Int64) throws -> CheckpointRow? {
    let row = try Row.fetchOne(
      try db.cachedStatement(
        sql: "SELECT \(columns) FROM checkpoints WHERE space = ? ORDER BY time DESC, origin DESC LIMIT 1"),
      arguments: [space])
    return try row.map { try CheckpointRow($0, space: space) }
  }

  /// The checkpoints of nested graphs that those of a namespace name. What is damaged names none.
  static func fetchOwn(_ db: Database, space: Int64) throws -> Set<CheckpointID> {
    let cursor = try Row.fetchCursor(
      try db.cachedStatement(sql: "SELECT \(columns) FROM checkpoints WHERE space = ?"), arguments: [space])
    var named: Set<CheckpointID> = []
    while let row = try cursor.next() {
      guard let own = (try? CheckpointRow(row, space: space))?.metadata.own else { continue }
      named.formUnion(own.values)
    }
    return named
  }

  /// Whether a namespace has any checkpoint.
  static func exists(_ db: Database, space: Int64) throws -> Bool {
    try Bool.fetchOne(
      try db.cachedStatement(sql: "SELECT 1 FROM checkpoints WHERE space = ? LIMIT 1"), arguments: [space]) ?? false
  }

  /// Whether a namespace has a checkpoint.
  static func exists(_ db: Database, space: Int64, _ id: CheckpointID) throws -> Bool {
    try Bool.fetchOne(
      try db.cachedStatement(sql: "SELECT 1 FROM checkpoints WHERE space = ? AND time = ? AND origin = ?"),
      arguments: [space, id.sqlTime, id.sqlOrigin]) ?? false
  }

  /// Reads a row of `columns`. Throws `DamagedRow`.
  init(_ row: Row, space: Int64) throws {
    let id = try CheckpointID(row)
    let parent: CheckpointID? =
      if let time = try row.decode(Int64?.self, atIndex: 2) {
        CheckpointID(sqlTime: time, sqlOrigin: try row.decode(atIndex: 3))
      } else { nil }
    let source: Int64 = try row.decode(atIndex: 4)
    let (run, body) = (try row.bytes(atIndex: 5), try row.bytes(atIndex: 8))
    try DamagedRow.check(format: try row.decode(atIndex: 6))
    guard
      Self.sum(space: space, id: id, parent: parent, source: source, run: run, body: body)
        == (try row.decode(atIndex: 7)),
      let source = CheckpointSource(sql: source)
    else { throw DamagedRow() }
    var reader = RowReader(body)
    self.space = space
    self.id = id
    self.parent = parent
    layout = Int64(bitPattern: try reader.number())
    references = try reader.list { try $0.reference() }
    plan = try reader.reference()
    metadata = try CheckpointMetadata(&reader, id: id, source: source, run: String(decoding: run, as: UTF8.self))
    guard reader.isAtEnd else { throw DamagedRow() }
  }

  private static func sum(
    space: Int64, id: CheckpointID, parent: CheckpointID?, source: Int64, run: [UInt8], body: [UInt8]
  ) -> Int64 {
    var sum = RowChecksum()
    for word in [
      UInt64(bitPattern: space), id.time, id.origin, parent?.time ?? 0, parent?.origin ?? 0,
      UInt64(bitPattern: source),
    ] { sum.add(word) }
    sum.add(run)
    sum.add(body)
    return sum.value
  }

  /// Stores the row; returns its bytes.
  func insert(_ db: Database) throws -> Int {
    var writer = RowWriter()
    writer.add(UInt64(bitPattern: layout))
    writer.add(references.count)
    for reference in references { writer.add(reference) }
    writer.add(plan)
    metadata.write(to: &writer, id: id)
    let run = Array(metadata.run.utf8)
    let sum = Self.sum(
      space: space, id: id, parent: parent, source: metadata.source.sql, run: run, body: writer.bytes)
    try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO checkpoints (space, \(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ).execute(
      arguments: [
        space, id.sqlTime, id.sqlOrigin, parent?.sqlTime, parent?.sqlOrigin, metadata.source.sql, run.sqlBytes,
        CheckpointSchema.format, sum, writer.bytes.sqlBytes,
      ])
    return run.count + writer.bytes.count
  }
}

extension DamagedRow {
  /// Throws for rows that a newer version wrote.
  static func check(format: Int) throws {
    guard format == CheckpointSchema.format else {
      throw DamagedRow(
        reason: "a row is stored in format \(format), and this version reads format \(CheckpointSchema.format)")
    }
  }
}

extension CheckpointMetadata {
  fileprivate func write(to writer: inout RowWriter, id: CheckpointID) {
    writer.add(signed: step)
    // Near the id's own time, so that a byte or two will do.
    writer.add(signed: Int(truncatingIfNeeded: createdAt &- id.time))
    writer.add(ran.count)
    for node in ran { writer.add(node) }
    writer.add(parents.count)
    for (namespace, parent) in parents.sorted(by: { $0.key < $1.key }) {
      writer.add(namespace)
      writer.add(parent.time)
      writer.add(parent.origin)
    }
    writer.add(versions.count)
    for version in versions { writer.add(signed: step &- version) }
    writer.add(rewritten?.count ?? 0)
    for channel in rewritten ?? [] { writer.add(channel) }
    // Most have none, and end here.
    guard let own else { return }
    writer.add(own.count)
    for (namespace, checkpoint) in own.sorted(by: { $0.key < $1.key }) {
      writer.add(namespace)
      writer.add(checkpoint.time)
      writer.add(checkpoint.origin)
    }
  }

  fileprivate init(_ reader: inout RowReader, id: CheckpointID, source: CheckpointSource, run: String) throws {
    let step = try reader.signed()
    let createdAt = id.time &+ UInt64(bitPattern: Int64(try reader.signed()))
    let ran = try reader.list { try $0.text() }
    let parents = try reader.checkpoints()
    let versions = try reader.list { step &- (try $0.signed()) }
    let rewritten = try reader.list { Int(truncatingIfNeeded: try $0.number()) }
    self.init(
      source: source, step: step, run: run, graph: "", createdAt: createdAt, ran: ran,
      parents: parents, versions: versions, rewritten: rewritten.isEmpty ? nil : rewritten,
      own: reader.isAtEnd ? nil : try reader.checkpoints())
  }
}

extension RowReader {
  /// Checkpoints by namespace.
  fileprivate mutating func checkpoints() throws -> [String: CheckpointID] {
    let pairs = try list { (try $0.text(), CheckpointID(time: try $0.number(), origin: try $0.number())) }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }
}

extension CheckpointSource {
  fileprivate init?(sql: Int64) {
    switch sql {
    case 0: self = .input
    case 1: self = .loop
    case 2: self = .update
    case 3: self = .fork
    default: return nil
    }
  }

  /// The number in the table.
  var sql: Int64 {
    switch self {
    case .input: 0
    case .loop: 1
    case .update: 2
    case .fork: 3
    }
  }
}

extension CheckpointID {
  /// Without sign and still in order.
  private static let shift: UInt64 = 1 << 63

  init(sqlTime: Int64, sqlOrigin: Int64) {
    self.init(time: UInt64(bitPattern: sqlTime) ^ Self.shift, origin: UInt64(bitPattern: sqlOrigin) ^ Self.shift)
  }

  /// From the first two columns of a row.
  init(_ row: Row) throws { self.init(sqlTime: try row.decode(atIndex: 0), sqlOrigin: try row.decode(atIndex: 1)) }

  var sqlTime: Int64 { Int64(bitPattern: time ^ Self.shift) }
  var sqlOrigin: Int64 { Int64(bitPattern: origin ^ Self.shift) }
}
