import AgentGraph
import AgentJSON

extension MemoryStoreConformance {
  private static let limits = MemoryLimits()

  static let limitChecks: [Check] = [
    Check("the largest of everything is taken") { store, _ in
      let label = String(repeating: "l", count: MemoryNamespace.labelBytesMax)
      let namespace = try MemoryNamespace(Array(repeating: label, count: MemoryNamespace.depthMax))
      let key = String(repeating: "k", count: limits.keyBytesMax)
      let value = JSONValue.string(String(repeating: "v", count: limits.valueBytesMax - 2))
      try await store.put(namespace, key, value, timeToLive: limits.timeToLiveMax)
      try expectEqual(try await store.get(namespace, key)?.value, value, "the largest value")
      try expectEqual(try await store.lists(), [namespace.labels], "the deepest namespace")
      let deep = nested(limits.valueDepthMax)
      try await store.put(namespace, key, deep)
      try expectEqual(try await store.get(namespace, key)?.value, deep, "the deepest value")
    },
    Check("values beyond their limits are refused") { store, _ in
      let namespace = try MemoryNamespace("a")
      let large = JSONValue.string(String(repeating: "v", count: limits.valueBytesMax - 1))
      let values: [(String, JSONValue)] = [
        ("too large", large), ("too deep", nested(limits.valueDepthMax + 1)), ("far too deep", nested(5_000)),
        ("not a number", .double(.nan)), ("infinite", ["a": [.double(.infinity)]]),
      ]
      for (name, value) in values {
        try await expectMemoryError(.invalidValue, name) { try await store.put(namespace, "k", value) }
      }
      try expectEqual(try await store.keys(), [], "what is stored")
    },
    Check("keys and times to live beyond their limits are refused") { store, _ in
      let namespace = try MemoryNamespace("a")
      for key in ["", String(repeating: "k", count: limits.keyBytesMax + 1)] {
        try await expectMemoryError(.invalidKey, "put") { try await store.put(namespace, key, 1) }
        try await expectMemoryError(.invalidKey, "get") { _ = try await store.get(namespace, key) }
        try await expectMemoryError(.invalidKey, "delete") { try await store.delete(namespace, key) }
      }
      for life in [Duration.zero, .seconds(-1), limits.timeToLiveMax + .nanoseconds(1)] {
        try await expectMemoryError(.invalidTimeToLive, "\(life)") {
          try await store.put(namespace, "k", 1, timeToLive: life)
        }
      }
      try expectEqual(try await store.keys(), [], "what is stored")
    },
    Check("queries beyond their limits are refused") { store, _ in
      for (name, query) in badQueries {
        try await expectMemoryError(.invalidQuery, name) { _ = try await store.search(query) }
      }
      for (name, query) in badLists {
        try await expectMemoryError(.invalidQuery, name) { _ = try await store.listNamespaces(query) }
      }
      for max in [0, -1, MemoryLimits.sweepMax + 1] {
        try await expectMemoryError(.invalidQuery, "a sweep of \(max)") { _ = try await store.sweepExpired(max: max) }
      }
    },
    Check("namespaces beyond their limits cannot be made") { _, _ in
      let long = String(repeating: "l", count: MemoryNamespace.labelBytesMax + 1)
      let all: [[String]] = [
        [], [""], ["a", ""], [long], ["a\u{0}"], ["\u{1F}"], ["\n"], ["\u{7F}"],
        Array(repeating: "a", count: MemoryNamespace.depthMax + 1),
      ]
      for labels in all {
        try await expectMemoryError(.invalidNamespace, "\(labels.count) labels") { _ = try MemoryNamespace(labels) }
      }
    },
  ]

  private static func nested(_ depth: Int) -> JSONValue {
    (0..<depth).reduce(.null) { value, level in level % 2 == 0 ? [value] : ["a": value] }
  }

  private static var badQueries: [(String, MemoryQuery)] {
    let filter = MemoryFilter("a", .eq, 1)
    let long = String(repeating: "x", count: limits.filterBytesMax)
    return [
      ("limit 0", MemoryQuery(limit: 0)), ("limit -1", MemoryQuery(limit: -1)), ("offset -1", MemoryQuery(offset: -1)),
      ("a large limit", MemoryQuery(limit: limits.limitMax + 1)),
      ("many filters", MemoryQuery(filters: Array(repeating: filter, count: limits.filtersMax + 1))),
      (
        "a deep path",
        MemoryQuery(filters: [MemoryFilter(Array(repeating: "a", count: limits.pathDepthMax + 1), .eq, 1)])
      ),
      ("a long path", MemoryQuery(filters: [MemoryFilter(long, .eq, 1)])),
      ("a long operand", MemoryQuery(filters: [MemoryFilter("a", .eq, .string(long))])),
      ("an infinite operand", MemoryQuery(filters: [MemoryFilter("a", .lt, .double(.infinity))])),
      ("a deep operand", MemoryQuery(filters: [MemoryFilter("a", .eq, nested(5_000))])),
    ]
  }

  private static var badLists: [(String, NamespaceQuery)] {
    let deep = Array(repeating: NamespaceQuery.Label.any, count: MemoryNamespace.depthMax + 1)
    return [
      ("limit 0", NamespaceQuery(limit: 0)), ("a large limit", NamespaceQuery(limit: limits.limitMax + 1)),
      ("offset -1", NamespaceQuery(offset: -1)), ("depth 0", NamespaceQuery(depthMax: 0)),
      ("a deep prefix", NamespaceQuery(prefix: deep)), ("a deep suffix", NamespaceQuery(suffix: deep)),
      ("an empty label", NamespaceQuery(prefix: [""])), ("a control character", NamespaceQuery(suffix: ["a\u{1F}"])),
    ]
  }
}
