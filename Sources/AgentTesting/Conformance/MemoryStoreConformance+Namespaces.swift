import AgentGraph
import AgentJSON

extension MemoryStoreConformance {
  static let namespaceChecks: [Check] = [
    Check("namespaces with items are listed once, in order") { store, _ in
      try expectEqual(try await store.lists(), [], "of an empty store")
      for labels in [["b"], ["a", "x"], ["a"], ["a b"], ["a", "x", "y"]] {
        try await store.fill(try MemoryNamespace(labels), ["k", "l", "m"])
      }
      try expectEqual(try await store.lists(), [["a"], ["a", "x"], ["a", "x", "y"], ["a b"], ["b"]], "all")
      for key in ["k", "l", "m"] { try await store.delete(try MemoryNamespace("a", "x"), key) }
      try expectEqual(try await store.lists(), [["a"], ["a", "x", "y"], ["a b"], ["b"]], "after one was emptied")
    },
    Check("a prefix and a suffix choose namespaces, with any label for *") { store, _ in
      try await fillTree(store)
      for (query, wanted) in patterns {
        let found = try await store.lists(query).map { $0.joined(separator: "/") }
        try expectEqual(found, wanted, "prefix \(query.prefix), suffix \(query.suffix), depth \(query.depthMax ?? 0)")
      }
    },
    Check("a label * is found as any other") { store, _ in
      for label in ["*", "a"] { try await store.put(try MemoryNamespace(label), "k", 1) }
      try expectEqual(try await store.lists(NamespaceQuery(prefix: [.exactly("*")])), [["*"]], "exactly *")
      try expectEqual(try await store.lists(NamespaceQuery(prefix: ["*"])), [["*"], ["a"]], "any")
    },
    Check("patterns compare labels by their bytes") { store, _ in
      for label in ["\u{E9}", "e\u{301}"] { try await store.put(try MemoryNamespace("a", label), "k", 1) }
      for label in ["\u{E9}", "e\u{301}"] {
        for query in [NamespaceQuery(prefix: ["a", .exactly(label)]), NamespaceQuery(suffix: [.exactly(label)])] {
          let found = try await store.lists(query)
          try expect(found.count == 1 && sameBytes(found[0], ["a", label]), "got \(found)")
        }
      }
    },
    Check("pages of namespaces cover all") { store, _ in
      for number in 0..<23 {
        try await store.fill(try MemoryNamespace("n", "\(100 + number)", "x"), ["k", "l"])
        try await store.fill(try MemoryNamespace("n", "\(100 + number)", "y"), ["k"])
      }
      for (depth, wanted) in [(nil, 46), (2, 23), (1, 1)] as [(Int?, Int)] {
        var (found, offset): ([MemoryNamespace], Int?) = ([], 0)
        while let start = offset {
          let page = try await store.listNamespaces(NamespaceQuery(depthMax: depth, limit: 5, offset: start))
          found += page.namespaces
          offset = page.nextOffset
        }
        try expectEqual(found.count, wanted, "namespaces of depth \(depth ?? 0)")
        try expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 }, "not in order: \(found)")
      }
      let past = try await store.listNamespaces(NamespaceQuery(offset: 46))
      try expectEqual(past, NamespacePage(namespaces: [], nextOffset: nil), "past the end")
    },
  ]

  private static func fillTree(_ store: any MemoryStore) async throws {
    for user in ["anna", "ben"] {
      for kind in ["facts", "likes"] { try await store.put(try MemoryNamespace("users", user, kind), "k", 1) }
      try await store.put(try MemoryNamespace("users", user, "likes", "food"), "k", 1)
    }
    try await store.put(try MemoryNamespace("teams", "red", "facts"), "k", 1)
    try await store.put(try MemoryNamespace("users"), "k", 1)
    try await store.put(try MemoryNamespace("facts"), "k", 1)
  }

  private static var patterns: [(NamespaceQuery, [String])] {
    let anna = ["users/anna/facts", "users/anna/likes", "users/anna/likes/food"]
    let ben = ["users/ben/facts", "users/ben/likes", "users/ben/likes/food"]
    return [
      (NamespaceQuery(prefix: ["users"]), ["users"] + anna + ben), (NamespaceQuery(prefix: ["users", "anna"]), anna),
      (NamespaceQuery(prefix: ["user"]), []), (NamespaceQuery(prefix: ["*", "anna"]), anna),
      (NamespaceQuery(prefix: ["*", "*", "facts"]), ["teams/red/facts", "users/anna/facts", "users/ben/facts"]),
      (NamespaceQuery(prefix: ["users", "*", "likes", "*"]), ["users/anna/likes/food", "users/ben/likes/food"]),
      (NamespaceQuery(suffix: ["facts"]), ["facts", "teams/red/facts", "users/anna/facts", "users/ben/facts"]),
      (NamespaceQuery(suffix: ["anna", "*"]), ["users/anna/facts", "users/anna/likes"]),
      (NamespaceQuery(prefix: ["users"], suffix: ["facts"]), ["users/anna/facts", "users/ben/facts"]),
      (NamespaceQuery(prefix: ["users"], suffix: ["users"]), ["users"]),
      (NamespaceQuery(prefix: ["users", "ben"], suffix: ["ben", "*"]), ["users/ben/facts", "users/ben/likes"]),
      (NamespaceQuery(depthMax: 1), ["facts", "teams", "users"]),
      (NamespaceQuery(depthMax: 2), ["facts", "teams/red", "users", "users/anna", "users/ben"]),
      (NamespaceQuery(prefix: ["users"], depthMax: 3), ["users"] + anna.prefix(2) + ben.prefix(2)),
      (NamespaceQuery(suffix: ["food"], depthMax: 2), ["users/anna", "users/ben"]),
      (NamespaceQuery(suffix: ["food"], depthMax: 1), ["users"]),
      (NamespaceQuery(prefix: ["users", "anna"], depthMax: 1), ["users"]),
      (NamespaceQuery(prefix: ["users"], depthMax: 99), ["users"] + anna + ben),
    ]
  }
}
