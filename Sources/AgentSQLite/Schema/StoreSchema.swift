import GRDB

/// The tables of the store and how they came to be. A migration that was released is never edited.
enum StoreSchema {
  /// `Apus` in ASCII, in the header of every database file of ours.
  static let applicationID = 0x4170_7573

  /// The number of the newest migration; migrations are named by their numbers.
  static let version = 6

  /// The format of the JSON in `body` and `changes`; rows of a higher one are not read.
  static let format = 1

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(sql: first)
    }
    // New tables break no references: there is nothing to look for in the old ones.
    migrator.registerMigration("2", foreignKeyChecks: .immediate) { db in try db.execute(sql: MemorySchema.first) }
    migrator.registerMigration("3", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: CheckpointSchema.first)
    }
    migrator.registerMigration("4", foreignKeyChecks: .immediate) { db in try ThreadMigration.run(db) }
    migrator.registerMigration("5", foreignKeyChecks: .immediate) { db in try db.execute(sql: RunSchema.first) }
    migrator.registerMigration("6", foreignKeyChecks: .immediate) { db in try db.execute(sql: RunSchema.threads) }
    return migrator
  }

  /// The highest number among the migrations a database has been through.
  static func newestApplied(_ db: Database) throws -> Int {
    try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations").compactMap { Int($0) }.max() ?? 0
  }

  /// Times are milliseconds since 1970, UTC. `agents.sequence` is the order of creation. A message's id is its
  /// thread's id times 2^32 plus its place in the thread: a thread's messages lie side by side in one tree, and a
  /// turn writes the least pages.
  private static let first = """
    CREATE TABLE store (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      writer_version TEXT NOT NULL,
      probe BLOB NOT NULL
    ) STRICT;
    INSERT INTO store VALUES (1, '', zeroblob(16384));

    CREATE TABLE agents (
      sequence INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      revision INTEGER NOT NULL,
      template_id TEXT NOT NULL,
      type TEXT NOT NULL,
      status TEXT NOT NULL,
      owner_id TEXT,
      line_id TEXT NOT NULL,
      version_type TEXT NOT NULL,
      version_number INTEGER NOT NULL,
      format INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX agents_by_template ON agents (template_id);
    CREATE INDEX agents_by_type ON agents (type);
    CREATE INDEX agents_by_status ON agents (status);
    CREATE INDEX agents_by_owner ON agents (owner_id);
    CREATE INDEX agents_by_line ON agents (line_id);
    CREATE INDEX agents_published ON agents (line_id, version_number)
      WHERE status = 'published' AND version_type = 'release';

    CREATE TABLE agent_revisions (
      agent INTEGER NOT NULL REFERENCES agents (sequence) ON DELETE CASCADE,
      revision INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      format INTEGER NOT NULL,
      changes TEXT NOT NULL,
      PRIMARY KEY (agent, revision)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE threads (
      id INTEGER PRIMARY KEY,
      agent INTEGER NOT NULL REFERENCES agents (sequence) ON DELETE CASCADE,
      session_id TEXT NOT NULL,
      user_id TEXT,
      message_count INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      UNIQUE (agent, session_id)
    ) STRICT;

    CREATE TABLE messages (
      id INTEGER PRIMARY KEY,
      format INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER threads_delete_messages AFTER DELETE ON threads BEGIN
      DELETE FROM messages WHERE id >= (old.id << 32) AND id < ((old.id + 1) << 32);
    END;
    """
}
