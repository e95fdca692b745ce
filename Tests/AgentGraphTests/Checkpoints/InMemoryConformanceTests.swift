import AgentGraph
import AgentTesting
import Testing

/// What every checkpointer has to do, done by the one in memory, alone and behind a cache.
@Suite struct InMemoryConformanceTests {
  @Test("the in-memory checkpointer conforms", arguments: CheckpointerConformance.checks)
  func conforms(check: CheckpointerConformance.Check) async throws {
    try await check.run { now in InMemoryCheckpointer(now: now) }
  }

  @Test("a cache conforms", arguments: CheckpointerConformance.checks)
  func cacheConforms(check: CheckpointerConformance.Check) async throws {
    try await check.run { now in CheckpointCache(InMemoryCheckpointer(now: now), bytesMax: 1 << 20) { _ in 1000 } }
  }

  @Test("a cache with hardly any memory conforms", arguments: CheckpointerConformance.checks)
  func smallCacheConforms(check: CheckpointerConformance.Check) async throws {
    try await check.run { now in CheckpointCache(InMemoryCheckpointer(now: now), bytesMax: 2000) { _ in 400 } }
  }
}
