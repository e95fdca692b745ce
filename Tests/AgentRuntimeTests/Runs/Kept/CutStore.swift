import AgentGraph
import FoundationEssentials
import Synchronization

@testable import AgentRuntime

/// A store whose process ends: after so many writes to runs and threads nothing is stored any more. What was stored
/// before is in the store around which this one stands.
final class CutStore: RuntimeStore {
  private let base: any RuntimeStore
  private let left: Mutex<Int>
  /// Writes to runs wait here.
  fileprivate let hold: WriteHold?

  private let hasDamagedAgents = Mutex(false)

  init(_ base: any RuntimeStore, after writes: Int = .max, holding hold: WriteHold? = nil) {
    self.base = base
    self.hold = hold
    left = Mutex(writes)
  }

  /// From now on no agent can be read.
  func damageAgents() { hasDamagedAgents.withLock { $0 = true } }

  /// So many more writes are stored.
  func cut(after writes: Int = 0) { left.withLock { $0 = writes } }

  /// Whether a write was refused.
  var isCut: Bool { left.withLock { $0 < 0 } }

  /// Counts a write. Throws once there is nothing left.
  fileprivate func count() throws {
    try left.withLock { left in
      left -= left < 0 ? 0 : 1
      if left < 0 { throw StoreError(.unavailable, "The process has ended.") }
    }
  }

  var threads: any Checkpointer { CutThreads(store: self, base: base.threads) }
  var runs: any RunStore { CutRuns(store: self, base: base.runs) }

  func insertAgent(_ agent: AgentDefinition, changes: [String]) async throws {
    try await base.insertAgent(agent, changes: changes)
  }
  func agent(_ id: String) async throws -> AgentDefinition? {
    if hasDamagedAgents.withLock(\.self) { throw StoreError(.corrupt, "The stored agent \(id) is damaged.") }
    return try await base.agent(id)
  }
  func publishedRelease(line: String) async throws -> AgentDefinition? { try await base.publishedRelease(line: line) }
  func agents(_ query: AgentQuery) async throws -> AgentPage { try await base.agents(query) }
  func replaceAgent(_ agent: AgentDefinition, expecting revision: Int, changes: [String]) async throws {
    try await base.replaceAgent(agent, expecting: revision, changes: changes)
  }
  func revisions(of agentID: String) async throws -> [AgentRevision] { try await base.revisions(of: agentID) }
  func deleteAgent(_ id: String) async throws -> Bool { try await base.deleteAgent(id) }
  func activeAgentCount() async throws -> Int { try await base.activeAgentCount() }
  func pruneThreads(unusedSince time: Date, after place: Int64?, limit: Int) async throws -> PrunedThreads {
    try await base.pruneThreads(unusedSince: time, after: place, limit: limit)
  }
  func probe() async throws -> StoreHealth { try await base.probe() }
  func close() async { await base.close() }
}

private struct CutThreads: Checkpointer {
  let store: CutStore
  let base: any Checkpointer

  func submit(_ writes: [CheckpointWrite], acknowledge: @escaping @Sendable ((any Error)?) -> Void) {
    do { try store.count() } catch { return acknowledge(error) }
    base.submit(writes, acknowledge: acknowledge)
  }
  func load(thread: String, namespace: GraphNamespace, id: CheckpointID?) async throws -> StoredCheckpoint? {
    try await base.load(thread: thread, namespace: namespace, id: id)
  }
  func history(thread: String, namespace: GraphNamespace, query: HistoryQuery) async throws -> [StoredCheckpoint] {
    try await base.history(thread: thread, namespace: namespace, query: query)
  }
  func namespaces(thread: String) async throws -> [GraphNamespace] { try await base.namespaces(thread: thread) }
  func prune(thread: String, keeping policy: RetentionPolicy) async throws -> Int {
    try await base.prune(thread: thread, keeping: policy)
  }
  func deleteThread(_ thread: String) async throws -> Bool { try await base.deleteThread(thread) }
}

private struct CutRuns: RunStore {
  let store: CutStore
  let base: any RunStore

  func insert(_ run: StoredRun) async throws {
    try store.count()
    await store.hold?.pass()
    try await base.insert(run)
  }
  func run(_ id: String) async throws -> StoredRun? { try await base.run(id) }
  func replace(_ run: StoredRun, expecting revision: Int) async throws -> Int {
    try store.count()
    await store.hold?.pass()
    return try await base.replace(run, expecting: revision)
  }
  func list(_ query: RunQuery) async throws -> RunPage { try await base.list(query) }
  func claimable(at now: Date, limit: Int) async throws -> [ClaimableRun] {
    try await base.claimable(at: now, limit: limit)
  }
  func claim(_ id: String, by holder: String, until: Date, expecting revision: Int) async throws -> Int {
    try await base.claim(id, by: holder, until: until, expecting: revision)
  }
  func releaseClaims() async throws { try await base.releaseClaims() }
  func prune(endedBefore time: Date, limit: Int) async throws -> PrunedRuns {
    try await base.prune(endedBefore: time, limit: limit)
  }
}

/// Holds the next write up until the test lets it through, also if whoever asked for it has been cancelled.
final class WriteHold: Sendable {
  private struct State {
    var isArmed = false
    var held: CheckedContinuation<Void, Never>?
    var watcher: CheckedContinuation<Void, Never>?
  }
  private let state = Mutex(State())

  /// The next write is held.
  func arm() { state.withLock { $0.isArmed = true } }

  /// Waits until a write is held.
  func reached() async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.held == nil { state.watcher = continuation }
        return state.held != nil
      }
      if isThere { continuation.resume() }
    }
  }

  /// Lets it through.
  func open() {
    let held = state.withLock { state in
      defer { state.held = nil }
      return state.held
    }
    held?.resume()
  }

  fileprivate func pass() async {
    await withCheckedContinuation { continuation in
      let (waits, watcher) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
        guard state.isArmed else { return (false, nil) }
        state.isArmed = false
        state.held = continuation
        defer { state.watcher = nil }
        return (true, state.watcher)
      }
      watcher?.resume()
      if !waits { continuation.resume() }
    }
  }
}
