/// The table of the memory store. A migration that was released is never edited.
enum MemorySchema {
  /// Times are microseconds since 1970. `namespace` holds each label and U+001F after it: bytewise order is that of
  /// namespaces, and a namespace with all below it is a range. `time_to_live` is what the last put gave.
  static let first = """
    CREATE TABLE memory_items (
      id INTEGER PRIMARY KEY,
      namespace TEXT NOT NULL,
      key TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      time_to_live INTEGER,
      expires_at INTEGER,
      format INTEGER NOT NULL,
      value TEXT NOT NULL,
      UNIQUE (namespace, key)
    ) STRICT;
    CREATE INDEX memory_items_by_expiry ON memory_items (expires_at) WHERE expires_at IS NOT NULL;
    """
}
