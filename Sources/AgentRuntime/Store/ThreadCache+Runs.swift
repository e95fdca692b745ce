import AgentGraph
import FoundationEssentials

/// The runs of the store that a `ThreadCache` stands before: what is removed with them is forgotten.
struct RunsBesideCache: RunStore {
  let base: any RunStore
  let cache: CheckpointCache

  func releaseClaims() async throws { try await base.releaseClaims() }

  func prune(endedBefore time: Date, limit: Int) async throws -> PrunedRuns {
    let pruned = try await base.prune(endedBefore: time, limit: limit)
    cache.forget(pruned.threads)
    return pruned
  }

  func insert(_ run: StoredRun) async throws { try await base.insert(run) }

  func run(_ id: String) async throws -> StoredRun? { try await base.run(id) }

  func replace(_ run: StoredRun, expecting revision: Int) async throws -> Int {
    try await base.replace(run, expecting: revision)
  }

  func list(_ query: RunQuery) async throws -> RunPage { try await base.list(query) }

  func claimable(at now: Date, limit: Int) async throws -> [ClaimableRun] {
    try await base.claimable(at: now, limit: limit)
  }

  func claim(_ id: String, by holder: String, until: Date, expecting revision: Int) async throws -> Int {
    try await base.claim(id, by: holder, until: until, expecting: revision)
  }
}
