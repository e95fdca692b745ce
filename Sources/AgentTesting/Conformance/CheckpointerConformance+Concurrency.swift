import AgentGraph

extension CheckpointerConformance {
  static let concurrencyChecks: [Check] = [
    Check("many threads save at once, and each has its own") { checkpointer, time in
      let writes = (0..<50).map { thread in
        let samples = CheckpointSamples(time, thread: "thread \(thread)")
        return (samples, (0..<20).map { number in samples.make { $0.append("message \(thread) \(number)") } })
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for batch in writes.map(\.1) {
          group.addTask {
            for write in batch { try await checkpointer.save([write]) }
          }
        }
        try await group.waitForAll()
      }
      for (samples, _) in writes { try await samples.expectStored(in: checkpointer, samples.thread) }
    },
    Check("reads during saves see whole checkpoints") { checkpointer, time in
      let samples = CheckpointSamples(time)
      let writes = (0..<100).map { number in
        samples.make {
          $0["title"] = .text("\(number)")
          $0.append("m\(number)")
          $0.append(CheckpointSamples.long("l\(number)"), to: "log")
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { for write in writes { try await checkpointer.save([write]) } }
        for _ in 0..<3 {
          group.addTask {
            for _ in 0..<60 {
              guard let found = try await checkpointer.load(thread: "thread", namespace: .root, id: nil) else {
                continue
              }
              let state = try SampleState(found.state)
              let count = found.metadata.step + 2
              try expectEqual(state["title"], .text("\(count - 1)"), "the title at step \(count - 2)")
              for (name, channel) in zip(["messages", "log"], state.lengths(["messages", "log"])) {
                try expectEqual(channel, count, "the length of \(name) at step \(count - 2)")
              }
            }
          }
        }
        try await group.waitForAll()
      }
    },
    Check("saves, reads, pruning and deletion at once do no harm to other threads") { checkpointer, time in
      let samples = CheckpointSamples(time, thread: "kept")
      let busy = CheckpointSamples(time, thread: "busy")
      let writes = (0..<60).map { number in samples.make { $0.append("m\(number)") } }
      let others = (0..<60).map { number in busy.make { $0.append("m\(number)") } }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { for write in writes { try await checkpointer.save([write]) } }
        group.addTask { for write in others { try await checkpointer.save([write]) } }
        group.addTask {
          for number in 0..<30 {
            _ = try await checkpointer.prune(thread: "busy", keeping: RetentionPolicy(last: 2))
            if number % 10 == 9 { _ = try await checkpointer.deleteThread("busy") }
            _ = try await checkpointer.history(thread: "busy", namespace: .root, query: HistoryQuery())
          }
        }
        try await group.waitForAll()
      }
      try await samples.expectStored(in: checkpointer, "the thread that was left alone")
      if let left = try await checkpointer.load(thread: "busy", namespace: .root, id: nil) {
        let sample = try expectSome(busy.all.first { $0.record.id == left.id }, "what was saved")
        try expectCheckpoint(left, sample, "the busy thread")
      }
    },
  ]

  static let reopenChecks: [DurabilityCheck] = [
    DurabilityCheck("checkpoints outlive the checkpointer and go on") { checkpointer, time, reopen in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(20, to: checkpointer)
      try await checkpointer.save([
        samples.pending("t", CheckpointSamples.interrupted("i")), samples.effect("t", 0, "1"),
      ])
      let second = try await reopen(checkpointer)
      try await samples.expectStored(in: second, "after opening again")
      let found = try expectSome(try await second.load(thread: "thread", namespace: .root, id: nil), "the latest")
      try expectEqual(found.pending.map(\.outcome.kind), ["interrupted"], "what its task waits for")
      try expectEqual(try found.effects.map { try $0.result.bytes() }, [[49]], "its effects")
      try await samples.saveTurns(5, to: second)
      try await second.save([samples.make(after: samples.all[7], source: .fork) { $0.append("fork") }])
      try await samples.saveTurns(5, to: second)
      let third = try await reopen(second)
      try await samples.expectStored(in: third, "after opening twice")
    },
    DurabilityCheck("what was removed does not come back") { checkpointer, time, reopen in
      let (samples, other) = (CheckpointSamples(time), CheckpointSamples(time, thread: "other"))
      for samples in [samples, other] { try await samples.saveTurns(30, to: checkpointer) }
      _ = try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy(last: 4))
      _ = try await checkpointer.deleteThread("other")
      let second = try await reopen(checkpointer)
      let kept = samples.all.suffix(4).map(\.record.id)
      try await samples.expectStored(in: second, where: { kept.contains($0) }, "what was kept")
      try await other.expectStored(in: second, where: { _ in false }, "what was deleted")
    },
    DurabilityCheck("every acknowledged save of many at once outlives the checkpointer") { checkpointer, time, reopen in
      let all = (0..<40).map { CheckpointSamples(time, thread: "thread \($0)") }
      let batches = all.map { samples in (0..<5).map { number in samples.make { $0.append("m\(number)") } } }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writes in batches {
          group.addTask { for write in writes { try await checkpointer.save([write]) } }
        }
        try await group.waitForAll()
      }
      let second = try await reopen(checkpointer)
      for samples in all { try await samples.expectStored(in: second, samples.thread) }
    },
  ]
}

extension SampleState {
  fileprivate func lengths(_ names: [String]) -> [Int] {
    names.map { name in if case .list(let elements) = self[name] { elements.count } else { -1 } }
  }
}
