public import AgentGraph
import AgentRuntime
import GRDB
public import Logging
import Synchronization

/// Checkpoints in a SQLite file: of a `SQLiteStore`, with which it shares the one writer and the readers, or of its own.
///
/// Storage grows with what changed (G28): a list stores what was appended, another channel its new value, and a
/// checkpoint where each channel is found. Submitted writes that come together share a transaction.
///
/// A row that is damaged, or of a newer version, makes reads of its thread throw `GraphError.unreadableCheckpoint`;
/// other threads are not concerned. What the disk or SQLite refuse is a `StoreError`, as the store's own calls throw:
/// `readOnly` for a full disk, `unavailable` for a closed file or too many that wait. A channel that cannot be encoded
/// is a `GraphError.notStored`, and nothing of what was submitted with it is stored.
public final class SQLiteCheckpointer: Checkpointer {
  private let database: SQLiteStore
  private let retention: BackgroundRetention?
  private let ownsDatabase: Bool
  private let now: @Sendable () -> UInt64
  private let admit: (@Sendable (Database, [CheckpointWrite]) throws -> Void)?
  private var watch: CheckpointerWatch { database.checkpoints }

  /// The checkpoints in the file of a store; it ends when that is closed.
  ///
  /// What the retention policy does not keep is removed in the background, a thread's after so many saves of it; `now`
  /// is a clock in microseconds since 1970.
  public convenience init(
    _ database: SQLiteStore, retention: RetentionPolicy = RetentionPolicy(),
    now: @escaping @Sendable () -> UInt64 = { WallClock.microseconds() }
  ) {
    self.init(database, owned: false, retention: retention, now: now)
  }

  /// The checkpoints in the file of a store that has a say in what is written; what `admit` throws refuses a write.
  init(
    _ database: SQLiteStore, retention: BackgroundRetention,
    admit: @escaping @Sendable (Database, [CheckpointWrite]) throws -> Void
  ) {
    self.database = database
    self.retention = retention
    self.admit = admit
    ownsDatabase = false
    now = { WallClock.microseconds() }
  }

  private init(
    _ database: SQLiteStore, owned: Bool, retention: RetentionPolicy, now: @escaping @Sendable () -> UInt64
  ) {
    self.database = database
    self.now = now
    ownsDatabase = owned
    self.retention = retention.isUnlimited ? nil : BackgroundRetention(policy: retention)
    admit = nil
  }

  /// Checkpoints in a file of their own, which is made if need be. `close` ends it. Throws `StoreError`.
  public static func open(
    path: String, retention: RetentionPolicy = RetentionPolicy(), synchronous: SQLiteStore.Synchronous = .full,
    limits: SQLiteStore.Limits = SQLiteStore.Limits(), logger: Logger = Logger(label: "apus.checkpoints"),
    now: @escaping @Sendable () -> UInt64 = { WallClock.microseconds() }
  ) async throws -> SQLiteCheckpointer {
    let database = try await SQLiteStore.open(path: path, synchronous: synchronous, limits: limits, logger: logger)
    return SQLiteCheckpointer(database, owned: true, retention: retention, now: now)
  }

  /// Finishes what was submitted and closes the file, if it was opened for these checkpoints.
  public func close() async {
    if ownsDatabase { await database.close() }
  }

  /// What it has done.
  public var counts: SQLiteCheckpointerCounts { watch.counts }

  /// Takes writes; they are one transaction with others that wait. Acknowledges from the writer's thread.
  public func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    database.writer.submit { [watch, admit] db in
      watch.attach(to: db)
      try admit?(db, writes)
      var saving = CheckpointSaving(db, watch.cache.take())
      for write in writes { try saving.save(write) }
      watch.cache.putBack(saving.knowledge)
      watch.noteSave(bytes: saving.bytes)
    } acknowledge: { [self] error in
      acknowledge(error.map(CheckpointFault.ofWriting))
      if error == nil { retain(after: writes) }
    }
  }

  /// A checkpoint in one read transaction.
  public func load(
    thread: String, namespace: GraphNamespace, id: CheckpointID?
  ) async throws -> StoredCheckpoint? {
    try await CheckpointFault.reading(thread: thread, namespace) {
      let loaded = try await database.readers.read { db in
        try LoadedCheckpoints(db, thread: thread, namespace, id: id)
      }
      watch.countRead()
      // Putting together is the caller's work, not the reader's.
      return try loaded.stored().first
    }
  }

  /// Checkpoints in one read transaction; a row that several of them share is read once.
  public func history(
    thread: String, namespace: GraphNamespace, query: HistoryQuery
  ) async throws -> [StoredCheckpoint] {
    try await CheckpointFault.reading(thread: thread, namespace) {
      let loaded = try await database.readers.read { db in
        try LoadedCheckpoints(db, thread: thread, namespace, query: query)
      }
      watch.countRead()
      return try loaded.stored()
    }
  }

  /// The namespaces of a thread that hold checkpoints, in the order of their bytes.
  public func namespaces(thread: String) async throws -> [GraphNamespace] {
    try await CheckpointFault.reading(thread: thread, .root) {
      let found = try await database.readers.read { db -> [GraphNamespace] in
        guard let id = try SpaceRows.thread(db, Array(thread.utf8)) else { return [] }
        return try SpaceRows.spaces(db, thread: id).filter { try CheckpointRow.exists(db, space: $0.id) }
          .map(\.namespace)
      }
      watch.countRead()
      return found
    }
  }

  /// Removes what the policy does not keep, in small transactions between which saves go on.
  @discardableResult
  public func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    var pruning = ThreadPruning(thread: Array(thread.utf8), policy: policy, now: now())
    var isDone = false
    while !isDone {
      (pruning, isDone) = try await write(thread: thread) { [pruning] db in
        var next = pruning
        let isDone = try next.step(db)
        return (next, isDone)
      }
    }
    return pruning.removed
  }

  /// Removes a thread: all at once for readers, and its rows in small transactions.
  @discardableResult
  public func deleteThread(_ thread: String) async throws -> Bool {
    let removal = try await write(thread: thread) { db in try ThreadRemoval.begin(db, Array(thread.utf8)) }
    guard let removal else { return false }
    while try await !write(thread: thread, { db in try removal.step(db) }) {}
    return true
  }

  /// Does a write after which the writer knows nothing of the thread.
  private func write<T: Sendable>(
    thread: String, _ body: @escaping @Sendable (Database) throws -> T
  ) async throws -> T {
    try await database.writer.write { [watch] db in try watch.forgetting(Array(thread.utf8), db, body) }
  }
}

extension SQLiteCheckpointer {
  /// Prunes the threads that are due after these saves.
  private func retain(after writes: [CheckpointWrite]) {
    guard let retention else { return }
    for thread in retention.note(writes) {
      prune(ThreadPruning(thread: thread, policy: retention.policy, now: now()))
    }
  }

  /// Prunes on, step by step, behind the writes that wait. What fails is tried again when the thread is due again.
  private func prune(_ pruning: ThreadPruning) {
    let outcome = Mutex<(next: ThreadPruning, isDone: Bool)>((pruning, true))
    database.writer.submit { [watch] db in
      var next = pruning
      let isDone = try watch.forgetting(pruning.thread, db) { db in try next.step(db) }
      outcome.withLock { $0 = (next, isDone) }
    } acknowledge: { [self] error in
      guard error == nil else { return }
      let (next, isDone) = outcome.withLock { $0 }
      if isDone { watch.count(pruned: next.removed) } else { prune(next) }
    }
  }
}
