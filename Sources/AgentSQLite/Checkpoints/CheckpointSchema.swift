/// The tables of checkpoints. A migration that was released is never edited.
///
/// Names are bytes, so that any text is one. `sum` is the `RowChecksum` of what the row says, `format` the way its
/// `body` is written. There are no foreign keys: one writer keeps the rows together, and removes them in small
/// transactions, from the thread downwards.
enum CheckpointSchema {
  /// The format that rows are written in; rows of a higher one are not read.
  static let format = 1

  /// - `checkpoint_threads`: a name that is NULL belongs to a thread that was removed and whose rows are still there.
  /// - `checkpoint_spaces`: the namespaces of threads.
  /// - `checkpoint_layouts`: a graph's name with the names and kinds of its channels, once for all checkpoints.
  /// - `checkpoint_streams`: rows of `checkpoint_payloads` that belong together: segments of one list, or values.
  /// - `checkpoint_payloads`: the id is the stream times 2^24 plus the place in it, so that a list lies side by side
  ///   in one tree. `count` is the number of a segment's elements; 1 for a value.
  /// - `checkpoints`: ids are shifted so that they sort as signed numbers. Bodies are small, so that they fit the
  ///   tree of the key; large ones point to payloads.
  /// - `checkpoint_records`: pending writes (place -1; `waits` for one that is interrupted) and effects.
  static let first = """
    CREATE TABLE checkpoint_threads (
      id INTEGER PRIMARY KEY,
      name BLOB UNIQUE
    ) STRICT;

    CREATE TABLE checkpoint_spaces (
      id INTEGER PRIMARY KEY,
      thread INTEGER NOT NULL,
      name BLOB NOT NULL,
      UNIQUE (thread, name)
    ) STRICT;

    CREATE TABLE checkpoint_layouts (
      id INTEGER PRIMARY KEY,
      format INTEGER NOT NULL,
      sum INTEGER NOT NULL,
      body BLOB NOT NULL UNIQUE
    ) STRICT;

    CREATE TABLE checkpoint_streams (
      id INTEGER PRIMARY KEY,
      space INTEGER NOT NULL,
      holds_values INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX checkpoint_streams_by_space ON checkpoint_streams (space);

    CREATE TABLE checkpoint_payloads (
      id INTEGER PRIMARY KEY,
      count INTEGER NOT NULL,
      format INTEGER NOT NULL,
      sum INTEGER NOT NULL,
      body BLOB NOT NULL
    ) STRICT;

    CREATE TABLE checkpoints (
      space INTEGER NOT NULL,
      time INTEGER NOT NULL,
      origin INTEGER NOT NULL,
      parent_time INTEGER,
      parent_origin INTEGER,
      source INTEGER NOT NULL,
      run BLOB NOT NULL,
      format INTEGER NOT NULL,
      sum INTEGER NOT NULL,
      body BLOB NOT NULL,
      PRIMARY KEY (space, time, origin)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE checkpoint_records (
      id INTEGER PRIMARY KEY,
      space INTEGER NOT NULL,
      time INTEGER NOT NULL,
      origin INTEGER NOT NULL,
      task BLOB NOT NULL,
      place INTEGER NOT NULL,
      waits INTEGER NOT NULL,
      format INTEGER NOT NULL,
      sum INTEGER NOT NULL,
      body BLOB NOT NULL,
      UNIQUE (space, time, origin, task, place)
    ) STRICT;
    """
}
