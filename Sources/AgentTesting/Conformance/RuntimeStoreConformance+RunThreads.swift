import AgentRuntime

extension RuntimeStoreConformance {
  static let runThreadChecks: [Check] = [
    Check("a run takes its own threads with it, and nobody else's") { store in
      try await store.insertRuns(["r", "rr", "s"]) { $0.status = $0.id == "s" ? .running : .completed }
      try await store.insert("b")
      let own = ["a/run/r", "a/run/r/", "a/run/r/1", "a/run/r/x/é\u{0}"]
      let others = [
        "a/run/rr", "a/run/rr/1", "a/run/s", "a/run/r0", "a/run/r\u{0}", "a/r", "a/run", "b/run/r", "a/x/run/r",
      ]
      for name in own + others { try await store.saveThread(name, at: 0) }
      try await store.changeRun("rr") { $0.endedAt = StoreSamples.time(50) }
      let pruned = try await store.runs.prune(endedBefore: StoreSamples.time(49), limit: 100)
      try expectEqual(pruned.count, 1, "how many runs went")
      try expectEqual(pruned.threads.map { Array($0.utf8) }.sorted(by: precedes), bytes(own), "which threads went")
      try expectEqual(try await store.threads(of: own + others), others, "the threads that stay")
      try expectEqual(try await store.listedRuns(), ["s", "rr"], "the runs that stay")
    },
    Check("runs without threads go, too, and a run's name is by bytes") { store in
      let ids = ["none", "\u{E9}", "e\u{301}"]
      try await store.insertRuns(ids) { $0.status = .completed }
      for id in ids.dropFirst() { try await store.saveThread(StoredRun.threadName(agentID: "a", runID: id), at: 0) }
      try await store.changeRun("e\u{301}") { $0.endedAt = StoreSamples.time(50) }
      let pruned = try await store.runs.prune(endedBefore: StoreSamples.time(49), limit: 100)
      try expectEqual(pruned.count, 2, "how many runs went")
      try expectEqual(pruned.threads.map { Array($0.utf8) }, bytes(["a/run/\u{E9}"]), "which threads went")
      try expect(try await store.hasThread("a/run/e\u{301}"), "the other run's thread went with it")
    },
    Check("a run with very many threads goes with the last of them") { store in
      try await store.insertRuns(["r", "s"]) { $0.status = .completed }
      let names = (0..<700).map { "a/run/r/\($0)" }
      for name in names { try await store.saveThread(name, at: 0) }
      try await store.saveThread("a/run/s", at: 0)
      var (runs, threads) = (0, 0)
      for _ in 0..<1000 {
        let pruned = try await store.runs.prune(endedBefore: StoreSamples.time(100), limit: 100)
        if pruned.isEmpty { break }
        (runs, threads) = (runs + pruned.count, threads + pruned.threads.count)
        guard try await store.runs.run("r") == nil else { continue }
        try expectEqual(try await store.threads(of: names), [], "what the run that is gone has left")
      }
      try expectEqual([runs, threads], [2, 701], "how many runs and threads went")
      try expect(try await !store.hasThread("a/run/s"), "the other run's thread is still there")
    },
    Check("a removed thread is not remembered") { store in
      try await store.insertRuns(["r"]) { $0.status = .completed }
      let key = StoreSamples.key("run/r")
      try await store.appendTurns(key, 0..<2)
      _ = try await store.storedThread(key)
      _ = try await store.runs.prune(endedBefore: StoreSamples.time(100), limit: 1)
      try expect(try await store.thread(key, last: nil) == nil, "it is still there")
      try await store.appendTurns(key, 5..<6)
      try expectEqual(try await store.storedThread(key).messages.count, 2, "the thread made anew")
    },
  ]

  private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool { left.lexicographicallyPrecedes(right) }

  private static func bytes(_ names: [String]) -> [[UInt8]] { names.map { Array($0.utf8) }.sorted(by: precedes) }
}
