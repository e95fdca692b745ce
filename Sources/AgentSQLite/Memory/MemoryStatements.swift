import AgentGraph
import AgentJSON
import FoundationEssentials
import GRDB

/// Makes an outcome of the rows that an operation has read.
typealias MemoryAnswer = @Sendable () throws -> MemoryOutcome

/// The statements of memory operations at one time.
struct MemoryStatements: Sendable {
  /// The time of all operations, in microseconds since 1970.
  let now: UInt64
  let pageBytesMax: Int

  private var time: Int64 { Int64(clamping: now) }

  func perform(_ checked: CheckedMemoryOperation, _ db: Database) throws -> MemoryAnswer {
    switch checked.operation {
    case .put(let namespace, let key, let value, _): return try put(namespace, key, value, checked, db)
    case .get(let namespace, let key, let refreshing):
      var row = try get(namespace, key, db)
      if refreshing { try row?.refresh(db, at: now) }
      return { [row] in .item(try row?.item()) }
    case .delete(let namespace, let key):
      let wasThere = try delete(namespace, key, db)
      return { .deleted(wasThere) }
    case .search(let query): return try search(query, db)
    case .listNamespaces(let query):
      let page = try list(query, db)
      return { .namespaces(page) }
    }
  }

  /// Removes at most `max` expired items, those first that expired first.
  func sweep(_ db: Database, max: Int) throws -> Int {
    try db.cachedStatement(
      sql: """
        DELETE FROM memory_items WHERE id IN
          (SELECT id FROM memory_items WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
        """
    ).execute(arguments: [time, max])
    return db.changesCount
  }

  private func put(
    _ namespace: MemoryNamespace, _ key: String, _ value: JSONValue, _ checked: CheckedMemoryOperation, _ db: Database
  ) throws -> MemoryAnswer {
    // Expired items go first, so that one of this name is no update.
    _ = try sweep(db, max: SQLiteMemoryStore.sweptByPutMax)
    let expiresAt = MemoryLifetime.end(from: now, timeToLive: checked.timeToLive)
    let times = try Row.fetchOne(
      try db.cachedStatement(sql: Self.insertion),
      arguments: [
        Data(namespace.sortBytes), key.sqlText, time, time, checked.timeToLive.map(Int64.init(clamping:)),
        expiresAt.map(Int64.init(clamping:)), StoreSchema.format, Data(checked.encoded), time,
      ])
    let createdAt = times.map { UInt64(clamping: $0[0] as Int64) } ?? now
    let updatedAt = times.map { UInt64(clamping: $0[1] as Int64) } ?? now
    let item = MemoryItem(
      namespace: namespace, key: key, value: value, createdAt: createdAt, updatedAt: updatedAt, expiresAt: expiresAt)
    return { .stored(item) }
  }

  /// A row that has expired and is not swept yet is as good as none.
  private static let insertion = """
    INSERT INTO memory_items (namespace, key, created_at, updated_at, time_to_live, expires_at, format, value)
    VALUES (CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?, ?, ?, CAST(? AS TEXT))
    ON CONFLICT (namespace, key) DO UPDATE SET
      created_at = CASE WHEN expires_at <= ?9 THEN excluded.created_at ELSE created_at END,
      updated_at = CASE WHEN expires_at <= ?9 THEN excluded.updated_at
        ELSE max(updated_at, excluded.updated_at) END,
      time_to_live = excluded.time_to_live, expires_at = excluded.expires_at, format = excluded.format,
      value = excluded.value
    RETURNING created_at, updated_at
    """

  private func get(_ namespace: MemoryNamespace, _ key: String, _ db: Database) throws -> MemoryRow? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT \(MemoryRow.columns) FROM memory_items
        WHERE namespace = CAST(? AS TEXT) AND key = CAST(? AS TEXT) AND (expires_at IS NULL OR expires_at > ?)
        """)
    return try Row.fetchOne(statement, arguments: [Data(namespace.sortBytes), key.sqlText, time]).map(MemoryRow.init)
  }

  private func delete(_ namespace: MemoryNamespace, _ key: String, _ db: Database) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: """
        DELETE FROM memory_items WHERE namespace = CAST(? AS TEXT) AND key = CAST(? AS TEXT)
        RETURNING expires_at IS NULL OR expires_at > ?
        """)
    return try Bool.fetchOne(statement, arguments: [Data(namespace.sortBytes), key.sqlText, time]) ?? false
  }
}

// Searching and listing.
extension MemoryStatements {
  private func search(_ query: MemoryQuery, _ db: Database) throws -> MemoryAnswer {
    let condition = MemoryCondition(query, at: time)
    let sql = "SELECT \(MemoryRow.columns) FROM memory_items WHERE \(condition.sql) ORDER BY namespace, key"
    // Filters come in too many shapes to keep a statement of each.
    let statement = query.filters.isEmpty ? try db.cachedStatement(sql: sql) : try db.makeStatement(sql: sql)
    let cursor = try Row.fetchCursor(statement, arguments: condition.arguments)
    var paging = MemoryPaging(limit: query.limit, offset: query.offset, bytesMax: pageBytesMax)
    var rows: [MemoryRow] = []
    var nextOffset: Int?
    reading: while let row = try cursor.next() {
      let found = paging.skipsNext && query.filters.isEmpty ? nil : MemoryRow(row)
      if let found, !query.filters.isEmpty {
        // SQL lets some pass that do not match, but keeps none that do.
        let value = try found.parsedValue()
        guard query.filters.allSatisfy({ $0.matches(value) }) else { continue }
      }
      switch paging.next(bytes: found?.body.count ?? 0) {
      case .skip: continue
      case .take: if let found { rows.append(found) }
      case .stop:
        nextOffset = paging.nextOffset
        break reading
      }
    }
    if query.refreshesTimeToLive {
      for index in rows.indices { try rows[index].refresh(db, at: now) }
    }
    return { [rows, nextOffset] in
      .found(MemoryPage(items: try rows.map { try $0.item() }, nextOffset: nextOffset))
    }
  }

  /// Goes from one namespace straight to the next: the cost grows with their number, not with that of the items.
  private func list(_ query: NamespaceQuery, _ db: Database) throws -> NamespacePage {
    let range = MemoryRange(startingWith: query.prefix)
    let statement = try db.cachedStatement(
      sql: """
        SELECT CAST(namespace AS BLOB) FROM memory_items
        WHERE namespace >= CAST(? AS TEXT) AND namespace < CAST(? AS TEXT)
          AND (expires_at IS NULL OR expires_at > ?)
        ORDER BY namespace LIMIT 1
        """)
    var paging = MemoryPaging(limit: query.limit, offset: query.offset)
    var namespaces: [MemoryNamespace] = []
    var start = range.start
    while let bytes = try Data.fetchOne(statement, arguments: [Data(start), Data(range.end), time]) {
      let namespace = try MemoryRow.namespace(bytes)
      guard query.matches(namespace) else {
        start = MemoryRange.behind(namespace)
        continue
      }
      let listed = query.cut(namespace)
      start = listed.depth == query.depthMax ? listed.sortBytesEnd : MemoryRange.behind(namespace)
      switch paging.next(bytes: 0) {
      case .skip: continue
      case .take: namespaces.append(listed)
      case .stop: return NamespacePage(namespaces: namespaces, nextOffset: paging.nextOffset)
      }
    }
    return NamespacePage(namespaces: namespaces, nextOffset: nil)
  }
}
