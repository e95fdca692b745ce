import AgentRuntime

extension RuntimeStoreConformance {
  static let concurrencyChecks: [Check] = [
    Check("concurrent turns of one thread are all kept, each in one piece") { store in
      try await store.insert("a")
      let key = StoreSamples.key()
      try await together(100) { try await store.appendTurn(StoreSamples.turn(key, $0)) }
      let thread = try await store.storedThread(key)
      try expectEqual(thread.messageCount, 200, "message count")
      try expectTurns(thread, Array(0..<100))
    },
    Check("concurrent turns of many threads are all kept") { store in
      try await store.insert("a")
      try await together(200) { try await store.appendTurn(StoreSamples.turn(StoreSamples.key("s\($0 % 20)"), $0)) }
      for session in 0..<20 {
        let thread = try await store.storedThread(StoreSamples.key("s\(session)"))
        try expectTurns(thread, Array(stride(from: session, to: 200, by: 20)))
      }
    },
    Check("reads during writes see whole turns") { store in
      try await store.insert("a")
      let key = StoreSamples.key()
      try await store.appendTurns(key, 0..<1)
      try await together(120) { number in
        if number % 2 == 0 { return try await store.appendTurn(StoreSamples.turn(key, number)) }
        let thread = try await store.storedThread(key)
        try expectEqual(thread.messages.count, thread.messageCount, "messages against message count")
        try expectEqual(thread.messageCount % 2, 0, "half turns")
        try expectEqual(try await store.storedThread(key, last: 1).messages.first?.role, .assistant, "the last")
      }
    },
    Check("of concurrent updates of one revision exactly one wins") { store in
      try await store.insert("a")
      let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<50 {
          group.addTask {
            let agent = StoreSamples.agent("a") {
              $0.name = "by \(number)"
              $0.revision = 2
            }
            do {
              try await store.replaceAgent(agent, expecting: 1, changes: ["name"])
              return true
            } catch let error as StoreError where error.kind == .conflict(current: 2) {
              return false
            }
          }
        }
        return try await group.reduce(0) { $1 ? $0 + 1 : $0 }
      }
      try expectEqual(wins, 1, "how many won")
      try expectEqual(try await store.revisions(of: "a").map(\.revision), [1, 2], "the history")
    },
    Check("of concurrent creations of one id exactly one wins") { store in
      let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<50 {
          group.addTask {
            do {
              try await store.insert("a")
              return true
            } catch let error as StoreError where error.kind == .exists {
              return false
            }
          }
        }
        return try await group.reduce(0) { $1 ? $0 + 1 : $0 }
      }
      try expectEqual(wins, 1, "how many won")
      try expectEqual(try await store.revisions(of: "a").count, 1, "the history")
    },
    Check("a refused write does not take others with it") { store in
      try await store.insert("a")
      try await together(100) { number in
        if number % 3 == 0 {
          try await expectError(.notFound, "a turn of nobody") {
            try await store.appendTurn(StoreSamples.turn(StoreSamples.key(agent: "nobody"), number))
          }
        } else {
          try await store.appendTurn(StoreSamples.turn(StoreSamples.key(), number))
        }
      }
      try expectTurns(try await store.storedThread(StoreSamples.key()), (0..<100).filter { $0 % 3 != 0 })
    },
    Check("a turn against the agent's deletion is kept whole or refused") { store in
      for round in 0..<10 {
        try await store.insert("a")
        try await together(8) { number in
          if number == 4 {
            _ = try await store.deleteAgent("a")
            return
          }
          do {
            try await store.appendTurn(StoreSamples.turn(StoreSamples.key(), number))
          } catch let error as StoreError where error.kind == .notFound {}
        }
        try expect(try await store.agent("a") == nil, "round \(round): the agent is there")
        try expect(try await store.thread(StoreSamples.key(), last: nil) == nil, "round \(round): a thread is left")
      }
    },
    Check("a cancelled task's write is whole or absent, and the store goes on") { store in
      try await store.insert("a")
      for number in 0..<50 {
        let key = StoreSamples.key("s\(number)")
        await withTaskGroup(of: Void.self) { group in
          group.addTask { try? await store.appendTurn(StoreSamples.turn(key, number)) }
          if number % 2 == 0 { await Task.yield() }
          group.cancelAll()
        }
        if let thread = try await store.thread(key, last: nil) {
          try expectMessages(thread.messages, StoreSamples.turn(key, number).messages, "a cancelled turn")
          try expectEqual(thread.messageCount, 2, "its message count")
        }
      }
      try await store.appendTurns(StoreSamples.key("after"), 0..<1)
      try expectEqual(try await store.storedThread(StoreSamples.key("after")).messageCount, 2, "a later turn")
    },
    Check("a probe finds a sound store well and changes nothing") { store in
      try await store.insert("a")
      for _ in 0..<3 {
        let health = try await store.probe()
        try expect(health.reads && health.writes && health.problem == nil, "got \(health)")
      }
      try expectEqual(try await store.agents(AgentQuery()).total, 1, "agents after probes")
    },
    Check("a closed store is unavailable") { store in
      try await store.insert("a")
      await store.close()
      await store.close()
      let key = StoreSamples.key()
      try await expectError(.unavailable, "agent") { _ = try await store.agent("a") }
      try await expectError(.unavailable, "insertAgent") { try await store.insert("b") }
      try await expectError(.unavailable, "replaceAgent") {
        try await store.replaceAgent(StoreSamples.agent("a") { $0.revision = 2 }, expecting: 1, changes: [])
      }
      try await expectError(.unavailable, "deleteAgent") { _ = try await store.deleteAgent("a") }
      try await expectError(.unavailable, "agents") { _ = try await store.agents(AgentQuery()) }
      try await expectError(.unavailable, "publishedRelease") { _ = try await store.publishedRelease(line: "a") }
      try await expectError(.unavailable, "revisions") { _ = try await store.revisions(of: "a") }
      try await expectError(.unavailable, "activeAgentCount") { _ = try await store.activeAgentCount() }
      try await expectError(.unavailable, "thread") { _ = try await store.thread(key, last: nil) }
      try await expectError(.unavailable, "appendTurn") { try await store.appendTurn(StoreSamples.turn(key)) }
      try await expectError(.unavailable, "deleteThread") { _ = try await store.deleteThread(key) }
      try await expectError(.unavailable, "probe") { _ = try await store.probe() }
    },
    Check("closing while calls are under way ends each of them") { store in
      try await store.insert("a")
      try await together(101) { number in
        if number == 50 { return await store.close() }
        do {
          try await store.appendTurn(StoreSamples.turn(StoreSamples.key(), number))
          _ = try await store.thread(StoreSamples.key(), last: 1)
        } catch let error as StoreError where error.kind == .unavailable {}
      }
    },
  ]

  /// Runs `count` calls at once.
  private static func together(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<count { group.addTask { try await body(number) } }
      try await group.waitForAll()
    }
  }

  /// Expects the sample turns of these numbers, each in one piece, in whatever order.
  private static func expectTurns(_ thread: AgentThread, _ numbers: [Int]) throws {
    var found: [Int] = []
    for start in stride(from: 0, to: thread.messages.count - 1, by: 2) {
      let number = Int(thread.messages[start].text.split(separator: " ").last ?? "") ?? -1
      let turn = StoreSamples.turn(thread.key, number)
      try expectMessages(Array(thread.messages[start...(start + 1)]), turn.messages, "the turn at \(start)")
      found.append(number)
    }
    try expectEqual(found.sorted(), numbers, "the turns of \(thread.key.sessionID)")
  }
}
