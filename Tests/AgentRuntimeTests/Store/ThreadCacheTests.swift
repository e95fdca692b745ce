import AgentJSON
import AgentRuntime
import AgentTesting
import FoundationEssentials
import Testing

@Suite struct ThreadCacheTests {
  @Test(arguments: RuntimeStoreConformance.checks)
  func conforms(check: RuntimeStoreConformance.Check) async throws {
    try await check.run { ThreadCache(InMemoryStore()) }
  }

  @Test(arguments: RuntimeStoreConformance.checks)
  func conformsWithHardlyAnyMemory(check: RuntimeStoreConformance.Check) async throws {
    try await check.run { ThreadCache(InMemoryStore(), bytesMax: 20_000) }
  }

  /// Readers, writers and deleters of few threads at once: what is read at rest is what is stored.
  @Test(arguments: 0..<20)
  func neverKeepsWhatIsNotStored(seed: Int) async throws {
    let base = InMemoryStore()
    let cache = ThreadCache(base)
    try await cache.insertAgent(
      AgentDefinition(
        id: "a", name: "A", type: "t", templateID: "t", templateVersionID: "1",
        createdAt: Date(timeIntervalSince1970: 0)),
      changes: [])
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<8 {
        group.addTask {
          var random = SeededRandom(seed: seed * 100 + worker)
          for step in 0..<60 {
            let key = ThreadKey(agentID: "a", sessionID: "s\(random.next() % 3)")
            switch random.next() % 7 {
            case 0: _ = try? await cache.deleteThread(key)
            case 6: _ = try? await cache.pruneThreads(unusedSince: .distantFuture, after: nil, limit: 2)
            case 1, 2: _ = try? await cache.thread(key, last: Int(random.next() % 8))
            case 3:
              try? await cache.appendTurn(turn(key, "\(worker).\(step)", replaces: true))
            default:
              try? await cache.appendTurn(turn(key, "\(worker).\(step)", replaces: false))
            }
            if random.next() % 4 == 0 { await Task.yield() }
          }
        }
      }
    }
    for session in 0..<3 {
      let key = ThreadKey(agentID: "a", sessionID: "s\(session)")
      let remembered = try await cache.thread(key, last: 5)
      let stored = try await base.thread(key, last: 5)
      #expect(remembered == stored)
    }
  }
}

private func turn(_ key: ThreadKey, _ text: String, replaces: Bool) -> ThreadTurn {
  ThreadTurn(
    key: key, userID: nil, messages: [Message(.user, text), Message(.assistant, text)], replacesHistory: replaces,
    time: Date(timeIntervalSince1970: 1))
}
