import AgentGraph
import AgentJSON
import AgentRuntime
import FoundationEssentials

extension RuntimeStoreConformance {
  static let retentionChecks: [Check] = [
    Check("threads go that were not written since a time, and no others") { store in
      try await store.insert("a")
      for (session, times) in [("old", [10, 19.999]), ("edge", [20]), ("used", [5, 30]), ("new", [40])] {
        for seconds in times { try await store.saveThread("a/\(session)", at: seconds) }
      }
      try expectEqual(try await store.pruneAllThreads(unusedSince: 1), [], "what goes before the first")
      try expectEqual(try await store.pruneAllThreads(unusedSince: 20), ["a/old"], "what goes")
      let names = ["a/old", "a/edge", "a/used", "a/new"]
      try expectEqual(try await store.threads(of: names), Array(names.dropFirst()), "what stays")
      try expectEqual(try await store.pruneAllThreads(unusedSince: 20), [], "what goes a second time")
      try expectEqual(try await store.pruneAllThreads(unusedSince: 30.5), ["a/edge", "a/used"], "what goes later")
    },
    Check("a checkpoint of any namespace keeps a thread") { store in
      try await store.insert("a")
      for name in ["a/s", "a/t"] { try await store.saveThread(name, at: 0) }
      for name in ["plan|step:7", "step"] {
        try await store.saveThread("a/s", at: 50, in: GraphNamespace(rawValue: name))
        try await store.saveThread("a/t", at: 5, in: GraphNamespace(rawValue: name))
      }
      try expectEqual(try await store.pruneAllThreads(unusedSince: 40), ["a/t"], "what goes")
      try expectEqual(try await store.threads.namespaces(thread: "a/s").count, 3, "the namespaces of the other")
    },
    Check("a run's threads stay as long as the run") { store in
      try await store.insertRuns(["done", "waits"]) { $0.status = $0.id == "done" ? .completed : .queued }
      let kept = ["a/run/done", "a/run/done/x", "a/run/waits"]
      let gone = ["a/run", "a/run/", "a/run/other", "a/runs/done", "a/x/run/done"]
      for name in kept + gone { try await store.saveThread(name, at: 0) }
      try expectEqual(try await store.pruneAllThreads(unusedSince: 10), gone.sorted(), "what goes")
      try expectEqual(try await store.threads(of: kept), kept, "what stays")
      _ = try await store.runs.prune(endedBefore: StoreSamples.time(100), limit: 10)
      try expectEqual(try await store.threads(of: kept), ["a/run/waits"], "what stays once the run has gone")
    },
    Check("a session stays that a run goes on with") { store in
      try await store.insert("a")
      try await store.insert("b\u{0}é")
      for (session, status) in [("q", RunStatus.queued), ("r", .running), ("c", .completed), ("f", .failed)] {
        for agent in ["a", "b\u{0}é"] { try await store.saveThread("\(agent)/\(session)", at: 0) }
        try await store.runs.insert(
          StoredRun(
            id: session, agentID: "b\u{0}é", sessionID: session, request: [:], createdAt: StoreSamples.time(20)))
        try await store.changeRun(session) { $0.status = status }
      }
      try expectEqual(
        try await store.pruneAllThreads(unusedSince: 10),
        ["a/c", "a/f", "a/q", "a/r", "b\u{0}é/c", "b\u{0}é/f"], "what goes")
      try await store.changeRun("q") { $0.status = .cancelled }
      try expectEqual(try await store.pruneAllThreads(unusedSince: 10), ["b\u{0}é/q"], "what goes when a run has ended")
    },
    Check("steps look at few threads, and together at all") { store in
      try await store.insert("a")
      for number in 0..<150 { try await store.saveThread("a/\(number)", at: number % 3 == 0 ? 50 : 0) }
      let first = try await store.pruneThreads(unusedSince: StoreSamples.time(10), after: nil, limit: 7)
      try expect(first.removed.count <= 7 && first.next != nil, "got \(first)")
      let clamped = try await store.pruneThreads(unusedSince: StoreSamples.time(10), after: nil, limit: .min)
      try expect(clamped.removed.count <= 1, "got \(clamped)")
      let rest = try await store.pruneAllThreads(unusedSince: 10, limit: 7)
      try expectEqual(
        (first.removed + clamped.removed + rest).sorted(),
        (0..<150).filter { $0 % 3 != 0 }.map { "a/\($0)" }.sorted(), "what went")
      try expectEqual(try await store.pruneAllThreads(unusedSince: 60, limit: .max).count, 50, "what goes later")
    },
    Check("a thread that was removed is not remembered, and begins anew") { store in
      try await store.insert("a")
      try await store.appendTurns(StoreSamples.key(), 0..<3)
      _ = try await store.storedThread(StoreSamples.key())
      let removed = try await store.pruneThreads(unusedSince: .distantFuture, after: nil, limit: 10).removed
      try expectEqual(removed, ["a/s"], "what went")
      try expect(try await store.thread(StoreSamples.key(), last: nil) == nil, "it is still there")
      try await store.appendTurns(StoreSamples.key(), 7..<8)
      try expectMessages(
        try await store.storedThread(StoreSamples.key()).messages, StoreSamples.turn(StoreSamples.key(), 7).messages,
        "the thread made anew")
    },
    Check("a turn under way while its thread is removed stores it whole") { store in
      try await store.insert("a")
      for round in 1...3 {
        try await store.appendTurns(StoreSamples.key(), round..<round + 1)
        var graph = Graph<ConversationState>(Conversation.graphName)
        graph.node("wait") { _ in
          _ = try await store.pruneThreads(unusedSince: .distantFuture, after: nil, limit: 10)
          return .nothing
        }
        graph.start(at: "wait")
        _ = try await graph.compile().checkpointed(by: store.threads).run(
          .nothing, on: StoreSamples.key().name, options: RunOptions(durability: .exit))
        let wanted = (1...round).flatMap { StoreSamples.turn(StoreSamples.key(), $0).messages }
        try expectMessages(try await store.storedThread(StoreSamples.key()).messages, wanted, "round \(round)")
      }
    },
    Check("turns against removals are kept whole or begin anew") { store in
      try await store.insert("a")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<4 {
          group.addTask { try await store.appendTurns(StoreSamples.key("s\(worker % 2)"), 0..<15) }
        }
        group.addTask {
          for _ in 0..<30 {
            _ = try await store.pruneThreads(unusedSince: .distantFuture, after: nil, limit: 10)
          }
        }
        try await group.waitForAll()
      }
      for session in ["s0", "s1"] {
        try await store.appendTurns(StoreSamples.key(session), 99..<100)
        let messages = try await store.storedThread(StoreSamples.key(session)).messages
        try expectEqual(messages.last?.text, "answer 99", "the last message of \(session)")
        try expect(messages.count.isMultiple(of: 2), "\(session) has half a turn")
      }
    },
  ]

  static let retentionReopenChecks: [DurabilityCheck] = [
    DurabilityCheck("what was removed by age does not come back with the store, and the rest does") { store in
      try await store.insertRuns((0..<40).map { "run-\($0)" }) { $0.status = $0.id < "run-2" ? .completed : .running }
      for number in 0..<40 {
        try await store.saveThread("a/run/run-\(number)", at: 0)
        try await store.saveThread("a/s\(number)", at: number % 2 == 0 ? 0 : 50)
      }
      _ = try await store.runs.prune(endedBefore: StoreSamples.time(100), limit: 100)
      _ = try await store.pruneAllThreads(unusedSince: 10, limit: 16)
    } after: { store in
      let ids = try await store.listedRuns()
      try expectEqual(ids.count, 28, "the runs that stay")
      let names = (0..<40).map { "a/run/run-\($0)" }
      try expectEqual(try await store.threads(of: names).count, 28, "their threads")
      try expectEqual(
        try await store.threads(of: (0..<40).map { "a/s\($0)" }),
        (0..<40).filter { $0 % 2 == 1 }.map { "a/s\($0)" }, "the sessions that stay")
    }
  ]
}
