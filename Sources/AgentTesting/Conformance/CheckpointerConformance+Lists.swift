import AgentGraph

extension CheckpointerConformance {
  static let listChecks: [Check] = [
    Check("lists come back after appends, changes and removals") { checkpointer, time in
      let samples = CheckpointSamples(time)
      let lists: [[String]] = [
        [], ["a"], ["a", "b", "c"], ["a", "b", "c"], ["a", "b", "x"], ["a", "b"], ["a", "b", "y", "z"], [], ["new"],
        ["first", "new"], ["first"], (0..<100).map { "many \($0)" }, (0..<99).map { "many \($0)" },
        (0..<50).map { "many \($0)" } + ["other"], (0..<50).map { "many \($0)" } + ["other", "more"],
      ]
      for list in lists { try await checkpointer.save([samples.make { $0["messages"] = .list(list) }]) }
      try await samples.expectStored(in: checkpointer, "fifteen lists")
    },
    Check("a long list comes back, also after a change within it") { checkpointer, time in
      let samples = CheckpointSamples(time)
      let long = (0..<3_000).map { "element \($0)" }
      try await checkpointer.save([samples.make { $0["messages"] = .list(long) }])
      for place in [2_999, 2_000, 1_234, 3, 0] {
        try await checkpointer.save([
          samples.make { state in
            var list = long
            list[place] = "changed"
            state["messages"] = .list(list)
          }
        ])
      }
      try await samples.expectStored(in: checkpointer, "long lists")
    },
    Check("the last element may change at every checkpoint") { checkpointer, time in
      let samples = CheckpointSamples(time)
      var list: [String] = []
      for number in 0..<150 {
        if !list.isEmpty { list[list.count - 1] = "settled \(number)" }
        list += ["new \(number)", "streaming"]
        try await checkpointer.save([samples.make { $0["messages"] = .list(list) }])
      }
      try await samples.expectStored(in: checkpointer, "changes at the end")
    },
    Check("several checkpoints may go on from one, each with its own state") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(3, to: checkpointer)
      let root = samples.last
      for number in 0..<4 {
        try await checkpointer.save([
          samples.make(after: root, source: .fork) { $0.append("branch \(number)") },
          samples.make { $0.append("further \(number)") },
        ])
      }
      for sample in samples.all { try await checkpointer.save([samples.make(after: sample) { $0.append("last") }]) }
      try await samples.expectStored(in: checkpointer, "branches")
    },
    Check("a branch may go on from a branch, over and over") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(2, to: checkpointer)
      for number in 0..<60 {
        // Each goes on from the last but one, so that its list always ends elsewhere than the stored one does.
        let parent = samples.all[samples.all.count - 2]
        try await checkpointer.save([samples.make(after: parent) { $0.append("a\(number)", "b\(number)") }])
      }
      try await samples.expectStored(in: checkpointer, "a chain of branches")
    },
    Check("less may be said to be kept than is") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(10, to: checkpointer)
      for kept in [9, 5, 0] {
        guard case .checkpoint(var record) = samples.make({ $0.append("kept \(kept)") }) else { return }
        for place in record.changes.indices { record.changes[place].kept = min(record.changes[place].kept, kept) }
        try await checkpointer.save([.checkpoint(record)])
      }
      try await samples.expectStored(in: checkpointer, "with less kept")
    },
    Check("channels may come, go and change their kind") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await samples.saveTurns(3, to: checkpointer)
      try await checkpointer.save([samples.make { $0["new"] = .text(CheckpointSamples.long("new")) }])
      try await checkpointer.save([samples.make { $0["log"] = nil }])
      try await checkpointer.save([samples.make { $0["title"] = .list(["now", "a list"]) }])
      try await checkpointer.save([samples.make { $0["messages"] = .text("now a text") }])
      try await checkpointer.save([samples.make { $0["messages"] = .list(["a list again"]) }])
      try await checkpointer.save([
        samples.make { state in
          state = SampleState(state.contents.reversed())
          state["new"] = .text("short")
        }
      ])
      try await samples.expectStored(in: checkpointer, "other channels")
    },
    Check("a checkpoint after one that is not there is stored whole") { checkpointer, time in
      let elsewhere = CheckpointSamples(time, thread: "elsewhere")
      try await elsewhere.saveTurns(5, to: checkpointer)
      let samples = CheckpointSamples(time)
      try await checkpointer.save([samples.make(after: elsewhere.last, source: .fork) { $0.append("a copy") }])
      try await samples.saveTurns(3, to: checkpointer)
      try await samples.expectStored(in: checkpointer, "a copy")
    },
  ]
}
