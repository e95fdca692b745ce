import AgentGraph
import FoundationEssentials

/// The runs of an `InMemoryStore`: those of agents that it has.
struct InMemoryRuns: RunStore {
  let store: InMemoryStore

  func insert(_ run: StoredRun) async throws {
    let name = InMemoryStore.Name(run.id)
    try store.withState { state in
      guard state.entries[InMemoryStore.Name(run.agentID)] != nil else { throw StoreError(noAgentOf: run) }
      guard state.runs[name] == nil else { throw StoreError(runExists: run.id) }
      state.runs[name] = run
      state.runs[name]?.revision = 1
    }
  }

  func run(_ id: String) async throws -> StoredRun? {
    try store.withState { $0.runs[InMemoryStore.Name(id)] }
  }

  func replace(_ run: StoredRun, expecting revision: Int) async throws -> Int {
    try change(run.id, expecting: revision) { $0.takeProgress(of: run) }
  }

  func claim(_ id: String, by holder: String, until: Date, expecting revision: Int) async throws -> Int {
    try change(id, expecting: revision) { $0.claim = RunClaim(holder: holder, until: until) }
  }

  func list(_ query: RunQuery) async throws -> RunPage {
    try store.withState { state in
      let found = state.runs.values.filter(query.matches).sorted { $1.cursor.precedes($0.cursor) }
      let runs = Array(found.prefix(query.limit))
      return RunPage(runs: runs, next: found.count > runs.count ? runs.last?.cursor : nil)
    }
  }

  func claimable(at now: Date, limit: Int) async throws -> [ClaimableRun] {
    let limit = RunStoreLimits.nearest(limit, in: RunStoreLimits.claimable)
    return try store.withState { state in
      let found = state.runs.values.filter { $0.status.isDue && $0.claim?.isOver(at: now) ?? true }
      return found.sorted { $0.cursor.precedes($1.cursor) }.prefix(limit).map {
        ClaimableRun(id: $0.id, agentID: $0.agentID, revision: $0.revision)
      }
    }
  }

  func releaseClaims() async throws {
    try store.withState { state in
      for (name, run) in state.runs where run.status.isDue && run.claim != nil {
        state.runs[name]?.claim = nil
        state.runs[name]?.revision = run.revision + 1
      }
    }
  }

  func prune(endedBefore time: Date, limit: Int) async throws -> PrunedRuns {
    let limit = RunStoreLimits.nearest(limit, in: RunStoreLimits.pruned)
    return try store.withState { state in
      let due = state.runs.values.compactMap { run in run.retainedFrom.map { ($0.milliseconds, run) } }
        .filter { $0.0 < time.milliseconds }
      let gone = due.sorted { ($0.0, $0.1.id) < ($1.0, $1.1.id) }.prefix(limit)
      var pruned = PrunedRuns(count: gone.count)
      for (_, run) in gone {
        state.runs[InMemoryStore.Name(run.id)] = nil
        let (own, further) = (run.threadName, run.threadName + "/")
        pruned.threads += store.checkpoints.deleteThreads { name, _ in
          name.isSame(as: own) || name.utf8.starts(with: further.utf8)
        }
      }
      return pruned
    }
  }

  private func change(
    _ id: String, expecting revision: Int, _ body: (inout StoredRun) -> Void
  ) throws -> Int {
    let name = InMemoryStore.Name(id)
    return try store.withState { state in
      guard var run = state.runs[name] else { throw StoreError(noRun: id) }
      guard run.revision == revision else { throw StoreError(run: id, hasRevision: run.revision, not: revision) }
      body(&run)
      run.revision += 1
      state.runs[name] = run
      return run.revision
    }
  }
}

extension InMemoryStore.State {
  mutating func removeRuns(ofAgent id: String) {
    runs = runs.filter { !$0.value.agentID.isSame(as: id) }
  }
}

extension StoredRun {
  /// Takes over what a replacement may change.
  fileprivate mutating func takeProgress(of other: StoredRun) {
    status = other.status
    reason = other.reason
    steps = other.steps
    output = other.output
    usage = other.usage
    error = other.error
    starts = other.starts
    startedAt = other.startedAt
    endedAt = other.endedAt
    updatedAt = other.updatedAt
    claim = other.claim
  }
}

extension RunQuery {
  fileprivate func matches(_ run: StoredRun) -> Bool {
    (agentID?.isSame(as: run.agentID) ?? true) && (status == nil || run.status == status)
      && (after.map { run.cursor.precedes($0) } ?? true)
  }
}
