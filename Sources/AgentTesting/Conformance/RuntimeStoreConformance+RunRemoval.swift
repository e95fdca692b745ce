import AgentJSON
import AgentRuntime

extension RuntimeStoreConformance {
  static let runRemovalChecks: [Check] = [
    Check("pruning removes what ended before a time, and nothing else") { store in
      try await store.insert("a")
      for status in RunStatus.allCases {
        for seconds in [10, 19.999, 20, 30] {
          try await store.runs.insert(
            StoreSamples.run("\(status) \(seconds)") {
              $0.status = status
              $0.endedAt = StoreSamples.time(seconds)
            })
        }
      }
      try expectEqual(try await store.pruneRuns(endedBefore: StoreSamples.time(20), limit: 100), 6, "how many went")
      let gone = [RunStatus.completed, .failed, .cancelled].flatMap { ["\($0) 10.0", "\($0) 19.999"] }
      for status in RunStatus.allCases {
        for seconds in [10, 19.999, 20, 30] {
          let id = "\(status) \(seconds)"
          try expectEqual(try await store.runs.run(id) == nil, gone.contains(id), "whether \(id) is gone")
        }
      }
      try expectEqual(try await store.pruneRuns(endedBefore: StoreSamples.time(20), limit: 100), 0, "a second time")
      try expectEqual(try await store.listedRuns().count, 14, "what is listed")
    },
    Check("a run whose end nobody noted is pruned by its last change") { store in
      try await store.insertRuns(["r", "s"])
      try await store.changeRun("r") {
        $0.status = .failed
        $0.updatedAt = StoreSamples.time(50)
      }
      try expectEqual(try await store.pruneRuns(endedBefore: StoreSamples.time(50), limit: 100), 0, "at that time")
      try expectEqual(try await store.pruneRuns(endedBefore: StoreSamples.time(51), limit: 100), 1, "later")
      try expectEqual(try await store.listedRuns(), ["s"], "what stays")
    },
    Check("pruning goes by the end, the oldest first, and no further than its limit") { store in
      try await store.insert("a")
      for number in 0..<20 {
        try await store.runs.insert(
          StoreSamples.run("run-\(number)", at: Double(number)) {
            $0.status = .completed
            $0.endedAt = StoreSamples.time(Double(100 - number))
          })
      }
      for (limit, removed, left) in [(3, 3, 17), (0, 1, 16), (Int.min, 1, 15), (15, 15, 0), (1000, 0, 0)] {
        let count = try await store.pruneRuns(endedBefore: StoreSamples.time(1000), limit: limit)
        try expectEqual(count, removed, "how many went for a limit of \(limit)")
        try expectEqual(try await store.listedRuns(), (0..<left).reversed().map { "run-\($0)" }, "what stays")
      }
    },
    Check("a pruned run is as one that never was") { store in
      try await store.insertRuns(["r"]) { $0.status = .completed }
      _ = try await store.runs.prune(endedBefore: StoreSamples.time(1), limit: 1)
      try expect(try await store.runs.run("r") == nil, "it is still there")
      try await expectError(.notFound, "a replacement") {
        try await store.runs.replace(StoreSamples.run("r"), expecting: 1)
      }
      try await store.runs.insert(StoreSamples.fullRun("r"))
      try expectRun(try await store.runs.run("r"), StoreSamples.fullRun("r"), "a run of the same name")
    },
    Check("a resumed run is no ended one") { store in
      try await store.insertRuns(["r"]) {
        $0.status = .failed
        $0.endedAt = StoreSamples.time(1)
      }
      try await store.changeRun("r") { $0.status = .queued }
      try expectEqual(try await store.pruneRuns(endedBefore: StoreSamples.time(100), limit: 10), 0, "how many went")
      try expectEqual(try await store.claimableRuns(at: 1), ["r"], "what can be claimed")
    },
    Check("a deleted agent's runs are gone at once, those of others stay") { store in
      try await store.insertRuns((0..<150).map { "a-\($0)" }) { run in
        run.status = run.id.hasSuffix("7") ? .completed : .queued
      }
      try await store.insertRuns(["b-1"], agent: "b")
      try expect(try await store.deleteAgent("a"), "the deletion says that there was none")
      try expect(try await store.runs.run("a-1") == nil, "a run is still there")
      try expectEqual(try await store.listedRuns(), ["b-1"], "the list")
      try expectEqual(try await store.listedRuns(RunQuery(agentID: "a")), [], "the agent's list")
      try expectEqual(try await store.listedRuns(RunQuery(status: .queued)), ["b-1"], "the list of a status")
      try expectEqual(try await store.claimableRuns(at: 1), ["b-1"], "what can be claimed")
      try expectEqual(try await store.pruneRuns(endedBefore: StoreSamples.time(1000), limit: 100), 0, "what is pruned")
      try await expectError(.notFound, "a replacement") {
        try await store.runs.replace(StoreSamples.run("a-1"), expecting: 1)
      }
      try await expectError(.notFound, "a claim") {
        try await store.runs.claim("a-1", by: "p", until: StoreSamples.time(60), expecting: 1)
      }
    },
    Check("an agent made anew has none of its predecessor's runs, and their ids are free") { store in
      for round in 0..<3 {
        try await store.insert("a")
        try expectEqual(try await store.listedRuns(RunQuery(agentID: "a")), [], "round \(round): what it begins with")
        for id in ["r", "s"] {
          let run = StoreSamples.run(id) { $0.output = .integer(round) }
          try await store.runs.insert(run)
          try expectRun(try await store.runs.run(id), run, "round \(round)")
        }
        try expectEqual(try await store.listedRuns(RunQuery(agentID: "a")), ["s", "r"], "round \(round): its runs")
        _ = try await store.deleteAgent("a")
      }
      try await store.insert("b")
      try await store.runs.insert(StoreSamples.run("r", agent: "b"))
      try expectEqual(try await store.listedRuns(), ["r"], "another agent's run of the same id")
    },
    Check("a run against its agent's deletion is kept whole or refused") { store in
      for round in 0..<10 {
        try await store.insert("a")
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<8 {
            group.addTask {
              if number == 4 {
                _ = try await store.deleteAgent("a")
                return
              }
              do {
                try await store.runs.insert(StoreSamples.run("r\(number)"))
                try await store.changeRun("r\(number)") { $0.status = .running }
              } catch let error as StoreError where error.kind == .notFound {
              } catch is ConformanceFailure {}
            }
          }
          try await group.waitForAll()
        }
        try expectEqual(try await store.listedRuns(), [], "round \(round): what is left")
      }
    },
  ]

  static let runReopenChecks: [DurabilityCheck] = [
    DurabilityCheck("runs outlive the store, with their claims, and go on") { store in
      try await store.insertRuns(["held", "free", "gone"])
      try await store.runs.claim("held", by: "p", until: StoreSamples.time(60), expecting: 1)
      try await store.changeRun("gone") { $0.status = .completed }
      _ = try await store.runs.prune(endedBefore: StoreSamples.time(1000), limit: 1)
      try await store.runs.insert(StoreSamples.fullRun("full"))
    } after: { store in
      try expectRun(try await store.runs.run("full"), StoreSamples.fullRun("full"), "a full run")
      try expectEqual(try await store.listedRuns(), ["free", "held", "full"], "the list")
      try expectEqual(try await store.claimableRuns(at: 1), ["free"], "what can be claimed before the claim is over")
      let dead = try await store.runs.claimable(at: StoreSamples.time(60), limit: 10)
      try expectEqual(dead.map(\.id), ["held", "free"], "what can be claimed then")
      try expectEqual(dead.map(\.revision), [2, 1], "their revisions")
      try await store.runs.claim("held", by: "q", until: StoreSamples.time(90), expecting: 2)
      try await store.changeRun("held") { $0.status = .completed }
      try expectEqual(try await store.storedRun("held").revision, 4, "its revision")
    },
    DurabilityCheck("a deleted agent's runs do not come back with the store") { store in
      try await store.insertRuns((0..<70).map { "run-\($0)" })
      try await store.insertRuns(["other"], agent: "b")
      _ = try await store.deleteAgent("a")
    } after: { store in
      try expectEqual(try await store.listedRuns(), ["other"], "the list")
      try await store.insertRuns((0..<70).map { "run-\($0)" })
      try expectEqual(try await store.listedRuns(RunQuery(agentID: "a", limit: 100)).count, 70, "runs made anew")
    },
  ]
}
