import AgentJSON
import AgentRuntime
import AgentTesting
import FoundationEssentials
import Synchronization
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

  /// A read that began before a turn was stored, and ended while it was, must not be remembered.
  @Test func forgetsWhatWasReadWhileATurnWasStored() async throws {
    let slow = SlowStore()
    let cache = ThreadCache(slow)
    try await slow.base.insertAgent(
      AgentDefinition(
        id: "a", name: "A", type: "t", templateID: "t", templateVersionID: "1",
        createdAt: Date(timeIntervalSince1970: 0)), changes: [])
    let key = ThreadKey(agentID: "a", sessionID: "s")
    try await slow.base.appendTurn(turn(key, "one", replaces: false))
    // While the append waits before its commit, the thread is read.
    slow.beforeAppend.withLock { $0 = { _ = try? await cache.thread(key, last: 10) } }
    try await cache.appendTurn(turn(key, "two", replaces: false))
    let remembered = try await cache.thread(key, last: 10)
    #expect(remembered?.messages.map(\.text) == ["one", "one", "two", "two"])
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
            switch random.next() % 6 {
            case 0: _ = try? await cache.deleteThread(key)
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

/// Does something else before it stores a turn.
private final class SlowStore: RuntimeStore {
  let base = InMemoryStore()
  let beforeAppend = Mutex<(@Sendable () async -> Void)?>(nil)

  func appendTurn(_ turn: ThreadTurn) async throws {
    await beforeAppend.withLock { $0 }?()
    try await base.appendTurn(turn)
  }
  func thread(_ key: ThreadKey, last: Int?) async throws -> AgentThread? { try await base.thread(key, last: last) }
  func deleteThread(_ key: ThreadKey) async throws -> Bool { try await base.deleteThread(key) }
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
