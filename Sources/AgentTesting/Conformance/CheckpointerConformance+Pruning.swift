import AgentGraph

extension CheckpointerConformance {
  static let pruningChecks: [Check] = [
    Check("a policy without rules removes nothing") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(5, to: checkpointer)
      try expectEqual(try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy()), 0, "removed")
      try await samples.expectStored(in: checkpointer, "after pruning without rules")
    },
    Check("the newest stay, and a later save goes on from them") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(50, to: checkpointer)
      let policy = RetentionPolicy(last: 7)
      try expectEqual(try await checkpointer.prune(thread: "thread", keeping: policy), 43, "removed")
      try expectEqual(try await checkpointer.prune(thread: "thread", keeping: policy), 0, "removed again")
      var kept = Set(samples.all.suffix(7).map(\.record.id))
      try await samples.expectStored(in: checkpointer, where: { kept.contains($0) }, "after pruning")
      try await samples.saveTurns(3, to: checkpointer)
      kept.formUnion(samples.all.suffix(3).map(\.record.id))
      try await samples.expectStored(in: checkpointer, where: { kept.contains($0) }, "after saves that follow")
    },
    Check("the young stay") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(10, to: checkpointer, microseconds: 1_000_000)
      time.pass(microseconds: 500_000)
      let policy = RetentionPolicy(age: .seconds(4))
      try expectEqual(try await checkpointer.prune(thread: "thread", keeping: policy), 6, "removed")
      let kept = samples.all.suffix(4).map(\.record.id)
      try await samples.expectStored(in: checkpointer, where: { kept.contains($0) }, "after pruning")
    },
    Check("what either rule keeps stays") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(10, to: checkpointer, microseconds: 1_000_000)
      time.pass(microseconds: 500_000)
      let counted = RetentionPolicy(last: 6, age: .seconds(2))
      try expectEqual(try await checkpointer.prune(thread: "thread", keeping: counted), 4, "removed, by number")
      let aged = RetentionPolicy(last: 2, age: .seconds(4))
      try expectEqual(try await checkpointer.prune(thread: "thread", keeping: aged), 2, "removed, by age")
      let kept = samples.all.suffix(4).map(\.record.id)
      try await samples.expectStored(in: checkpointer, where: { kept.contains($0) }, "after pruning")
    },
    Check("the latest stays, whatever the policy") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(3, to: checkpointer)
      time.pass(microseconds: 60_000_000)
      for policy in [RetentionPolicy(last: 0), RetentionPolicy(age: .seconds(1)), RetentionPolicy(last: -1)] {
        _ = try await checkpointer.prune(thread: "thread", keeping: policy)
        let last = samples.last.record.id
        try await samples.expectStored(in: checkpointer, where: { $0 == last }, "after pruning")
      }
    },
    Check("a checkpoint with an open interrupt stays") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(5, to: checkpointer)
      try await checkpointer.save([
        samples.pending("t", CheckpointSamples.interrupted("i")), samples.effect("t", 0, "1"),
      ])
      let open = samples.last
      // Another branch goes on, from before.
      try await checkpointer.save([samples.make(after: samples.all[2], source: .fork) { $0.append("branch") }])
      try await samples.saveTurns(10, to: checkpointer)
      try expectEqual(
        try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy(last: 2)), 13, "removed")
      let kept = [open.record.id] + samples.all.suffix(2).map(\.record.id)
      try await samples.expectStored(in: checkpointer, where: { kept.contains($0) }, "after pruning")
      let found = try await checkpointer.load(thread: "thread", namespace: .root, id: open.record.id)
      try expectEqual([found?.pending.count, found?.effects.count], [1, 1], "what its task came to")
    },
    Check("each namespace keeps its newest") { checkpointer, time in
      let root = CheckpointSamples(time)
      let own = CheckpointSamples(time, namespace: GraphNamespace(rawValue: "memory"))
      try await own.saveTurns(8, to: checkpointer)
      try await root.saveTurns(10, to: checkpointer)
      try expectEqual(try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy(last: 3)), 12, "removed")
      for samples in [root, own] {
        let kept = samples.all.suffix(3).map(\.record.id)
        try await samples.expectStored(in: checkpointer, where: { kept.contains($0) }, "\"\(samples.namespace)\"")
      }
    },
    Check("what a checkpoint that stays names of a nested graph stays") { checkpointer, time in
      let root = CheckpointSamples(time)
      let child = CheckpointSamples(time, namespace: GraphNamespace(rawValue: "a"))
      let leaf = CheckpointSamples(time, namespace: GraphNamespace(rawValue: "a|b"))
      for _ in 0..<6 {
        for _ in 0..<3 { try await checkpointer.save([leaf.make()]) }
        for _ in 0..<3 { try await checkpointer.save([child.make(own: ["a|b": leaf.last.record.id])]) }
        try await checkpointer.save([root.make(own: ["a": child.last.record.id])])
      }
      // 4 of the 6 calls go; of those that stay, the nested graphs' last checkpoints are named.
      let removed = try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy(last: 2))
      try expectEqual(removed, 4 + (18 - 3) + (18 - 3), "removed")
      let rest = Set(root.all.suffix(2).map(\.record.id))
      try await root.expectStored(in: checkpointer, where: { rest.contains($0) }, "the root")
      for samples in [child, leaf] {
        let kept = Set([14, 16, 17].map { samples.all[$0].record.id })
        try await samples.expectStored(in: checkpointer, where: { kept.contains($0) }, "\"\(samples.namespace)\"")
      }
    },
    Check("a nested namespace goes with the checkpoint that its task is of") { checkpointer, time in
      let root = CheckpointSamples(time)
      var nested: [(CheckpointSamples, CheckpointSamples)] = []
      for number in 0..<4 {
        try await root.saveTurns(1, to: checkpointer)
        let parent = root.last.record.id
        let child = CheckpointSamples(time, namespace: GraphNamespace(rawValue: "a:\(number)"))
        try await checkpointer.save([child.make(after: .some(nil), parents: ["": parent])])
        let leaf = CheckpointSamples(time, namespace: GraphNamespace(rawValue: "a:\(number)|b:9"))
        for _ in 0..<2 {
          try await checkpointer.save([leaf.make(parents: ["": parent, "a:\(number)": child.last.record.id])])
        }
        nested.append((child, leaf))
      }
      let removed = try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy(last: 2))
      try expectEqual(removed, 2 + 2 * 3, "removed")
      for (number, (child, leaf)) in nested.enumerated() {
        for samples in [child, leaf] {
          try await samples.expectStored(in: checkpointer, where: { _ in number >= 2 }, "nested \(number)")
        }
      }
      let names = try await checkpointer.namespaces(thread: "thread").map(\.rawValue)
      try expectEqual(names, ["", "a:2", "a:2|b:9", "a:3", "a:3|b:9"], "the namespaces")
    },
    Check("pruning a thread leaves others alone") { checkpointer, time in
      let (first, second) = (CheckpointSamples(time, thread: "a"), CheckpointSamples(time, thread: "b"))
      for samples in [first, second] { try await samples.saveTurns(5, to: checkpointer) }
      _ = try await checkpointer.prune(thread: "a", keeping: RetentionPolicy(last: 1))
      try await second.expectStored(in: checkpointer, "the other thread")
    },
    Check("pruning many checkpoints does all of it") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await checkpointer.save(
        (0..<900).map { number in
          samples.make {
            if number % 10 == 0 { $0["notes"] = .text(CheckpointSamples.long("note \(number)")) }
            if number % 50 == 49 { $0["messages"] = .list(["anew"]) } else { $0.append("m") }
          }
        })
      try expectEqual(
        try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy(last: 5)), 895, "removed")
      let kept = samples.all.suffix(5).map(\.record.id)
      try await samples.expectStored(in: checkpointer, where: { kept.contains($0) }, "after pruning")
    },
  ]
}
