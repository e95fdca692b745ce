import AgentRuntime
import AgentTesting
import Testing

@Suite struct InMemoryStoreTests {
  @Test(arguments: RuntimeStoreConformance.checks)
  func conforms(check: RuntimeStoreConformance.Check) async throws {
    try await check.run { InMemoryStore() }
  }
}
