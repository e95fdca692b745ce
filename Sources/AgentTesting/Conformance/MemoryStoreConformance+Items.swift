import AgentGraph
import AgentJSON

extension MemoryStoreConformance {
  static let itemChecks: [Check] = [
    Check("what was put is got") { store, time in
      let namespace = try MemoryNamespace("users", "anna")
      let put = try await store.put(namespace, "likes", ["food": ["tea", "rye"], "score": 1.5])
      let got = try expectSome(try await store.get(namespace, "likes"), "the item")
      try expectEqual(got, put, "what was got against what put gave")
      try expectEqual(got.value, ["score": 1.5, "food": ["tea", "rye"]], "the value")
      try expectEqual(got.namespace, namespace, "the namespace")
      try expectEqual([got.createdAt, got.updatedAt], [time.now, time.now], "the times")
      try expect(got.expiresAt == nil, "an item without a time to live expires")
    },
    Check("what was not put is not there") { store, _ in
      let namespace = try MemoryNamespace("a")
      try expect(try await store.get(namespace, "k") == nil, "an item that was never put")
      try expect(!(try await store.delete(namespace, "k")), "an item that was never put was deleted")
      try await store.put(namespace, "k", 1)
      try expect(try await store.get(try MemoryNamespace("a", "b"), "k") == nil, "an item of the namespace above")
      try expect(try await store.get(namespace, "k2") == nil, "an item of another key")
    },
    Check("a put replaces the value and keeps the time of creation") { store, time in
      let namespace = try MemoryNamespace("a")
      let first = try await store.put(namespace, "k", ["old": true, "both": 1])
      time.pass(microseconds: 7)
      let second = try await store.put(namespace, "k", ["both": 2])
      try expectEqual(second.value, ["both": 2], "the value")
      try expectEqual([second.createdAt, second.updatedAt], [first.createdAt, first.createdAt + 7], "the times")
      try expectEqual(try await store.get(namespace, "k"), second, "what is stored")
      try expectEqual(try await store.keys(), ["k"], "all keys")
    },
    Check("the time of an update does not go back with the clock") { store, time in
      let namespace = try MemoryNamespace("a")
      let first = try await store.put(namespace, "k", 1)
      time.goBack(microseconds: 5)
      let second = try await store.put(namespace, "k", 2)
      try expectEqual([second.createdAt, second.updatedAt], [first.createdAt, first.updatedAt], "the times")
    },
    Check("what was deleted is gone, and may be put anew") { store, time in
      let namespace = try MemoryNamespace("a")
      try await store.fill(namespace, ["k", "l"])
      try expect(try await store.delete(namespace, "k"), "the item was not there to be deleted")
      try expect(try await store.get(namespace, "k") == nil, "the item is still there")
      try expect(!(try await store.delete(namespace, "k")), "it was deleted twice")
      try expectEqual(try await store.keys(), ["l"], "the other keys")
      time.pass(microseconds: 3)
      try expectEqual(try await store.put(namespace, "k", 2).createdAt, time.now, "its new time of creation")
    },
    Check("any JSON is kept as it is") { store, _ in
      let namespace = try MemoryNamespace("a")
      for (index, value) in values.enumerated() {
        try await store.put(namespace, "k\(index)", value)
        let got = try expectSome(try await store.get(namespace, "k\(index)"), "value \(index)")
        try expectEqual(got.value, value, "value \(index)")
        try expectEqual(got.value.encoded(), value.encoded(), "value \(index) as text")
      }
    },
    Check("keys and labels are told apart by their bytes") { store, _ in
      let texts = ["\u{E9}", "e\u{301}", "a", "A", "a ", " a", "*", "%", "_", "😀", "'", "\"", "\\", "."]
      for label in texts {
        for key in texts + ["a\u{0}", "a\u{0}b", "\n", "\u{1F}"] {
          try await store.put(try MemoryNamespace(label), key, .string(label + key))
        }
      }
      for label in texts {
        for key in texts + ["a\u{0}", "a\u{0}b", "\n", "\u{1F}"] {
          let item = try expectSome(try await store.get(try MemoryNamespace(label), key), "\(label) \(key)")
          try expectEqual(item.value, .string(label + key), "\(label) \(key)")
          try expect(sameBytes([item.key] + item.namespace.labels, [key, label]), "\(label) \(key) has other names")
        }
      }
    },
    Check("labels do not run into each other or into the key") { store, _ in
      let places = [
        (["a", "b"], "c"), (["a"], "b"), (["ab"], "c"), (["a", "bc"], "c"), (["a"], "bc"), (["a b"], "c"),
      ]
      for (index, (labels, key)) in places.enumerated() {
        try await store.put(try MemoryNamespace(labels), key, .integer(index))
      }
      for (index, (labels, key)) in places.enumerated() {
        let item = try await store.get(try MemoryNamespace(labels), key)
        try expectEqual(item?.value, .integer(index), "\(labels) \(key)")
      }
    },
  ]

  private static var values: [JSONValue] {
    let literals = ["123456789012345678901234567890", "1e400", "-1E-400", "0.1000000000000000055511151231257827"]
    return [
      .null, true, false, 0, -1, .integer(.max), .integer(.min), 0.1, -0.0, 1e300, 2.5e-308, "", "a", "a\u{0}b",
      "\u{0}", "\u{E9}", "e\u{301}", "\"\\/\n\r\t\u{8}\u{C}\u{1F}\u{7F}\u{2028}😀", [], [:], [[], [:], [.null]],
      ["": 1, "a.b": 2, "\"": 3, "\u{0}": 4, "e\u{301}": 5, "\u{E9}": 6],
    ] + literals.compactMap { JSONNumber($0).map(JSONValue.number) }
  }
}
