import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct InMemoryMemoryStoreTests {
  @Test("G39 a memory store in memory", arguments: MemoryStoreConformance.checks)
  func conforms(check: MemoryStoreConformance.Check) async throws {
    try await check.run { now in InMemoryMemoryStore(now: now) }
  }

  @Test("G39 a store in memory holds no more than it may, and nothing of a batch that does not fit")
  func bounded() async throws {
    let store = InMemoryMemoryStore(bytesMax: 1_000, now: { 1 })
    let namespace = try MemoryNamespace("a")
    // Each takes 300 bytes: 2 of the namespace, 1, 1 of the key, and 296 of JSON.
    let value = JSONValue.string(String(repeating: "v", count: 294))
    for key in ["a", "b", "c"] { try await store.put(namespace, key, value) }
    #expect(store.bytes == 900)
    let error = await #expect(throws: MemoryStoreError.self) {
      try await store.perform([
        .delete(namespace, key: "a"), .put(namespace, key: "b", value: 1), .put(namespace, key: "b", value: 2),
        .put(namespace, key: "d", value: value), .put(namespace, key: "e", value: value),
        .put(namespace, key: "f", value: value),
      ])
    }
    #expect(error?.code == .storeFull)
    #expect(store.bytes == 900)
    #expect(try await store.search(MemoryQuery()).items.map(\.value) == [value, value, value])
    try await store.put(namespace, "b", value)
    try await store.delete(namespace, "a")
    try await store.put(namespace, "d", value)
    #expect(store.bytes == 900)
  }

  @Test("G39 what has expired makes room without a sweep")
  func expiredItemsMakeRoom() async throws {
    let time = ManualTime()
    let store = InMemoryMemoryStore(bytesMax: 10_000) { time.now }
    let namespace = try MemoryNamespace("a")
    for number in 0..<5_000 {
      try await store.put(namespace, "k\(number)", 1, timeToLive: .seconds(1))
      time.pass(microseconds: 10_000)
    }
    #expect(store.bytes < 2_500)
  }

  @Test("G39 a full store takes more once something has expired")
  func fullUntilExpiry() async throws {
    let time = ManualTime()
    let store = InMemoryMemoryStore(bytesMax: 1_000) { time.now }
    let namespace = try MemoryNamespace("a")
    let value = JSONValue.string(String(repeating: "v", count: 294))
    for key in ["a", "b"] { try await store.put(namespace, key, value, timeToLive: .seconds(2)) }
    try await store.put(namespace, "c", value, timeToLive: .seconds(1))
    _ = try await store.get(namespace, "b", refreshing: true)
    await #expect(throws: MemoryStoreError.self) { try await store.put(namespace, "d", value) }
    time.pass(microseconds: 1_000_000)
    _ = try await store.get(namespace, "a", refreshing: true)
    try await store.put(namespace, "d", value)
    await #expect(throws: MemoryStoreError.self) { try await store.put(namespace, "e", value) }
    time.pass(microseconds: 1_000_000)
    try await store.put(namespace, "e", value)
    #expect(try await store.search(MemoryQuery()).items.map(\.key) == ["a", "d", "e"])
  }

  @Test("G39 limits can be set")
  func ownLimits() async throws {
    var limits = MemoryLimits()
    limits.valueBytesMax = 10
    limits.pageBytesMax = 25
    let store = InMemoryMemoryStore(limits: limits, now: { 1 })
    let namespace = try MemoryNamespace("a")
    await #expect(throws: MemoryStoreError.self) { try await store.put(namespace, "k", "123456789") }
    for key in ["a", "b", "c"] { try await store.put(namespace, key, "12345678") }
    let page = try await store.search(MemoryQuery())
    #expect(page.items.map(\.key) == ["a", "b"])
    #expect(page.nextOffset == 2)
    limits.pageBytesMax = 5
    let small = InMemoryMemoryStore(limits: limits, now: { 1 })
    for key in ["a", "b"] { try await small.put(namespace, key, "12345678") }
    #expect(try await small.search(MemoryQuery(offset: 1)).items.map(\.key) == ["b"])
    #expect(try await small.search(MemoryQuery()).nextOffset == 1)
  }
}
