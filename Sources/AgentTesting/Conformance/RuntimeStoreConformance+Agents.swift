import AgentRuntime

extension RuntimeStoreConformance {
  static let agentChecks: [Check] = [
    Check("an agent comes back with every field as it was") { store in
      let agent = StoreSamples.fullAgent("a")
      try await store.insertAgent(agent, changes: ["id"])
      try expectAgent(try await store.agent("a"), agent, "a full agent")
      let bare = StoreSamples.agent("b")
      try await store.insertAgent(bare, changes: [])
      try expectAgent(try await store.agent("b"), bare, "a bare agent")
    },
    Check("an unknown agent is nil") { store in
      try expect(try await store.agent("nobody") == nil, "an unknown agent is there")
      try await store.insert("a")
      for id in ["", "A", "a ", "aa"] {
        try expect(try await store.agent(id) == nil, "an agent answers to \"\(id)\"")
      }
    },
    Check("an id is taken once") { store in
      let first = StoreSamples.agent("a")
      try await store.insertAgent(first, changes: ["id"])
      try await expectError(.exists, "a second agent a") {
        try await store.insertAgent(StoreSamples.fullAgent("a"), changes: ["name"])
      }
      try expectAgent(try await store.agent("a"), first, "the first agent after a refused second")
      try expectEqual(try await store.revisions(of: "a").map(\.changes), [["id"]], "its history")
    },
    Check("ids that differ in case or by a point are different") { store in
      for id in ["a", "A", "a.b", "a-b", "a_b", "a:b"] { try await store.insert(id) }
      try expectEqual(try await store.agent("A")?.id, "A", "the agent A")
      try expectEqual(try await store.agents(AgentQuery()).total, 6, "how many there are")
    },
    Check("an update replaces the agent") { store in
      try await store.insert("a")
      var agent = StoreSamples.fullAgent("a")
      agent.revision = 2
      try await store.replaceAgent(agent, expecting: 1, changes: ["name"])
      try expectAgent(try await store.agent("a"), agent, "the updated agent")
    },
    Check("an update of another revision is a conflict and changes nothing") { store in
      let agent = StoreSamples.agent("a") { $0.revision = 5 }
      try await store.insertAgent(agent, changes: ["id"])
      for expecting in [0, 4, 6] {
        try await expectError(.conflict(current: 5), "an update of revision \(expecting)") {
          try await store.replaceAgent(
            StoreSamples.agent("a") { $0.revision = expecting + 1 }, expecting: expecting, changes: ["name"])
        }
      }
      try expectAgent(try await store.agent("a"), agent, "the agent after conflicts")
      try expectEqual(try await store.revisions(of: "a").map(\.revision), [5], "its history")
    },
    Check("an update of an unknown agent is not found") { store in
      try await expectError(.notFound, "an update") {
        try await store.replaceAgent(StoreSamples.agent("a") { $0.revision = 2 }, expecting: 1, changes: [])
      }
      try expect(try await store.agent("a") == nil, "the update made the agent")
      try expectEqual(try await store.revisions(of: "a").count, 0, "its history")
    },
    Check("the history holds every revision, oldest first") { store in
      try await store.insertAgent(StoreSamples.agent("a"), changes: ["id", "name"])
      try await store.insert("b")
      for revision in 2...12 {
        let agent = StoreSamples.agent("a") {
          $0.revision = revision
          $0.updatedAt = StoreSamples.time(Double(revision))
        }
        try await store.replaceAgent(agent, expecting: revision - 1, changes: ["field\(revision)", "\u{0}é"])
      }
      let history = try await store.revisions(of: "a")
      try expectEqual(history.map(\.revision), Array(1...12), "revisions")
      try expectEqual(history[0].changes, ["id", "name"], "the first changes")
      try expectEqual(history[11].changes, ["field12", "\u{0}é"], "the last changes")
      try expectTime(history[11].updatedAt, StoreSamples.time(12), "the last time")
      try expectEqual(try await store.revisions(of: "b").count, 1, "the other agent's history")
    },
    Check("an unknown agent has an empty history") { store in
      try expectEqual(try await store.revisions(of: "nobody").count, 0, "its history")
    },
    Check("a deleted agent is gone with its history and its threads") { store in
      try await store.insert("a")
      try await store.insert("b")
      try await store.appendTurns(StoreSamples.key(), 0..<3)
      try await store.appendTurns(StoreSamples.key(agent: "b"), 0..<2)
      try expect(try await store.deleteAgent("a"), "the deletion says that there was none")
      try expect(try await store.agent("a") == nil, "the agent is still there")
      try expectEqual(try await store.revisions(of: "a").count, 0, "its history")
      try expect(try await store.thread(StoreSamples.key(), last: nil) == nil, "its thread is still there")
      try expectEqual(
        try await store.storedThread(StoreSamples.key(agent: "b")).messages.count, 4, "the other agent's thread")
    },
    Check("deleting an unknown agent says so") { store in
      try expect(try await store.deleteAgent("a") == false, "the deletion says that there was one")
      try await store.insert("a")
      _ = try await store.deleteAgent("a")
      try expect(try await store.deleteAgent("a") == false, "a second deletion says that there was one")
    },
    Check("an agent made anew has nothing of its predecessor's") { store in
      try await store.insert("a")
      try await store.appendTurns(StoreSamples.key(), 0..<3)
      _ = try await store.deleteAgent("a")
      try await store.insertAgent(StoreSamples.agent("a"), changes: ["anew"])
      try expectEqual(try await store.revisions(of: "a").map(\.changes), [["anew"]], "its history")
      try expect(try await store.thread(StoreSamples.key(), last: nil) == nil, "the old thread is there")
      try await store.appendTurns(StoreSamples.key(), 7..<8)
      try expectMessages(
        try await store.storedThread(StoreSamples.key()).messages, StoreSamples.turn(StoreSamples.key(), 7).messages,
        "the new thread")
    },
    Check("active agents are those not revoked") { store in
      try expectEqual(try await store.activeAgentCount(), 0, "in an empty store")
      for status in AgentStatus.allCases { try await store.insert(status.rawValue) { $0.status = status } }
      try expectEqual(try await store.activeAgentCount(), 4, "with one of each status")
      try await store.replaceAgent(
        StoreSamples.agent("draft") {
          $0.status = .revoked
          $0.revision = 2
        }, expecting: 1, changes: ["status"])
      try expectEqual(try await store.activeAgentCount(), 3, "after one was revoked")
      _ = try await store.deleteAgent("published")
      try expectEqual(try await store.activeAgentCount(), 2, "after one was deleted")
    },
  ]
}
