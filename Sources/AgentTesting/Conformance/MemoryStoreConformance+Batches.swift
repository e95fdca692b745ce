import AgentGraph
import AgentJSON

extension MemoryStoreConformance {
  static let batchChecks: [Check] = [
    Check("each operation of a batch sees those before it, and has its outcome") { store, time in
      let namespace = try MemoryNamespace("a")
      try await store.put(namespace, "old", 0)
      let outcomes = try await store.perform([
        .get(namespace, key: "k"), .put(namespace, key: "k", value: 1), .get(namespace, key: "k"),
        .search(MemoryQuery()), .delete(namespace, key: "k"), .delete(namespace, key: "k"),
        .search(MemoryQuery()), .put(try MemoryNamespace("b"), key: "x", value: 2), .delete(namespace, key: "old"),
        .listNamespaces(NamespaceQuery()),
      ])
      func item(_ labels: String, _ key: String, _ value: JSONValue) throws -> MemoryItem {
        MemoryItem(
          namespace: try MemoryNamespace(labels), key: key, value: value, createdAt: time.now, updatedAt: time.now,
          expiresAt: nil)
      }
      let (k, old) = (try item("a", "k", 1), try item("a", "old", 0))
      let wanted: [MemoryOutcome] = [
        .item(nil), .stored(k), .item(k), .found(MemoryPage(items: [k, old], nextOffset: nil)), .deleted(true),
        .deleted(false), .found(MemoryPage(items: [old], nextOffset: nil)), .stored(try item("b", "x", 2)),
        .deleted(true), .namespaces(NamespacePage(namespaces: [try MemoryNamespace("b")], nextOffset: nil)),
      ]
      try expectEqual(outcomes, wanted, "the outcomes")
    },
    Check("a batch with an operation beyond its limits does nothing") { store, _ in
      let namespace = try MemoryNamespace("a")
      try await store.put(namespace, "old", 0)
      let bad: [(MemoryOperation, MemoryStoreError.Code)] = [
        (.put(namespace, key: "k", value: .double(.nan)), .invalidValue), (.get(namespace, key: ""), .invalidKey),
        (.put(namespace, key: "k", value: 1, timeToLive: .zero), .invalidTimeToLive),
        (.search(MemoryQuery(limit: 0)), .invalidQuery), (.listNamespaces(NamespaceQuery(limit: 0)), .invalidQuery),
      ]
      for (operation, code) in bad {
        try await expectMemoryError(code, "\(operation)") {
          _ = try await store.perform([
            .put(namespace, key: "new", value: 1), .delete(namespace, key: "old"), operation,
          ])
        }
        try expectEqual(try await store.keys(), ["old"], "what is stored after \(operation)")
      }
    },
    Check("a batch may be empty, and has a largest size") { store, _ in
      try expectEqual(try await store.perform([]), [], "the outcomes of an empty batch")
      let (namespace, max) = (try MemoryNamespace("a"), MemoryLimits().operationsMax)
      let operations = (0...max).map { MemoryOperation.put(namespace, key: "k\($0)", value: 1) }
      try await expectMemoryError(.batchTooLarge, "one too many") { _ = try await store.perform(operations) }
      try expectEqual(try await store.keys(), [], "what is stored")
      try expectEqual(try await store.perform(Array(operations.dropLast())).count, max, "the outcomes of the largest")
      try expectEqual(try await store.keys().count, max, "what is stored of the largest")
    },
  ]

  static let concurrencyChecks: [Check] = [
    Check("concurrent puts are all kept") { store, _ in
      try await alongside(200) { number in
        try await store.put(try MemoryNamespace("n", "\(number % 10)"), "k\(number)", .integer(number))
      }
      let items = try await store.search(MemoryQuery(limit: 1000)).items
      try expectEqual(items.compactMap(\.value.intValue).sorted(), Array(0..<200), "the values")
    },
    Check("of concurrent puts of one key the last is kept in one piece") { store, time in
      let namespace = try MemoryNamespace("a")
      try await alongside(100) { number in
        try await store.put(namespace, "k", ["a": .integer(number), "b": .integer(number)])
      }
      let items = try await store.search(MemoryQuery()).items
      try expectEqual(items.count, 1, "items")
      try expectEqual(items.first?.value["a"], items.first?.value["b"], "both halves")
      try expectEqual(items.first?.createdAt, time.now, "when it was created")
    },
    Check("nobody sees half a batch") { store, _ in
      let namespace = try MemoryNamespace("a")
      @Sendable func both(_ number: Int) -> [MemoryOperation] {
        ["k", "l"].map { .put(namespace, key: $0, value: .integer(number)) }
      }
      _ = try await store.perform(both(-1))
      try await alongside(200) { number in
        if number % 2 == 0 {
          _ = try await store.perform(both(number))
        } else if number % 4 == 1 {
          let values = try await store.search(MemoryQuery()).items.map(\.value)
          try expect(values.count == 2 && values[0] == values[1], "a search saw \(values)")
        } else {
          let items = try await store.perform([.get(namespace, key: "k"), .get(namespace, key: "l")])
          guard case .item(let first?) = items[0], case .item(let second?) = items[1] else {
            throw ConformanceFailure(description: "a batch of reads saw no items")
          }
          try expectEqual(first.value, second.value, "what a batch of reads saw")
        }
      }
    },
    Check("an item that many delete is deleted once") { store, _ in
      let namespace = try MemoryNamespace("a")
      try await store.put(namespace, "k", 1)
      let deletions = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<50 { group.addTask { try await store.delete(namespace, "k") } }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      try expectEqual(deletions, 1, "deletions")
    },
  ]

  private static func alongside(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<count { group.addTask { try await body(number) } }
      try await group.waitForAll()
    }
  }
}
