import AgentRuntime

extension RuntimeStoreConformance {
  static let listChecks: [Check] = [
    Check("agents are listed in the order of their creation") { store in
      let ids = (0..<30).map { "agent-\(($0 * 7) % 30)" }
      for id in ids { try await store.insert(id) }
      let page = try await store.agents(AgentQuery())
      try expectEqual(page.agents.map(\.id), ids, "the order")
      try expectEqual(page.total, 30, "the total")
    },
    Check("updates keep the order, deletion and a new agent change it at the end") { store in
      for id in ["c", "a", "b"] { try await store.insert(id) }
      try await store.replaceAgent(StoreSamples.agent("c") { $0.revision = 2 }, expecting: 1, changes: [])
      try expectEqual(try await store.agents(AgentQuery()).agents.map(\.id), ["c", "a", "b"], "after an update")
      _ = try await store.deleteAgent("a")
      try await store.insert("a")
      try expectEqual(try await store.agents(AgentQuery()).agents.map(\.id), ["c", "b", "a"], "after one made anew")
    },
    Check("pages cover the list without a gap") { store in
      for number in 0..<25 { try await store.insert("agent-\(number)") }
      var ids: [String] = []
      for offset in stride(from: 0, to: 30, by: 10) {
        let page = try await store.agents(AgentQuery(limit: 10, offset: offset))
        try expectEqual(page.total, 25, "the total at offset \(offset)")
        ids += page.agents.map(\.id)
      }
      try expectEqual(ids, (0..<25).map { "agent-\($0)" }, "all pages together")
    },
    Check("a page past the end is empty and knows the total") { store in
      try await store.insert("a")
      let page = try await store.agents(AgentQuery(limit: 10, offset: 5))
      try expect(page.agents.isEmpty && page.total == 1, "got \(page.agents.count) agents of \(page.total)")
      let none = try await store.agents(AgentQuery(limit: 0))
      try expect(none.agents.isEmpty && none.total == 1, "limit 0: \(none.agents.count) agents of \(none.total)")
    },
    Check("each filter leaves only what matches") { store in
      for number in 0..<24 { try await store.insert("agent-\(number)") { vary(&$0, number) } }
      let all = try await store.agents(AgentQuery(limit: 100)).agents
      for (name, query) in filters {
        let wanted = all.filter { query.matches($0) }
        let page = try await store.agents(query)
        try expect(!wanted.isEmpty && wanted.count < all.count, "\(name): the check itself finds nothing to tell")
        try expectEqual(page.agents.map(\.id), wanted.map(\.id), name)
        try expectEqual(page.total, wanted.count, "\(name), total")
      }
    },
    Check("filters work with paging") { store in
      for number in 0..<24 { try await store.insert("agent-\(number)") { vary(&$0, number) } }
      var query = AgentQuery(limit: 2, offset: 1)
      query.type = "task"
      let page = try await store.agents(query)
      try expectEqual(page.agents.map(\.id), ["agent-3", "agent-5"], "the second and third of the tasks")
      try expectEqual(page.total, 12, "all tasks")
    },
    Check("filters see an agent as it is after an update") { store in
      try await store.insert("a")
      let changed = StoreSamples.agent("a") {
        vary(&$0, 1)
        $0.revision = 2
      }
      try await store.replaceAgent(changed, expecting: 1, changes: [])
      var query = AgentQuery()
      query.type = "conversation"
      try expectEqual(try await store.agents(query).total, 0, "by its old type")
      query.type = "task"
      try expectEqual(try await store.agents(query).total, 1, "by its new type")
    },
    Check("filters compare texts by their bytes") { store in
      try await store.insert("a") { $0.ownerID = "\u{E9}" }
      try await store.insert("b") { $0.ownerID = "e\u{301}" }
      try await store.insert("c") { $0.ownerID = "o\u{0}1" }
      try await store.insert("d") { $0.ownerID = "o\u{0}2" }
      for (owner, id) in [("\u{E9}", "a"), ("e\u{301}", "b"), ("o\u{0}1", "c"), ("o\u{0}2", "d")] {
        var query = AgentQuery()
        query.ownerID = owner
        try expectEqual(try await store.agents(query).agents.map(\.id), [id], "by the owner of \(id)")
      }
      var query = AgentQuery()
      query.ownerID = "o"
      try expectEqual(try await store.agents(query).total, 0, "by the beginning of an owner")
    },
    Check("text in a filter is only text") { store in
      try await store.insert("a")
      for text in ["' OR 1=1 --", "%", "*", "\"type\"", "customer-service-bot'; DROP TABLE agents; --"] {
        var query = AgentQuery()
        query.templateID = text
        try expectEqual(try await store.agents(query).total, 0, "by \(text)")
      }
      try expectEqual(try await store.agents(AgentQuery()).total, 1, "all agents")
    },
  ]

  private static func vary(_ agent: inout AgentDefinition, _ number: Int) {
    agent.type = number % 2 == 0 ? "conversation" : "task"
    agent.templateID = "template-\(number % 3)"
    agent.ownerID = number % 4 == 0 ? nil : "owner-\(number % 4)"
    agent.agentLineID = "line-\(number % 5)"
    agent.status = AgentStatus.allCases[number % AgentStatus.allCases.count]
  }

  private static var filters: [(String, AgentQuery)] {
    func query(_ change: (inout AgentQuery) -> Void) -> AgentQuery {
      var query = AgentQuery()
      change(&query)
      return query
    }
    return [
      ("by type", query { $0.type = "task" }), ("by template", query { $0.templateID = "template-1" }),
      ("by owner", query { $0.ownerID = "owner-2" }), ("by line", query { $0.agentLineID = "line-4" }),
      ("by status", query { $0.status = .pending }),
      (
        "by type and template",
        query {
          $0.type = "conversation"
          $0.templateID = "template-2"
        }
      ),
      (
        "by all five",
        query {
          $0.type = "task"
          $0.templateID = "template-1"
          $0.ownerID = "owner-3"
          $0.agentLineID = "line-2"
          $0.status = .pending
        }
      ),
    ]
  }
}
