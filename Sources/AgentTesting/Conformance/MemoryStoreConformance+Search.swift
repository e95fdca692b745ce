import AgentGraph
import AgentJSON

extension MemoryStoreConformance {
  static let searchChecks: [Check] = [
    Check("items come by namespace, then by key, by bytes") { store, _ in
      let places = [
        (["a"], "\u{1}"), (["a"], "B"), (["a"], "a"), (["a"], "e\u{301}"), (["a"], "\u{E9}"), (["a"], "\u{FFFD}"),
        (["a"], "😀"), (["a", "A"], "z"), (["a", "b"], "a"), (["a", "b", "c"], "a"), (["a "], "a"), (["a!"], "a"),
        (["ab"], "a"), (["b"], "a"), (["\u{E9}"], "a"),
      ]
      for (index, place) in places.enumerated().reversed() {
        try await store.put(try MemoryNamespace(place.0), place.1, .integer(index))
      }
      let items = try await store.search(MemoryQuery(limit: 100)).items
      try expectEqual(items.map(\.value), (0..<places.count).map { .integer($0) }, "the order")
    },
    Check("an update does not change an item's place") { store, time in
      let namespace = try MemoryNamespace("a")
      try await store.fill(namespace, ["c", "a", "b"])
      time.pass(microseconds: 1)
      try await store.put(namespace, "a", 9)
      try expectEqual(try await store.keys(), ["a", "b", "c"], "the keys")
    },
    Check("a prefix finds a namespace and all below it, nothing beside it") { store, _ in
      for labels in [["a"], ["a", "b"], ["a", "b", "c"], ["a", "bc"], ["ab"], ["a "], ["b", "a"], ["A"]] {
        try await store.put(try MemoryNamespace(labels), labels.joined(separator: "/"), 1)
      }
      let a = try MemoryNamespace("a")
      try expectEqual(try await store.keys(a), ["a", "a/b", "a/b/c", "a/bc"], "below a")
      try expectEqual(try await store.keys(try MemoryNamespace("a", "b")), ["a/b", "a/b/c"], "below a b")
      try expectEqual(try await store.keys(try MemoryNamespace("a", "b", "c", "d")), [], "below a b c d")
      try expectEqual(try await store.keys(try MemoryNamespace("c")), [], "below c")
      try expectEqual(try await store.keys().count, 8, "everywhere")
    },
    Check("pages cover all without a gap or a repetition") { store, _ in
      let namespace = try MemoryNamespace("a")
      let keys = (100..<125).map { "k\($0)" }
      try await store.fill(namespace, keys.reversed())
      for limit in [1, 7, 24, 25, 26] {
        var (found, offset): ([String], Int?) = ([], 0)
        while let start = offset {
          let page = try await store.search(MemoryQuery(prefix: namespace, limit: limit, offset: start))
          try expect(page.items.count <= limit, "a page of \(page.items.count) items, limit \(limit)")
          found += page.items.map(\.key)
          offset = page.nextOffset
        }
        try expectEqual(found, keys, "by pages of \(limit)")
      }
    },
    Check("a page past the end is empty and the last") { store, _ in
      try await store.fill(try MemoryNamespace("a"), ["a", "b"])
      for offset in [2, 3, 1_000_000, Int.max] {
        let page = try await store.search(MemoryQuery(offset: offset))
        try expectEqual(page, MemoryPage(items: [], nextOffset: nil), "at \(offset)")
      }
    },
    Check("a page knows whether more match its filters") { store, _ in
      let namespace = try MemoryNamespace("a")
      for number in 0..<20 { try await store.put(namespace, "k\(100 + number)", ["even": .bool(number % 2 == 0)]) }
      var query = MemoryQuery(prefix: namespace, filters: [MemoryFilter("even", .eq, true)], limit: 4, offset: 3)
      let page = try await store.search(query)
      try expectEqual(page.items.map(\.key), ["k106", "k108", "k110", "k112"], "the page")
      try expectEqual(page.nextOffset, 7, "the next offset")
      query.offset = 6
      try expectEqual(try await store.search(query).nextOffset, nil, "the next offset of the last page")
    },
    Check("a page ends before it is too large, but has an item") { store, _ in
      let (namespace, limits) = (try MemoryNamespace("a"), MemoryLimits())
      // A text of n bytes is n + 2 bytes of JSON.
      let value = JSONValue.string(String(repeating: "x", count: limits.valueBytesMax - 2))
      let count = limits.pageBytesMax / limits.valueBytesMax
      for number in 0..<count + 1 { try await store.put(namespace, "k\(100 + number)", value) }
      let page = try await store.search(MemoryQuery(prefix: namespace, limit: 1000))
      try expectEqual(page.items.count, count, "the items of the page")
      try expectEqual(page.nextOffset, count, "the next offset")
      let rest = try await store.search(MemoryQuery(prefix: namespace, limit: 1000, offset: count))
      try expectEqual(rest.items.map(\.key), ["k\(100 + count)"], "the rest")
      try expectEqual(rest.nextOffset, nil, "the next offset of the rest")
    },
  ]
}
