import AgentJSON
import AgentRuntime
import FoundationEssentials
import GRDB

/// A run as it was read, not parsed yet.
struct RunRow: Sendable {
  /// What `init` reads, in its order.
  private static let columns = """
    CAST(runs.id AS BLOB), runs.created_at, runs.revision, CAST(runs.claimed_by AS BLOB), runs.claimed_until,
    runs.format, CAST(runs.body AS BLOB), run_origins.format, CAST(run_origins.body AS BLOB)
    """

  /// A run whose agent is stored.
  static let isOwned = "EXISTS (SELECT 1 FROM run_owners WHERE run_owners.id = runs.owner AND agent IS NOT NULL)"

  /// Whether there is a run with this id.
  static func exists(_ db: Database, _ id: String) throws -> Bool {
    try Bool.fetchOne(
      try db.cachedStatement(sql: "SELECT 1 FROM runs WHERE id = CAST(? AS TEXT) AND \(isOwned)"),
      arguments: [id.sqlText]) ?? false
  }

  /// Reads whole runs; conditions are to follow.
  static let selection = "SELECT \(columns) FROM runs LEFT JOIN run_origins ON run_origins.run = runs.sequence"

  private let id: String
  private let createdAt: Int
  private let revision: Int
  private let claim: RunClaim?
  private let progress: (format: Int, body: Data)
  private let origin: (format: Int, body: Data)?

  init(_ row: Row) {
    id = String(sqlText: row[0])
    createdAt = row[1]
    revision = row[2]
    let holder: Data? = row[3]
    let until: Int = row[4]
    claim = holder.map { RunClaim(holder: String(sqlText: $0), until: Date(milliseconds: until)) }
    progress = (row[5], row[6])
    let (format, body): (Int?, Data?) = (row[7], row[8])
    origin = format.flatMap { format in body.map { (format, $0) } }
  }

  /// Its place in lists, which damage to its content leaves.
  var cursor: RunCursor { RunCursor(createdAt: Date(milliseconds: createdAt), id: id) }

  /// How much was read.
  var bytes: Int { progress.body.count + (origin?.body.count ?? 0) }

  /// Parses the run. Throws `StoreError.corrupt`, which names it.
  func run() throws -> StoredRun {
    guard let origin else { throw StoreError(.corrupt, "The run \(id) is stored without its request.") }
    return try StoredRun(
      id: id, storedOrigin: try object(origin), progress: try object(progress), revision: revision, claim: claim)
  }

  private func object(_ document: (format: Int, body: Data)) throws -> JSONObject {
    let value = try JSONValue(sqlText: document.body, format: document.format, of: "The run \(id)")
    guard let object = value.objectValue else { throw StoreError(.corrupt, "The stored run \(id) is no JSON object.") }
    return object
  }
}

/// A page of runs as it was read.
struct RunRowPage: Sendable {
  private var rows: [RunRow] = []
  private var hasMore = false

  /// Reads a page, by one statement.
  init(_ db: Database, _ query: RunQuery) throws {
    let filter = RunFilter(query)
    let cursor = try Row.fetchCursor(try db.cachedStatement(sql: filter.sql), arguments: filter.arguments)
    var bytes = 0
    while let row = try cursor.next() {
      guard rows.count < query.limit, bytes < RunStoreLimits.pageBytesMax else {
        hasMore = true
        break
      }
      rows.append(RunRow(row))
      bytes += rows.last?.bytes ?? 0
    }
  }

  /// Parses the runs.
  func page() -> RunPage {
    var page = RunPage(runs: [], next: hasMore ? rows.last?.cursor : nil)
    for row in rows {
      do {
        page.runs.append(try row.run())
      } catch {
        page.unreadable.append(StoreError(error, writing: false))
      }
    }
    return page
  }
}

/// A query of runs in SQL.
struct RunFilter: Sendable {
  /// The whole statement.
  let sql: String
  /// What it binds.
  let arguments: StatementArguments

  init(_ query: RunQuery) {
    var terms: [String] = []
    var arguments = StatementArguments()
    if let agentID = query.agentID {
      terms.append(
        """
        owner = (SELECT run_owners.id FROM run_owners JOIN agents ON agents.sequence = run_owners.agent
          WHERE agents.id = CAST(? AS TEXT))
        """)
      arguments += [agentID.sqlText]
    } else {
      terms.append(RunRow.isOwned)
    }
    if let status = query.status {
      terms.append("status = ?")
      arguments += [status.rawValue]
    }
    if let place = query.after {
      terms.append("(created_at, runs.id) < (?, CAST(? AS TEXT))")
      arguments += [place.createdAt.milliseconds, place.id.sqlText]
    }
    // One more than wanted, to know whether there is a next page.
    sql = """
      \(RunRow.selection) WHERE \(terms.joined(separator: " AND ")) ORDER BY created_at DESC, runs.id DESC
      LIMIT \(query.limit + 1)
      """
    self.arguments = arguments
  }
}
