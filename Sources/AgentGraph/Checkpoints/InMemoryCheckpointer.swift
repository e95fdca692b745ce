import Synchronization

/// Keeps checkpoints in this process, by reference: nothing is encoded, and states share what they have in common.
public final class InMemoryCheckpointer: Checkpointer {
  fileprivate struct Entry {
    var record: CheckpointRecord
    var pending: [TaskID: PendingRecord] = [:]
    /// The order in which tasks were first stored.
    var order: [TaskID] = []
    var effects: [EffectRecord] = []
  }
  /// Checkpoints in the order of their ids.
  private typealias Line = [Entry]
  private typealias Threads = [ThreadName: [GraphNamespace: Line]]

  private let retention: RetentionPolicy
  private let now: @Sendable () -> UInt64
  private let threads = Mutex<Threads>([:])

  /// An empty one. `retention` is applied as checkpoints come; the clock gives microseconds since 1970.
  public init(
    retention: RetentionPolicy = RetentionPolicy(), now: @escaping @Sendable () -> UInt64 = { WallClock.microseconds() }
  ) {
    self.retention = retention
    self.now = now
  }

  /// Takes writes. They are kept before it returns.
  public func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    threads.withLock { threads in
      for write in writes { apply(write, to: &threads) }
    }
    acknowledge(nil)
  }

  private func apply(_ write: CheckpointWrite, to threads: inout Threads) {
    switch write {
    case .checkpoint(let record):
      let thread = ThreadName(record.thread)
      let count = Self.add(record, to: &threads[thread, default: [:]][record.namespace, default: []])
      // Removing from the front moves the rest, so that it is done for many at once.
      guard !retention.isUnlimited, count >= 2 * max(retention.last ?? 0, 1), count.isMultiple(of: 16) else { return }
      _ = Self.prune(&threads[thread, default: [:]], keeping: retention, now: now())
    case .pending(let record):
      Self.change(&threads, record.thread, record.namespace, record.checkpoint) { entry in
        if entry.pending.updateValue(record, forKey: record.task) == nil { entry.order.append(record.task) }
      }
    case .effect(let record):
      Self.change(&threads, record.thread, record.namespace, record.checkpoint) { entry in
        entry.effects.removeAll { $0.task == record.task && $0.index == record.index }
        entry.effects.append(record)
      }
    }
  }

  /// Returns how many there are now.
  private static func add(_ record: CheckpointRecord, to line: inout Line) -> Int {
    let place = position(of: record.id, in: line)
    if place < line.count, line[place].record.id == record.id {
      line[place].record = record
    } else {
      line.insert(Entry(record: record), at: place)
    }
    return line.count
  }

  /// Where an id is in a line, or belongs.
  private static func position(of id: CheckpointID, in line: Line) -> Int {
    if let last = line.last, last.record.id < id { return line.count }
    var (low, high) = (0, line.count)
    while low < high {
      let middle = (low + high) / 2
      if line[middle].record.id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func change(
    _ threads: inout Threads, _ thread: String, _ namespace: GraphNamespace, _ id: CheckpointID,
    _ body: (inout Entry) -> Void
  ) {
    let thread = ThreadName(thread)
    guard let line = threads[thread]?[namespace] else { return }
    let place = position(of: id, in: line)
    guard place < line.count, line[place].record.id == id else { return }
    body(&threads[thread, default: [:]][namespace, default: []][place])
  }

  /// A checkpoint, or the latest one.
  public func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    threads.withLock { threads in
      guard let line = threads[ThreadName(thread)]?[namespace] else { return nil }
      guard let id else { return line.last?.stored(withEffects: true) }
      let place = Self.position(of: id, in: line)
      guard place < line.count, line[place].record.id == id else { return nil }
      return line[place].stored(withEffects: true)
    }
  }

  /// Checkpoints, newest first.
  public func history(
    thread: String, namespace: GraphNamespace, query: HistoryQuery
  ) async throws -> [StoredCheckpoint] {
    threads.withLock { threads in
      (threads[ThreadName(thread)]?[namespace] ?? []).reversed().lazy
        .filter { query.matches($0.record.id, $0.record.metadata) }
        .prefix(max(0, query.limit)).map { $0.stored(withEffects: false) }
    }
  }

  /// Namespaces, in the order of their text.
  public func namespaces(thread: String) async throws -> [GraphNamespace] {
    threads.withLock { $0[ThreadName(thread), default: [:]].keys.sorted { $0.rawValue < $1.rawValue } }
  }

  /// Removes what the policy does not keep.
  @discardableResult
  public func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    guard !policy.isUnlimited else { return 0 }
    let now = now()
    return threads.withLock { threads in
      guard threads[ThreadName(thread)] != nil else { return 0 }
      return Self.prune(&threads[ThreadName(thread), default: [:]], keeping: policy, now: now)
    }
  }

  private static func prune(
    _ namespaces: inout [GraphNamespace: Line], keeping policy: RetentionPolicy, now: UInt64
  ) -> Int {
    let oldest = policy.age.map { age in
      let micros = age / .microseconds(1)
      return micros >= Double(now) ? 0 : now - UInt64(max(0, micros))
    }
    var (removed, named) = (0, Set<CheckpointID>())
    // Enclosing graphs come first: what stays of them names what they go on with of nested ones.
    for namespace in namespaces.keys.sorted(by: { $0.rawValue.utf8.count < $1.rawValue.utf8.count }) {
      let line = namespaces[namespace] ?? []
      // Nobody can answer what was asked at a checkpoint that another one follows.
      let followed = Set(line.compactMap(\.record.parent))
      let kept = line.enumerated().filter { place, entry in
        if place == line.count - 1 || named.contains(entry.record.id) { return true }
        if entry.hasOpenInterrupts, !followed.contains(entry.record.id) { return true }
        if let last = policy.last, place >= line.count - last { return true }
        return oldest.map { entry.record.metadata.createdAt >= $0 } ?? false
      }
      removed += line.count - kept.count
      for (_, entry) in kept { named.formUnion(entry.record.metadata.own?.values.map(\.self) ?? []) }
      namespaces[namespace] = kept.map(\.element)
    }
    return removed + removeOrphans(&namespaces)
  }

  /// A nested graph's checkpoints go with the last of those that it ran under.
  private static func removeOrphans(_ namespaces: inout [GraphNamespace: Line]) -> Int {
    var removed = 0
    for namespace in namespaces.keys.sorted(by: { $0.rawValue.utf8.count < $1.rawValue.utf8.count }) {
      guard namespace.rawValue.contains(":"), let outer = namespace.enclosing, let line = namespaces[namespace] else {
        continue
      }
      let ids = Set((namespaces[outer] ?? []).map(\.record.id))
      let hasParent = line.contains { $0.record.metadata.parents[outer.rawValue].map(ids.contains) ?? true }
      guard !hasParent else { continue }
      removed += line.count
      namespaces[namespace] = nil
    }
    return removed
  }

  /// Removes a thread.
  @discardableResult
  public func deleteThread(_ thread: String) async throws -> Bool {
    threads.withLock { $0.removeValue(forKey: ThreadName(thread)) != nil }
  }

  /// Removes the threads of which the names begin with this text, by bytes.
  public func deleteThreads(withPrefix prefix: String) {
    deleteThreads { name, _ in name.utf8.starts(with: prefix.utf8) }
  }

  /// Removes the threads for which `isGone` says so of their name and their last checkpoint's time in microseconds since
  /// 1970 (0 where there is none); returns their names. `isGone` must not use these checkpoints.
  @discardableResult
  public func deleteThreads(where isGone: (_ name: String, _ lastWrite: UInt64) -> Bool) -> [String] {
    threads.withLock { threads in
      var gone: [String] = []
      for (name, namespaces) in threads {
        let lastWrite = namespaces.values.lazy.compactMap { $0.last?.record.id.time }.max() ?? 0
        if isGone(name.text, lastWrite) { gone.append(name.text) }
      }
      for name in gone { threads[ThreadName(name)] = nil }
      return gone
    }
  }
}

extension InMemoryCheckpointer.Entry {
  fileprivate var hasOpenInterrupts: Bool {
    pending.values.contains { record in
      if case .interrupted(let open, _) = record.outcome { return !open.isEmpty }
      return false
    }
  }

  fileprivate func stored(withEffects: Bool) -> StoredCheckpoint {
    var stored = StoredCheckpoint(record)
    stored.pending = order.compactMap { pending[$0] }
    if withEffects { stored.effects = effects }
    return stored
  }
}
