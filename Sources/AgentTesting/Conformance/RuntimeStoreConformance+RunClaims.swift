import AgentJSON
import AgentRuntime

extension RuntimeStoreConformance {
  static let runClaimChecks: [Check] = [
    Check("due runs that nobody holds can be claimed, the oldest first") { store in
      try await store.insert("a")
      for (index, status) in RunStatus.allCases.enumerated() {
        try await store.runs.insert(StoreSamples.run("\(status)", at: Double(10 - index)) { $0.status = status })
        try await store.runs.insert(
          StoreSamples.run("held \(status)", at: Double(index)) {
            $0.status = status
            $0.claim = RunClaim(holder: "p", until: StoreSamples.time(60))
          })
      }
      try expectEqual(try await store.claimableRuns(at: 30), ["running", "queued"], "while the others are held")
      try expectEqual(
        try await store.claimableRuns(at: 61), ["held queued", "held running", "running", "queued"],
        "once their claims are over")
    },
    Check("a claim is over at its end, not before, to the millisecond") { store in
      try await store.insertRuns(["r"])
      try await store.runs.claim("r", by: "p", until: StoreSamples.time(10), expecting: 1)
      let times: [(Double, [String])] = [(0, []), (9.999, []), (10, ["r"]), (10.001, ["r"]), (9.9998, ["r"])]
      for (seconds, ids) in times {
        try expectEqual(try await store.claimableRuns(at: seconds), ids, "after \(seconds) s")
      }
    },
    Check("claimable runs name their agents and revisions, and are limited to 1...100") { store in
      try await store.insertRuns((100..<202).map { "run-\($0)" })
      try await store.insertRuns(["b\u{0}r"], agent: "b\u{0}é")
      try await store.changeRun("b\u{0}r") { $0.status = .running }
      for (limit, count) in [(Int.min, 1), (0, 1), (1, 1), (7, 7), (100, 100), (Int.max, 100)] {
        try expectEqual(try await store.claimableRuns(at: 0, limit: limit).count, count, "for a limit of \(limit)")
      }
      let first = try await store.runs.claimable(at: StoreSamples.time(), limit: 2)
      try expectEqual(first.map(\.id), ["b\u{0}r", "run-100"], "the oldest")
      try expectEqual(first.map(\.agentID), ["b\u{0}é", "a"], "their agents")
      try expectEqual(first.map(\.revision), [2, 1], "their revisions")
    },
    Check("all claims on due runs can be ended at once, which raises their revisions alone") { store in
      try await store.insert("a")
      for status in RunStatus.allCases {
        try await store.runs.insert(StoreSamples.run("free \(status)") { $0.status = status })
        try await store.runs.insert(
          StoreSamples.run("\(status)") {
            $0.status = status
            $0.claim = RunClaim(holder: "p", until: StoreSamples.time(60))
          })
      }
      try await store.runs.releaseClaims()
      for status in RunStatus.allCases {
        let (free, held) = (try await store.storedRun("free \(status)"), try await store.storedRun("\(status)"))
        try expectEqual(free.revision, 1, "the revision of a \(status) run that nobody held")
        try expectEqual(held.revision, status.isDue ? 2 : 1, "the revision of a \(status) run")
        try expectEqual(held.claim == nil, status.isDue, "whether a \(status) run is free")
      }
      try expectEqual(
        Set(try await store.claimableRuns(at: 0)), ["queued", "free queued", "running", "free running"], "what is free")
    },
    Check("a claim raises the revision and leaves all else") { store in
      try await store.insert("a")
      var wanted = StoreSamples.fullRun("r")
      try await store.runs.insert(wanted)
      let revision = try await store.runs.claim("r", by: "q\u{0}é", until: StoreSamples.time(90), expecting: 1)
      try expectEqual(revision, 2, "the revision returned")
      wanted.revision = 2
      wanted.claim = RunClaim(holder: "q\u{0}é", until: StoreSamples.time(90))
      try expectRun(try await store.runs.run("r"), wanted, "the claimed run")
    },
    Check("a claim of another revision is a conflict, of an unknown run not found, and changes nothing") { store in
      try await store.insertRuns(["r"])
      try await store.runs.claim("r", by: "p", until: StoreSamples.time(10), expecting: 1)
      let wanted = try await store.storedRun("r")
      for expecting in [0, 1, 3] {
        try await expectError(.conflict(current: 2), "a claim of revision \(expecting)") {
          try await store.runs.claim("r", by: "q", until: StoreSamples.time(20), expecting: expecting)
        }
      }
      try await expectError(.notFound, "a claim of nothing") {
        try await store.runs.claim("s", by: "q", until: StoreSamples.time(20), expecting: 1)
      }
      try expectRun(try await store.runs.run("r"), wanted, "the run after refused claims")
      try expect(try await store.runs.run("s") == nil, "the claim made a run")
    },
    Check("a claim that is renewed in time keeps others away") { store in
      try await store.insertRuns(["r"])
      var revision = 1
      for round in 1...5 {
        revision = try await store.runs.claim(
          "r", by: "p", until: StoreSamples.time(Double(round * 10)), expecting: revision)
        try expectEqual(try await store.claimableRuns(at: Double(round * 10) - 1), [], "round \(round)")
      }
      try expectEqual(try await store.claimableRuns(at: 50), ["r"], "after the last renewal's end")
    },
    Check("a replacement without a claim lets go of the run") { store in
      try await store.insertRuns(["r"])
      try await store.runs.claim("r", by: "p", until: StoreSamples.time(60), expecting: 1)
      try await store.changeRun("r") { $0.status = .running }
      try expectEqual(try await store.claimableRuns(at: 1), [], "while its replacement holds it")
      try await store.changeRun("r") { $0.claim = nil }
      try expectEqual(try await store.claimableRuns(at: 1), ["r"], "when it is let go")
      try await store.changeRun("r") { $0.status = .completed }
      try expectEqual(try await store.claimableRuns(at: 1), [], "when it has ended")
    },
    Check("who has lost a run cannot write to it any more") { store in
      try await store.insertRuns(["r"])
      let mine = try await store.runs.claim("r", by: "slow", until: StoreSamples.time(10), expecting: 1)
      var stale = try await store.storedRun("r")
      try await store.runs.claim("r", by: "fast", until: StoreSamples.time(30), expecting: mine)
      stale.output = "late"
      try await expectError(.conflict(current: 3), "the slow one's answer") {
        try await store.runs.replace(stale, expecting: mine)
      }
      try await expectError(.conflict(current: 3), "the slow one's renewal") {
        try await store.runs.claim("r", by: "slow", until: StoreSamples.time(40), expecting: mine)
      }
      let run = try await store.storedRun("r")
      try expect(run.claim?.holder == "fast" && run.output == nil, "got \(run)")
    },
    Check("of concurrent claims of one run exactly one wins") { store in
      for round in 0..<5 {
        try await store.insertRuns(["r\(round)"])
        let winners = try await winners(of: 40) { number in
          try await store.runs.claim("r\(round)", by: "p\(number)", until: StoreSamples.time(60), expecting: 1)
        }
        try expectEqual(winners.count, 1, "how many won")
        let run = try await store.storedRun("r\(round)")
        try expectEqual(run.claim?.holder, winners.first.map { "p\($0)" }, "who holds it")
        try expectEqual(run.revision, 2, "its revision")
      }
    },
    Check("of claims and replacements at once none is lost, and the run sees one order") { store in
      try await store.insertRuns(["r"])
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<8 {
          group.addTask {
            for _ in 0..<10 { try await raise(store, worker) }
          }
        }
        try await group.waitForAll()
      }
      let run = try await store.storedRun("r")
      try expectEqual(run.revision, 1 + 80, "one revision for each write that won")
      try expectEqual(run.steps.count, 40, "no step is lost")
    },
    Check("workers that share a queue do each run once") { store in
      let ids = (0..<30).map { "run-\($0)" }
      try await store.insertRuns(ids)
      let done = try await withThrowingTaskGroup(of: [String].self) { group in
        for worker in 0..<6 { group.addTask { try await work(store, "p\(worker)") } }
        return try await group.reduce([], +)
      }
      try expectEqual(done.sorted(), ids.sorted(), "which runs were done, each once")
      try expectEqual(try await store.listedRuns(RunQuery(status: .completed)).count, 30, "completed runs")
    },
  ]

  /// Writes to the run `r` once, against others that do the same: a step, or a claim.
  private static func raise(_ store: any RuntimeStore, _ worker: Int) async throws {
    for _ in 0..<10_000 {
      var run = try await store.storedRun("r")
      run.steps.append(.integer(worker))
      do {
        if worker % 2 == 0 {
          try await store.runs.replace(run, expecting: run.revision)
        } else {
          try await store.runs.claim("r", by: "p", until: StoreSamples.time(60), expecting: run.revision)
        }
        return
      } catch let error as StoreError {
        guard case .conflict(let current) = error.kind, current > run.revision else { throw error }
      }
    }
    throw ConformanceFailure(description: "ten thousand writes in a row lost against others")
  }

  /// Takes runs and completes them until there are none; returns which.
  private static func work(_ store: any RuntimeStore, _ name: String) async throws -> [String] {
    var done: [String] = []
    for _ in 0..<1000 {
      let found = try await store.runs.claimable(at: StoreSamples.time(1), limit: 5)
      if found.isEmpty { return done }
      for run in found {
        do {
          let revision = try await store.runs.claim(
            run.id, by: name, until: StoreSamples.time(60), expecting: run.revision)
          var mine = try await store.storedRun(run.id)
          (mine.status, mine.claim) = (.completed, nil)
          try await store.runs.replace(mine, expecting: revision)
          done.append(run.id)
        } catch let error as StoreError {
          guard case .conflict = error.kind else { throw error }
        }
      }
    }
    throw ConformanceFailure(description: "there is always a run to claim")
  }
}
