import AgentRuntime
import GRDB

extension SQLiteStore {
  /// Opens the connections and brings the schema up to date.
  static func openPool(
    path: String, synchronous: Synchronous, version: String, limits: Limits
  ) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.label = "apus"
    configuration.maximumReaderCount = limits.readersMax
    configuration.busyMode = .timeout(limits.busyTimeout / .seconds(1))
    configuration.prepareDatabase { db in
      // Sorting must go on when the disk is full.
      try db.execute(sql: "PRAGMA temp_store = MEMORY")
    }
    let pool = try DatabasePool(path: path, configuration: configuration)
    try pool.writeWithoutTransaction { db in
      // GRDB sets NORMAL when it turns the log on, after prepareDatabase: so here, on the one connection that writes.
      try db.execute(sql: "PRAGMA synchronous = \(synchronous.rawValue)")
      try db.execute(sql: "PRAGMA journal_size_limit = \(16 << 20)")
    }
    try StoreSchema.migrator.migrate(pool)
    try pool.write { db in
      try db.execute(
        sql: "UPDATE store SET writer_version = ? WHERE writer_version <> ?", arguments: [version, version])
    }
    return pool
  }
}
