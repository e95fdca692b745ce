import Synchronization

/// A checkpointer that remembers the latest checkpoints of threads by reference, so that a thread's next run reads and
/// decodes nothing.
///
/// It may stand before a checkpointer that only this process writes. What it remembers is what was stored: a save that
/// fails changes nothing, and whatever else touches a thread while it is read or written makes it forgotten.
public final class CheckpointCache: Checkpointer {
  private struct Entry {
    var checkpoint: StoredCheckpoint
    var bytes: Int
  }
  private struct State {
    var entries: [ThreadName: Entry] = [:]
    var bytes = 0
    // Counts what begins or ends a change of a thread, so that a read knows whether it met one. Threads share
    // counters, and at worst are forgotten too often.
    var changes = [UInt64](repeating: 0, count: CheckpointCache.stripes)
    // Counts changes that began, so that of saves that overlap the last one is remembered.
    var begun = [UInt64](repeating: 0, count: CheckpointCache.stripes)
  }

  private static let stripes = 1024

  private let base: any Checkpointer
  private let bytesMax: Int
  private let size: @Sendable (any StateImage) -> Int?
  private let state = Mutex(State())

  /// Remembers about `bytesMax` bytes of states, and none that alone is larger than a quarter of it. `size` says about
  /// how many bytes a state takes; nil does not remember it.
  public init(_ base: any Checkpointer, bytesMax: Int, size: @escaping @Sendable (any StateImage) -> Int?) {
    self.base = base
    self.bytesMax = bytesMax
    self.size = size
  }

  /// How many threads are remembered.
  public var count: Int { state.withLock { $0.entries.count } }

  /// Hands writes on, and remembers the checkpoint if they are one alone.
  public func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    let threads = Set(writes.map { ThreadName($0.thread) })
    let marks = state.withLock { state in threads.map { ($0, begin($0, &state)) } }
    base.submit(writes) { error in
      self.state.withLock { state in
        for (thread, mark) in marks {
          // Whoever read while this was written has read what was before.
          state.changes[thread.stripe(Self.stripes)] += 1
          guard state.begun[thread.stripe(Self.stripes)] == mark, error == nil, writes.count == 1,
            case .checkpoint(let record) = writes[0], record.namespace.isRoot
          else { continue }
          self.keep(StoredCheckpoint(record), of: thread, &state)
        }
      }
      acknowledge(error)
    }
  }

  /// From memory if it is the latest that is asked for and known, else from the store.
  public func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    guard namespace.isRoot, id == nil else {
      return try await base.load(thread: thread, namespace: namespace, id: id)
    }
    let name = ThreadName(thread)
    let (known, changes) = state.withLock { state in
      (state.entries[name]?.checkpoint, state.changes[name.stripe(Self.stripes)])
    }
    if let known { return known }
    return try await base.load(thread: thread, namespace: namespace, id: nil).map { stored in
      state.withLock { state in
        if state.changes[name.stripe(Self.stripes)] == changes { keep(stored, of: name, &state) }
      }
      return stored
    }
  }

  /// As the store does.
  public func history(
    thread: String, namespace: GraphNamespace, query: HistoryQuery
  ) async throws -> [StoredCheckpoint] {
    try await base.history(thread: thread, namespace: namespace, query: query)
  }

  /// As the store does.
  public func namespaces(thread: String) async throws -> [GraphNamespace] { try await base.namespaces(thread: thread) }

  /// As the store does; what is remembered is kept by every policy.
  @discardableResult
  public func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    try await base.prune(thread: thread, keeping: policy)
  }

  /// Removes a thread.
  @discardableResult
  public func deleteThread(_ thread: String) async throws -> Bool {
    let name = ThreadName(thread)
    state.withLock { _ = begin(name, &$0) }
    defer { state.withLock { _ = begin(name, &$0) } }
    return try await base.deleteThread(thread)
  }

  /// Forgets threads; to be called after they were removed past this cache.
  public func forget(_ threads: [String]) {
    state.withLock { state in
      for thread in threads { _ = begin(ThreadName(thread), &state) }
    }
  }

  /// Forgets everything; to be called before and after something that changes threads past this cache.
  public func removeAll() {
    state.withLock { state in
      for stripe in state.changes.indices {
        state.changes[stripe] += 1
        state.begun[stripe] += 1
      }
      state.entries.removeAll()
      state.bytes = 0
    }
  }

  /// Forgets a thread, and returns what tells a later moment whether another change of it has begun.
  private func begin(_ thread: ThreadName, _ state: inout State) -> UInt64 {
    let stripe = thread.stripe(Self.stripes)
    state.changes[stripe] += 1
    state.begun[stripe] += 1
    if let entry = state.entries.removeValue(forKey: thread) { state.bytes -= entry.bytes }
    return state.begun[stripe]
  }

  private func keep(_ stored: StoredCheckpoint, of thread: ThreadName, _ state: inout State) {
    // What is open or encoded is better read again; a thread at rest has neither.
    guard stored.pending.isEmpty, stored.effects.isEmpty, case .live(let image) = stored.state,
      let bytes = size(image), bytes <= bytesMax / 4
    else { return }
    if state.bytes + bytes > bytesMax {
      state.entries.removeAll(keepingCapacity: true)
      state.bytes = 0
    }
    if let old = state.entries.updateValue(Entry(checkpoint: stored, bytes: bytes), forKey: thread) {
      state.bytes -= old.bytes
    }
    state.bytes += bytes
  }
}

extension CheckpointWrite {
  /// The thread that is written.
  public var thread: String {
    switch self {
    case .checkpoint(let record): record.thread
    case .pending(let record): record.thread
    case .effect(let record): record.thread
    }
  }
}

/// A thread's name by its bytes: to `==` of strings, different spellings of one character are equal, and would share a
/// thread.
struct ThreadName: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (left: ThreadName, right: ThreadName) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  func stripe(_ count: Int) -> Int { Int(UInt(bitPattern: hashValue) % UInt(count)) }
}
