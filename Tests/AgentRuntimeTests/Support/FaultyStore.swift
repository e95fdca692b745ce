import AgentGraph
import FoundationEssentials
import Synchronization

@testable import AgentRuntime

/// A store in memory that refuses to remove anything by age while it is told to.
final class FaultyStore: RuntimeStore {
  let fails = Mutex(false)
  private let base = InMemoryStore()

  private func check() throws {
    if fails.withLock(\.self) { throw StoreError(.readOnly, "The disk is full.") }
  }

  func pruneThreads(unusedSince time: Date, after place: Int64?, limit: Int) async throws -> PrunedThreads {
    try check()
    return try await base.pruneThreads(unusedSince: time, after: place, limit: limit)
  }

  var runs: any RunStore { FaultyRuns(base: base.runs, check: { [self] in try check() }) }
  var threads: any Checkpointer { base.threads }

  func insertAgent(_ agent: AgentDefinition, changes: [String]) async throws {
    try await base.insertAgent(agent, changes: changes)
  }
  func agent(_ id: String) async throws -> AgentDefinition? { try await base.agent(id) }
  func publishedRelease(line: String) async throws -> AgentDefinition? { try await base.publishedRelease(line: line) }
  func agents(_ query: AgentQuery) async throws -> AgentPage { try await base.agents(query) }
  func replaceAgent(_ agent: AgentDefinition, expecting revision: Int, changes: [String]) async throws {
    try await base.replaceAgent(agent, expecting: revision, changes: changes)
  }
  func revisions(of agentID: String) async throws -> [AgentRevision] { try await base.revisions(of: agentID) }
  func deleteAgent(_ id: String) async throws -> Bool { try await base.deleteAgent(id) }
  func activeAgentCount() async throws -> Int { try await base.activeAgentCount() }
  func probe() async throws -> StoreHealth { try await base.probe() }
  func close() async { await base.close() }
}

private struct FaultyRuns: RunStore {
  let base: any RunStore
  let check: @Sendable () throws -> Void

  func prune(endedBefore time: Date, limit: Int) async throws -> PrunedRuns {
    try check()
    return try await base.prune(endedBefore: time, limit: limit)
  }

  func releaseClaims() async throws { try await base.releaseClaims() }
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
