/// The tables of runs. A migration that was released is never edited.
enum RunSchema {
  /// Times are milliseconds since 1970, UTC. What a run was made with stands apart from what becomes of it, which is
  /// written again at every step, while a request may have megabytes. `claimed_until` is 0 while nobody holds the run,
  /// `ended_at` from when its retention counts. A deleted agent leaves its owner without one: at once nobody finds its
  /// runs any more, however many there are, and they go in small steps.
  static let first = """
    CREATE TABLE run_owners (
      id INTEGER PRIMARY KEY,
      agent INTEGER UNIQUE REFERENCES agents (sequence) ON DELETE SET NULL
    ) STRICT;

    CREATE TABLE runs (
      sequence INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      owner INTEGER NOT NULL REFERENCES run_owners (id),
      created_at INTEGER NOT NULL,
      status TEXT NOT NULL,
      ended_at INTEGER,
      revision INTEGER NOT NULL,
      claimed_by TEXT,
      claimed_until INTEGER NOT NULL,
      format INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX runs_by_time ON runs (created_at, id);
    CREATE INDEX runs_by_status ON runs (status, created_at, id);
    CREATE INDEX runs_by_owner ON runs (owner, created_at, id);
    CREATE INDEX runs_by_owner_and_status ON runs (owner, status, created_at, id);
    CREATE INDEX runs_due ON runs (created_at, id) WHERE status IN ('queued', 'running');
    CREATE INDEX runs_by_end ON runs (ended_at) WHERE ended_at IS NOT NULL;

    CREATE TABLE run_origins (
      run INTEGER PRIMARY KEY REFERENCES runs (sequence) ON DELETE CASCADE,
      format INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    """

  /// `thread` is the name of the session's thread that a run goes on with: that is not removed while the run is due.
  static let threads = """
    ALTER TABLE runs ADD COLUMN thread BLOB;
    CREATE INDEX runs_due_by_thread ON runs (thread) WHERE thread IS NOT NULL AND status IN ('queued', 'running');
    """
}
