import AgentRuntime

extension RuntimeStoreConformance {
  static let reopenChecks: [DurabilityCheck] = [
    DurabilityCheck("agents and their history outlive the store") { store in
      try await store.insertAgent(StoreSamples.fullAgent("a"), changes: ["id"])
      for id in ["z", "y", "x"] { try await store.insert(id) }
      try await store.replaceAgent(StoreSamples.agent("z") { $0.revision = 2 }, expecting: 1, changes: ["name"])
      _ = try await store.deleteAgent("y")
    } after: { store in
      try expectAgent(try await store.agent("a"), StoreSamples.fullAgent("a"), "the agent")
      try expectEqual(try await store.agents(AgentQuery()).agents.map(\.id), ["a", "z", "x"], "the list")
      try expectEqual(try await store.revisions(of: "z").map(\.changes), [["id"], ["name"]], "the history")
      try await store.insert("y")
      try expectEqual(try await store.agents(AgentQuery()).agents.last?.id, "y", "one made after the opening")
    },
    DurabilityCheck("threads outlive the store and go on") { store in
      try await store.insert("a")
      try await store.appendTurns(StoreSamples.key(), 0..<20)
      try await store.appendTurn(StoreSamples.turn(StoreSamples.key("t"), 1, user: "u"))
      try await store.appendTurns(StoreSamples.key("gone"), 0..<1)
      _ = try await store.deleteThread(StoreSamples.key("gone"))
    } after: { store in
      try await store.appendTurns(StoreSamples.key(), 20..<25)
      let thread = try await store.storedThread(StoreSamples.key())
      try expectMessages(
        thread.messages, (0..<25).flatMap { StoreSamples.turn(StoreSamples.key(), $0).messages }, "the messages")
      try expectTime(thread.createdAt, StoreSamples.time(0), "created_at")
      try expectEqual(try await store.storedThread(StoreSamples.key("t")).userID, "u", "the user")
      try expect(try await store.thread(StoreSamples.key("gone"), last: nil) == nil, "the deleted thread is back")
    },
    DurabilityCheck("every acknowledged turn of many at once outlives the store") { store in
      try await store.insert("a")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<100 {
          group.addTask { try await store.appendTurn(StoreSamples.turn(StoreSamples.key("s\(number)"), number)) }
        }
        try await group.waitForAll()
      }
    } after: { store in
      for number in 0..<100 {
        let key = StoreSamples.key("s\(number)")
        try expectMessages(
          try await store.storedThread(key).messages, StoreSamples.turn(key, number).messages, "turn \(number)")
      }
    },
  ]
}
