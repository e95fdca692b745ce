import AgentJSON
import AgentRuntime

extension RuntimeStoreConformance {
  static let runChecks: [Check] = [
    Check("a run comes back with every field as it was") { store in
      try await store.insert("a")
      let (full, bare) = (StoreSamples.fullRun("full"), StoreSamples.run("bare"))
      try await store.runs.insert(full)
      try await store.runs.insert(bare)
      try expectRun(try await store.runs.run("full"), full, "a full run")
      try expectRun(try await store.runs.run("bare"), bare, "a bare run")
    },
    Check("an unknown run is nil") { store in
      try expect(try await store.runs.run("nobody") == nil, "an unknown run is there")
      try await store.insertRuns(["r", "\u{E9}", "n\u{0}1"])
      for id in ["", "R", "r ", "rr", "e\u{301}", "n", "n\u{0}2", "' OR 1=1 --", "%"] {
        try expect(try await store.runs.run(id) == nil, "a run answers to \"\(id)\"")
      }
      for id in ["r", "\u{E9}", "n\u{0}1"] { _ = try await store.storedRun(id) }
    },
    Check("a run's id is taken once, among all agents") { store in
      try await store.insertRuns(["r"])
      try await store.insert("b")
      for agent in ["a", "b"] {
        try await expectError(.exists, "a second run r, of agent \(agent)") {
          try await store.runs.insert(StoreSamples.fullRun("r", agent: agent))
        }
      }
      try expectRun(try await store.runs.run("r"), StoreSamples.run("r"), "the first run after refused ones")
      try expectEqual(try await store.listedRuns(), ["r"], "the list")
    },
    Check("a run of an agent that is not stored is refused and leaves nothing") { store in
      try await expectError(.notFound, "a run of nobody") { try await store.runs.insert(StoreSamples.run("r")) }
      try expect(try await store.runs.run("r") == nil, "the refused run is there")
      try await store.insertRuns(["r"])
      try expectRun(try await store.runs.run("r"), StoreSamples.run("r"), "the run once there is the agent")
    },
    Check("a new run has revision 1, whatever it brings") { store in
      try await store.insert("a")
      try await store.runs.insert(StoreSamples.run("r") { $0.revision = 7 })
      try expectEqual(try await store.storedRun("r").revision, 1, "the revision")
    },
    Check("a replacement stores how far a run came, and raises its revision") { store in
      try await store.insertRuns(["r", "other"])
      var wanted = StoreSamples.run("r")
      for revision in 1...5 {
        wanted.status = .running
        wanted.steps.append(["step": .integer(revision)])
        wanted.updatedAt = StoreSamples.time(Double(revision))
        wanted.revision = 99
        let now = try await store.runs.replace(wanted, expecting: revision)
        try expectEqual(now, revision + 1, "the revision returned")
        wanted.revision = revision + 1
        try expectRun(try await store.runs.run("r"), wanted, "after replacement \(revision)")
      }
      try expectRun(try await store.runs.run("other"), StoreSamples.run("other", at: 1), "another run")
    },
    Check("a replacement takes away what it does not have") { store in
      try await store.insert("a")
      let full = StoreSamples.fullRun("r")
      try await store.runs.insert(full)
      var bare = full
      (bare.status, bare.reason, bare.steps, bare.output, bare.usage) = (.running, nil, [], nil, nil)
      (bare.error, bare.startedAt, bare.endedAt, bare.claim) = (nil, nil, nil, nil)
      bare.revision = try await store.runs.replace(bare, expecting: 1)
      try expectRun(try await store.runs.run("r"), bare, "after all was taken away")
    },
    Check("what a run was made with never changes") { store in
      try await store.insertRuns(["r"])
      try await store.insert("b")
      var other = StoreSamples.fullRun("r", agent: "b")
      other.status = .running
      try await store.runs.replace(other, expecting: 1)
      let run = try await store.storedRun("r")
      try expectEqual(run.originJSON.description, StoreSamples.run("r").originJSON.description, "what it was made with")
      try expectEqual(run.progressJSON.description, other.progressJSON.description, "how far it came")
      try expectEqual(try await store.listedRuns(RunQuery(agentID: "a")), ["r"], "the runs of its agent")
      try expectEqual(try await store.listedRuns(RunQuery(agentID: "b")), [], "the runs of the other agent")
    },
    Check("a replacement of another revision is a conflict and changes nothing") { store in
      try await store.insertRuns(["r"])
      for _ in 1...3 { try await store.changeRun("r") { $0.status = .running } }
      let wanted = try await store.storedRun("r")
      for expecting in [-1, 0, 3, 5] {
        try await expectError(.conflict(current: 4), "a replacement of revision \(expecting)") {
          try await store.runs.replace(StoreSamples.fullRun("r"), expecting: expecting)
        }
      }
      try expectRun(try await store.runs.run("r"), wanted, "the run after conflicts")
    },
    Check("a replacement of an unknown run is not found") { store in
      try await store.insert("a")
      try await expectError(.notFound, "a replacement") {
        try await store.runs.replace(StoreSamples.run("r"), expecting: 1)
      }
      try expect(try await store.runs.run("r") == nil, "the replacement made the run")
    },
    Check("of concurrent replacements of one revision exactly one wins") { store in
      try await store.insertRuns(["r"])
      let winners = try await winners(of: 50) { number in
        var run = StoreSamples.run("r")
        run.output = .integer(number)
        try await store.runs.replace(run, expecting: 1)
      }
      try expectEqual(winners.count, 1, "how many won")
      try expectEqual(try await store.storedRun("r").output, winners.first.map { .integer($0) }, "what is stored")
    },
    Check("of concurrent insertions of one id exactly one wins") { store in
      try await store.insert("a")
      let winners = try await winners(of: 50) { number in
        try await store.runs.insert(StoreSamples.run("r") { $0.output = .integer(number) })
      }
      try expectEqual(winners.count, 1, "how many won")
      try expectEqual(try await store.storedRun("r").output, winners.first.map { .integer($0) }, "what is stored")
    },
    Check("a run leaves the threads of its agent alone, and they leave it") { store in
      try await store.insertRuns(["r"])
      try await store.appendTurns(StoreSamples.key("r"), 0..<2)
      try await store.changeRun("r") { $0.status = .completed }
      try expectEqual(try await store.storedThread(StoreSamples.key("r")).messageCount, 4, "the thread's messages")
      _ = try await store.deleteThread(StoreSamples.key("r"))
      try expectEqual(try await store.storedRun("r").status, .completed, "the run")
    },
    Check("the runs of a closed store are unavailable") { store in
      try await store.insertRuns(["r"])
      let runs = store.runs
      await store.close()
      let run = StoreSamples.run("r")
      try await expectError(.unavailable, "insert") { try await runs.insert(StoreSamples.run("s")) }
      try await expectError(.unavailable, "run") { _ = try await runs.run("r") }
      try await expectError(.unavailable, "replace") { try await runs.replace(run, expecting: 1) }
      try await expectError(.unavailable, "list") { _ = try await runs.list(RunQuery()) }
      try await expectError(.unavailable, "claimable") { _ = try await runs.claimable(at: run.createdAt, limit: 1) }
      try await expectError(.unavailable, "claim") {
        try await runs.claim("r", by: "p", until: run.createdAt, expecting: 1)
      }
      try await expectError(.unavailable, "prune") { _ = try await runs.prune(endedBefore: run.createdAt, limit: 1) }
    },
  ]

  /// Makes that many calls at once, of which some lose against others; returns the numbers of those that do not.
  static func winners(
    of count: Int, _ body: @escaping @Sendable (Int) async throws -> Void
  ) async throws -> [Int] {
    try await withThrowingTaskGroup(of: Int?.self) { group in
      for number in 0..<count {
        group.addTask {
          do {
            try await body(number)
            return number
          } catch let error as StoreError where [.exists, .conflict(current: 2)].contains(error.kind) {
            return nil
          }
        }
      }
      return try await group.reduce(into: []) { winners, number in winners += number.map { [$0] } ?? [] }
    }
  }
}
