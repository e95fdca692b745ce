/// Keeps the checkpoints of threads. Implementations pass `CheckpointerConformance` of AgentTesting.
///
/// A thread has namespaces: "" for its graph, and one for each nested graph (G34). Within a namespace checkpoints form
/// a tree by their parents; the latest is the one with the greatest id.
public protocol Checkpointer: Sendable {
  /// Takes writes, in this order and after all that were submitted before, and does them together: all or none.
  /// `acknowledge` is called once, from anywhere: when they are durable, or with what went wrong.
  ///
  /// It does not suspend, so that no cancelled task can undo a save; the engine bounds how many wait.
  func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void)

  /// A checkpoint with its pending writes and effects, in one read: the one with this id, or the latest of its
  /// namespace. Throws `GraphError.unreadableCheckpoint` for one that is damaged.
  func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint?

  /// Checkpoints of a namespace, newest first, without effects.
  func history(thread: String, namespace: GraphNamespace, query: HistoryQuery) async throws -> [StoredCheckpoint]

  /// The namespaces of a thread that hold checkpoints, in the order of their text.
  func namespaces(thread: String) async throws -> [GraphNamespace]

  /// Removes checkpoints that the policy does not keep; returns how many. It never removes the latest of a namespace,
  /// nor one with an open interrupt that no checkpoint follows, nor one that a checkpoint of the graph around which
  /// stays names in `CheckpointMetadata.own` (G29).
  @discardableResult
  func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int

  /// Removes a thread. Returns whether there was one.
  @discardableResult
  func deleteThread(_ thread: String) async throws -> Bool
}

extension Checkpointer {
  /// Submits writes, and returns when they are durable. Cancellation does not reach them.
  public func save(_ writes: [CheckpointWrite]) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      submit(writes) { error in
        if let error { continuation.resume(throwing: error) } else { continuation.resume() }
      }
    }
  }
}

/// Something to be stored.
public enum CheckpointWrite: Sendable {
  /// A checkpoint.
  case checkpoint(CheckpointRecord)
  /// What a task of a checkpoint came to, before the superstep is over. It replaces what was stored for the task.
  case pending(PendingRecord)
  /// An effect's result (G30).
  case effect(EffectRecord)
}

/// Which checkpoints to list.
public struct HistoryQuery: Sendable {
  /// At most so many.
  public var limit: Int
  /// Only those older than this one.
  public var before: CheckpointID?
  /// Only those of these sources; nil for all.
  public var sources: Set<CheckpointSource>?
  /// Only those of this run.
  public var run: String?

  /// The newest 100, if nothing is said.
  public init(
    limit: Int = 100, before: CheckpointID? = nil, sources: Set<CheckpointSource>? = nil, run: String? = nil
  ) {
    self.limit = limit
    self.before = before
    self.sources = sources
    self.run = run
  }

  /// Whether the filters let a checkpoint through.
  public func matches(_ id: CheckpointID, _ metadata: CheckpointMetadata) -> Bool {
    if let before, id >= before { return false }
    if let sources, !sources.contains(metadata.source) { return false }
    return run == nil || run == metadata.run
  }
}

/// Which checkpoints of a thread stay (G29): one that either rule keeps stays.
public struct RetentionPolicy: Sendable, Hashable {
  /// So many of the newest of each namespace.
  public var last: Int?
  /// Those made less than this ago.
  public var age: Duration?

  /// Keeps what either rule keeps; with neither, everything.
  public init(last: Int? = nil, age: Duration? = nil) {
    self.last = last
    self.age = age
  }

  /// Whether anything may be removed at all.
  public var isUnlimited: Bool { last == nil && age == nil }
}
