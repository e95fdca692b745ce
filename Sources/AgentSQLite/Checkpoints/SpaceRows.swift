import AgentGraph
import FoundationEssentials
import GRDB

/// The rows that names are looked up in.
enum SpaceRows {
  /// The number of a thread, which is made if it is not there.
  static func makeThread(_ db: Database, _ name: [UInt8]) throws -> Int64 {
    if let id = try thread(db, name) { return id }
    try db.cachedStatement(sql: "INSERT INTO checkpoint_threads (name) VALUES (?)").execute(arguments: [name.sqlBytes])
    return db.lastInsertedRowID
  }

  /// The number of a thread, if there is one.
  static func thread(_ db: Database, _ name: [UInt8]) throws -> Int64? {
    try Int64.fetchOne(
      try db.cachedStatement(sql: "SELECT id FROM checkpoint_threads WHERE name = ?"), arguments: [name.sqlBytes])
  }

  /// The number of a namespace, which is made if it is not there.
  static func makeSpace(_ db: Database, thread: Int64, _ name: [UInt8]) throws -> Int64 {
    if let id = try space(db, thread: thread, name) { return id }
    try db.cachedStatement(sql: "INSERT INTO checkpoint_spaces (thread, name) VALUES (?, ?)").execute(
      arguments: [thread, name.sqlBytes])
    return db.lastInsertedRowID
  }

  /// The number of a namespace, if there is one.
  static func space(_ db: Database, thread: Int64, _ namespace: GraphNamespace) throws -> Int64? {
    try space(db, thread: thread, Array(namespace.rawValue.utf8))
  }

  private static func space(_ db: Database, thread: Int64, _ name: [UInt8]) throws -> Int64? {
    try Int64.fetchOne(
      try db.cachedStatement(sql: "SELECT id FROM checkpoint_spaces WHERE thread = ? AND name = ?"),
      arguments: [thread, name.sqlBytes])
  }

  /// The number of a namespace of a thread, if there is one.
  static func space(_ db: Database, thread: String, _ namespace: GraphNamespace) throws -> Int64? {
    try Int64.fetchOne(
      try db.cachedStatement(
        sql: """
          SELECT s.id FROM checkpoint_threads t JOIN checkpoint_spaces s ON s.thread = t.id
          WHERE t.name = ? AND s.name = ?
          """), arguments: [Data(thread.utf8), Data(namespace.rawValue.utf8)])
  }

  /// Whether a namespace is there.
  static func exists(_ db: Database, space: Int64) throws -> Bool {
    try Bool.fetchOne(
      try db.cachedStatement(sql: "SELECT 1 FROM checkpoint_spaces WHERE id = ?"), arguments: [space]) ?? false
  }

  /// The namespaces of a thread, in the order of their bytes: enclosing ones before those within them.
  static func spaces(_ db: Database, thread: Int64) throws -> [(id: Int64, namespace: GraphNamespace)] {
    let statement = try db.cachedStatement(
      sql: "SELECT id, name FROM checkpoint_spaces WHERE thread = ? ORDER BY name")
    let cursor = try Row.fetchCursor(statement, arguments: [thread])
    var spaces: [(Int64, GraphNamespace)] = []
    while let row = try cursor.next() {
      let name = String(decoding: try row.bytes(atIndex: 1), as: UTF8.self)
      spaces.append((try row.decode(atIndex: 0), GraphNamespace(rawValue: name)))
    }
    return spaces
  }

  /// The number of a layout, which is stored if it is new.
  static func makeLayout(_ db: Database, _ layout: CheckpointLayout) throws -> Int64 {
    let body = layout.body
    let id = try Int64.fetchOne(
      try db.cachedStatement(sql: "SELECT id FROM checkpoint_layouts WHERE body = ?"), arguments: [body.sqlBytes])
    if let id { return id }
    try db.cachedStatement(sql: "INSERT INTO checkpoint_layouts (format, sum, body) VALUES (?, ?, ?)").execute(
      arguments: [CheckpointSchema.format, RowChecksum.of(bytes: body), body.sqlBytes])
    return db.lastInsertedRowID
  }

  /// A layout by its number. Throws `DamagedRow`.
  static func layout(_ db: Database, _ id: Int64) throws -> CheckpointLayout {
    let row = try Row.fetchOne(
      try db.cachedStatement(sql: "SELECT format, sum, body FROM checkpoint_layouts WHERE id = ?"), arguments: [id])
    guard let row else { throw DamagedRow(reason: "the names of its channels are not there") }
    try DamagedRow.check(format: try row.decode(atIndex: 0))
    let body = try row.bytes(atIndex: 2)
    guard RowChecksum.of(bytes: body) == (try row.decode(atIndex: 1)) else { throw DamagedRow() }
    return try CheckpointLayout(body: body)
  }
}
