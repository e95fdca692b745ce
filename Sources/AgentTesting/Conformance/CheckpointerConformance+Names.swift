import AgentGraph

extension CheckpointerConformance {
  static let nameChecks: [Check] = [
    Check("any text names a thread, and each its own") { checkpointer, time in
      let all = oddNames.map { CheckpointSamples(time, thread: $0) }
      for samples in all { try await samples.saveTurns(2, to: checkpointer) }
      for samples in all { try await samples.expectStored(in: checkpointer, "the thread \"\(samples.thread)\"") }
      for name in oddNames {
        try expect(try await checkpointer.deleteThread(name), "there was no thread \"\(name)\"")
      }
    },
    Check("any text names a namespace, and each its own") { checkpointer, time in
      // Namespaces are made of the names of one graph's nodes, and compared as texts.
      let all = Set(oddNames).map { CheckpointSamples(time, namespace: GraphNamespace(rawValue: $0)) }
      for samples in all { try await samples.saveTurns(2, to: checkpointer) }
      for samples in all { try await samples.expectStored(in: checkpointer, "\"\(samples.namespace)\"") }
    },
    Check("namespaces are listed in order, if they hold checkpoints") { checkpointer, time in
      let names = ["", "b:1", "a", "a:1|c:2", "a:1", "a:10"]
      for name in names {
        let samples = CheckpointSamples(time, namespace: GraphNamespace(rawValue: name))
        try await samples.saveTurns(1, to: checkpointer)
      }
      let found = try await checkpointer.namespaces(thread: "thread").map(\.rawValue)
      try expectEqual(found, ["", "a", "a:1", "a:10", "a:1|c:2", "b:1"], "the namespaces")
      try expectEqual(try await checkpointer.namespaces(thread: "other"), [], "those of another thread")
    },
    Check("a deleted thread is gone with all its namespaces, and no other is") { checkpointer, time in
      let all = [("a", ""), ("a", "n:1"), ("b", ""), ("aa", "")].map {
        CheckpointSamples(time, thread: $0.0, namespace: GraphNamespace(rawValue: $0.1))
      }
      for samples in all {
        try await samples.saveTurns(40, to: checkpointer)
        try await checkpointer.save([samples.pending("t", .failed(failure, answers: [])), samples.effect("t", 0, "1")])
      }
      try expect(try await checkpointer.deleteThread("a"), "the deletion says that there was none")
      for samples in all {
        try await samples.expectStored(in: checkpointer, where: { _ in samples.thread != "a" }, "after a deletion")
      }
      try expectEqual(try await checkpointer.namespaces(thread: "a"), [], "its namespaces")
      try expect(try await checkpointer.deleteThread("a") == false, "a second deletion says that there was one")
    },
    Check("a thread made anew has nothing of its predecessor's") { checkpointer, time in
      let old = CheckpointSamples(time)
      try await old.saveTurns(5, to: checkpointer)
      try await checkpointer.save([old.pending("t", .failed(failure, answers: []))])
      try expect(try await checkpointer.deleteThread("thread"), "there was none")
      // A run that went on during the deletion: its parent is gone, its state is whole.
      try await old.saveTurns(1, to: checkpointer)
      let last = old.last.record.id
      try await old.expectStored(in: checkpointer, where: { $0 == last }, "made anew")
    },
  ]

  private static let oddNames = [
    "", " ", "a", "A", "a ", "\u{E9}", "e\u{301}", "a\u{0}", "a\u{0}b", "' OR 1=1 --", "\"a\"", "%", "*", "日本語🧵",
    "a|b:c", "x'00'", String(repeating: "long ", count: 2_000),
  ]
}
