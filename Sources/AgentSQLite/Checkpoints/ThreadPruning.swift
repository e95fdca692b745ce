import AgentGraph
import GRDB

/// Removes checkpoints of a thread that a policy does not keep (G29), in steps that are a small transaction each.
///
/// In every namespace stay: the latest; those that the policy keeps; those with an open interrupt, which is one that a
/// task waits at while nothing follows its checkpoint; and those of nested graphs with a state of their own that what
/// stays of the graph around names. A namespace of a task goes with the checkpoint that the
/// task is of. Payloads go once no checkpoint that stays refers to them.
struct ThreadPruning: Sendable {
  /// So many rows are removed in a step, about.
  static let rowsMax = 256

  /// How many checkpoints were removed.
  private(set) var removed = 0

  /// The thread's name.
  let thread: [UInt8]
  private let policy: RetentionPolicy
  /// Microseconds since 1970.
  private let now: UInt64
  /// Those that are still to be looked at, the next one last; nil before the first step.
  private var spaces: [(id: Int64, namespace: GraphNamespace)]?
  /// Whether checkpoints of the namespace were removed, so that payloads may be in nobody's use.
  private var mustSweep = false

  init(thread: [UInt8], policy: RetentionPolicy, now: UInt64) {
    self.thread = thread
    self.policy = policy
    self.now = now
  }

  /// Removes a bounded number of rows. Returns whether that was all.
  mutating func step(_ db: Database) throws -> Bool {
    guard let id = try SpaceRows.thread(db, thread) else { return true }
    // Enclosing namespaces come first: those within them ask for their checkpoints.
    if spaces == nil { spaces = try SpaceRows.spaces(db, thread: id).reversed() }
    var budget = Self.rowsMax
    while budget > 0, let space = spaces?.last {
      if try prune(db, thread: id, space.id, space.namespace, budget: &budget) {
        spaces?.removeLast()
        mustSweep = false
      }
    }
    return spaces?.isEmpty ?? true
  }

  /// Returns whether the namespace is done.
  private mutating func prune(
    _ db: Database, thread: Int64, _ space: Int64, _ namespace: GraphNamespace, budget: inout Int
  ) throws -> Bool {
    // Looking at a namespace costs something, too.
    budget -= 1
    if try isGone(db, thread: thread, space, namespace) {
      removed += try SpaceRemoval.step(db, space: space, budget: &budget)
      return try !SpaceRows.exists(db, space: space)
    }
    let victims = try victims(db, thread: thread, space: space, namespace, max: max(budget, 1))
    for victim in victims { try SpaceRemoval.removeCheckpoint(db, space: space, victim) }
    removed += victims.count
    budget -= victims.count
    if !victims.isEmpty { mustSweep = true }
    guard mustSweep else { return true }
    guard budget > 0 else { return false }
    return try PayloadSweep(db, space: space)?.step(db, budget: &budget) ?? true
  }

  /// Whether the namespace belongs to a task whose checkpoint was removed.
  private func isGone(_ db: Database, thread: Int64, _ space: Int64, _ namespace: GraphNamespace) throws -> Bool {
    let bindings = namespace.taskBindings
    guard !bindings.isEmpty, let latest = try? CheckpointRow.fetchLatest(db, space: space) else { return false }
    return try bindings.contains { enclosing in
      guard let id = latest.metadata.parents[enclosing.rawValue] else { return false }
      guard let outer = try SpaceRows.space(db, thread: thread, enclosing) else { return true }
      return try !CheckpointRow.exists(db, space: outer, id)
    }
  }

  /// Checkpoints that are not kept, the oldest first.
  private func victims(
    _ db: Database, thread: Int64, space: Int64, _ namespace: GraphNamespace, max: Int
  ) throws -> [CheckpointID] {
    guard !policy.isUnlimited else { return [] }
    let statement = try db.cachedStatement(
      sql: """
        SELECT time, origin, parent_time, parent_origin FROM checkpoints
        WHERE space = ? ORDER BY time DESC, origin DESC
        """)
    let cursor = try Row.fetchCursor(statement, arguments: [space])
    var (candidates, followed): ([CheckpointID], Set<CheckpointID>) = ([], [])
    var rank = 0
    while let row = try cursor.next() {
      let id = try CheckpointID(row)
      if let time = try row.decode(Int64?.self, atIndex: 2) {
        followed.insert(CheckpointID(sqlTime: time, sqlOrigin: try row.decode(atIndex: 3)))
      }
      if rank > 0, !policy.keeps(id, rank: rank, now: now) { candidates.append(id) }
      rank += 1
    }
    let named = candidates.isEmpty ? [] : try named(db, thread: thread, namespace)
    var victims: [CheckpointID] = []
    for id in candidates.reversed() where victims.count < max && !named.contains(id) {
      if try followed.contains(id) || !TaskRecordRow.waits(db, space: space, id) { victims.append(id) }
    }
    return victims
  }

  /// What the graph around goes on with, if the namespace is that of a graph with a state of its own.
  private func named(_ db: Database, thread: Int64, _ namespace: GraphNamespace) throws -> Set<CheckpointID> {
    guard let enclosing = namespace.enclosing, namespace.taskBindings.last != enclosing,
      let outer = try SpaceRows.space(db, thread: thread, enclosing)
    else { return [] }
    return try CheckpointRow.fetchOwn(db, space: outer)
  }
}

extension RetentionPolicy {
  /// Whether a rule keeps the checkpoint with so many newer ones; `now` in microseconds since 1970.
  fileprivate func keeps(_ id: CheckpointID, rank: Int, now: UInt64) -> Bool {
    if let last, rank < last { return true }
    guard let age else { return false }
    let microseconds = age / .microseconds(1)
    return id.time > now || Double(now - id.time) < microseconds
  }
}

extension GraphNamespace {
  /// The enclosing namespaces whose tasks this one belongs to: where the text goes on with `node:task`.
  var taskBindings: [GraphNamespace] {
    var (bindings, prefix): ([GraphNamespace], [Substring]) = ([], [])
    for part in rawValue.split(separator: "|", omittingEmptySubsequences: false) {
      if part.contains(":") { bindings.append(GraphNamespace(rawValue: prefix.joined(separator: "|"))) }
      prefix.append(part)
    }
    return bindings
  }
}
