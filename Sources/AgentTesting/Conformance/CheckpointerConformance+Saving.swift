import AgentGraph
import Synchronization

extension CheckpointerConformance {
  static let savingChecks: [Check] = [
    Check("an empty checkpointer has nothing") { checkpointer, time in
      let id = GraphIDs(now: { time.now }, origin: 1).nextCheckpoint()
      for id in [nil, id] {
        try expect(
          try await checkpointer.load(thread: "nobody", namespace: .root, id: id) == nil, "there is a checkpoint")
      }
      let history = try await checkpointer.history(thread: "nobody", namespace: .root, query: HistoryQuery())
      try expectEqual(history.count, 0, "its history")
      try expectEqual(try await checkpointer.namespaces(thread: "nobody"), [], "its namespaces")
      try expectEqual(try await checkpointer.prune(thread: "nobody", keeping: RetentionPolicy(last: 1)), 0, "pruned")
      try expect(try await checkpointer.deleteThread("nobody") == false, "the deletion says that there was one")
    },
    Check("a checkpoint comes back with every field as it was") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await checkpointer.save([samples.make(after: .some(nil), source: .input)])
      for (number, source) in [CheckpointSource.loop, .update, .fork].enumerated() {
        time.pass(microseconds: 50)
        let sends = String(repeating: "x", count: number * 2_000)
        try await checkpointer.save([
          samples.make(
            source: source, run: "run-\(number)", plan: fullPlan("\"\(sends)\""),
            parents: ["": samples.last.record.id, "a:1": samples.last.record.id]
          ) { $0["title"] = .text("\u{0}\"é\(number)") }
        ])
      }
      try await samples.expectStored(in: checkpointer, "four checkpoints")
      let stored = try await checkpointer.load(thread: "thread", namespace: .root, id: nil)
      let plan = try expectSome(stored, "the latest").plan
      try expectEqual(plan.tasks.map(\.node), ["a", "b", "c"], "the tasks")
      try expectEqual(plan.tasks[2].failure?.message, "it broke", "a failure")
      try expectEqual(plan.barriers, ["k": ["x", "y"]], "the barriers")
      try expectEqual(plan.deferred, ["last"], "the deferred")
    },
    Check("the latest is the one with the greatest id") { checkpointer, time in
      let samples = CheckpointSamples(time)
      let first = samples.make(after: .some(nil), source: .input)
      let second = samples.make { $0.append("a") }
      let third = samples.make { $0.append("b") }
      try await checkpointer.save([third])
      try await checkpointer.save([first, second])
      try await samples.expectStored(in: checkpointer, "saved in another order")
    },
    Check("a checkpoint is found under its own thread and namespace alone") { checkpointer, time in
      let samples = CheckpointSamples(time, namespace: GraphNamespace(rawValue: "a:1"))
      try await checkpointer.save([samples.make(after: .some(nil))])
      let id = samples.last.record.id
      for (thread, namespace) in [
        ("thread", ""), ("thread", "a"), ("thread", "a:1|b:2"), ("other", "a:1"), ("", "a:1"),
      ] {
        for id in [nil, id] {
          let found = try await checkpointer.load(
            thread: thread, namespace: GraphNamespace(rawValue: namespace), id: id)
          try expect(found == nil, "found in \(thread), \(namespace)")
        }
      }
    },
    Check("saves that nobody waits for keep their order, and each is acknowledged once") { checkpointer, time in
      let samples = CheckpointSamples(time)
      let answers = Mutex<[Int]>([])
      for number in 0..<200 {
        let write = samples.make {
          $0.append("m\(number)")
          if number % 3 == 0 { $0["title"] = .text("t\(number)") }
        }
        checkpointer.submit([write]) { error in answers.withLock { $0.append(error == nil ? number : -1) } }
      }
      try await checkpointer.save([samples.make { $0.append("the end") }])
      try expectEqual(answers.withLock { $0 }, Array(0..<200), "the acknowledgements")
      try await samples.expectStored(in: checkpointer, "after a burst")
    },
    Check("a batch is stored whole or not at all") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await checkpointer.save([samples.make(after: .some(nil), source: .input)])
      let good = samples.last
      let batch = [
        samples.make { $0.append("lost") }, samples.pending("t", .failed(failure, answers: [])),
        samples.make { $0["title"] = .unstorable },
      ]
      do {
        try await checkpointer.save(batch)
        // It encodes nothing, so that there is nothing it could fail at.
        return
      } catch is GraphError {}
      let ids = try await checkpointer.history(thread: "thread", namespace: .root, query: HistoryQuery()).map(\.id)
      try expectEqual(ids, [good.record.id], "what is stored after a batch that failed")
      try await checkpointer.save([samples.make(after: good) { $0.append("kept") }])
      let latest = try await checkpointer.load(thread: "thread", namespace: .root, id: nil)
      try expectCheckpoint(try expectSome(latest, "the latest"), samples.last, "a later save")
    },
    Check("a cancelled task's save is kept") { checkpointer, time in
      let samples = CheckpointSamples(time)
      let write = samples.make(after: .some(nil))
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.cancelAll()
        group.addTask { try await checkpointer.save([write]) }
        try await group.waitForAll()
      }
      try await samples.expectStored(in: checkpointer, "saved by a cancelled task")
    },
    Check("a checkpoint that is saved again is replaced") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await checkpointer.save([samples.make(after: .some(nil))])
      let write = samples.make { $0.append("a", "b") }
      try await checkpointer.save([write])
      try await checkpointer.save([write])
      try await checkpointer.save([samples.make { $0.append("c") }])
      try await samples.expectStored(in: checkpointer, "saved twice")
    },
  ]

  static let failure = NodeFailure(node: "c", message: "it broke", type: "Broken", code: "broken")

  private static func fullPlan(_ input: String) -> CheckpointPlan {
    var plan = CheckpointPlan()
    plan.tasks = [
      PlannedTask(node: "a"), PlannedTask(node: "b", input: .encoded(Array(input.utf8))),
      PlannedTask(node: "c", failure: failure),
    ]
    plan.barriers = ["k": ["x", "y"]]
    plan.deferred = ["last"]
    return plan
  }
}
