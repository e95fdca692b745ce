import AgentGraph
import AgentJSON

extension CheckpointerConformance {
  static let taskChecks: [Check] = [
    Check("what tasks came to comes back with their checkpoint, in the order in which it was stored") {
      checkpointer, time in
      let samples = CheckpointSamples(time)
      let names = ["b", "a", "0123456789abcdef0123456789abcdef", "", "é\u{0}"]
      try await checkpointer.save([samples.make(after: .some(nil))])
      for name in names { try await checkpointer.save([samples.pending(name, .done(.encoded(Array(name.utf8))))]) }
      let found = try await latest(checkpointer)
      try expectEqual(found.pending.map(\.task.rawValue), names, "the tasks")
      try expectEqual(found.pending.map(\.node), names.map { "node of \($0)" }, "their nodes")
      for (record, name) in zip(found.pending, names) {
        guard case .done(let value) = record.outcome else { throw ConformanceFailure(description: "not done") }
        try expectEqual(try value.bytes(), Array(name.utf8), "what it came to")
        try expectEqual(record.thread, "thread", "its thread")
        try expectEqual(record.checkpoint, found.id, "its checkpoint")
      }
    },
    Check("every outcome comes back") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await checkpointer.save([
        samples.make(after: .some(nil)), samples.pending("1", .failed(failure, answers: [.bool(true)])),
        samples.pending("2", CheckpointSamples.interrupted("i")),
        samples.pending("3", .interrupted([], answers: [.string("yes"), .null, .array([.integer(1)])])),
      ])
      let found = try await latest(checkpointer).pending.map(\.outcome)
      try expectEqual(found.map(\.kind), ["failed", "interrupted", "interrupted"], "the kinds")
      guard case .failed(failure, [.bool(true)]) = found[0] else {
        throw ConformanceFailure(description: "another failure")
      }
      guard case .interrupted(let open, let none) = found[1], case .interrupted(_, let answers) = found[2] else {
        throw ConformanceFailure(description: "not interrupted")
      }
      try expectEqual(open.map(\.id.rawValue), ["i"], "the interrupts")
      try expectEqual([none, answers], [[], [.string("yes"), .null, .array([.integer(1)])]], "the answers")
    },
    Check("a later outcome of a task replaces the earlier one") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await checkpointer.save([
        samples.make(after: .some(nil)), samples.pending("1", CheckpointSamples.interrupted("i")),
        samples.pending("2", .failed(failure, answers: [])),
      ])
      try await checkpointer.save([samples.pending("1", .done(.encoded([49])))])
      let found = try await latest(checkpointer).pending
      try expectEqual(found.map(\.task.rawValue), ["1", "2"], "the tasks")
      try expectEqual(found.map(\.outcome.kind), ["done", "failed"], "the kinds")
    },
    Check("effects come back with their checkpoint") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await checkpointer.save([samples.make(after: .some(nil))])
      for (task, index) in [("1", 0), ("1", 1), ("2", 0)] {
        try await checkpointer.save([samples.effect(task, index, "\"\(task)-\(index)\"")])
      }
      try await checkpointer.save([samples.effect("1", 0, "\"again\"")])
      let found = try await latest(checkpointer).effects.sorted {
        ($0.task.rawValue, $0.index) < ($1.task.rawValue, $1.index)
      }
      try expectEqual(found.map(\.name), ["effect 0", "effect 1", "effect 0"], "the names")
      try expectEqual(
        try found.map { String(decoding: try $0.result.bytes(), as: UTF8.self) },
        ["\"again\"", "\"1-1\"", "\"2-0\""], "the results")
    },
    Check("what tasks came to belongs to one checkpoint") { checkpointer, time in
      let samples = CheckpointSamples(time)
      try await checkpointer.save([samples.make(after: .some(nil))])
      let first = samples.last
      try await checkpointer.save([samples.pending("t", .failed(failure, answers: [])), samples.effect("t", 0, "1")])
      try await checkpointer.save([samples.make()])
      let second = try await latest(checkpointer)
      try expect(second.pending.isEmpty && second.effects.isEmpty, "the next checkpoint has them, too")
      let found = try await checkpointer.load(thread: "thread", namespace: .root, id: first.record.id)
      try expectEqual([found?.pending.count, found?.effects.count], [1, 1], "at its checkpoint")
    },
    Check("what belongs to no checkpoint makes none") { checkpointer, time in
      let samples = CheckpointSamples(time)
      _ = samples.make(after: .some(nil))
      try await checkpointer.save([samples.pending("t", .failed(failure, answers: [])), samples.effect("t", 0, "1")])
      try expect(try await checkpointer.load(thread: "thread", namespace: .root, id: nil) == nil, "there is one")
      try expectEqual(try await checkpointer.namespaces(thread: "thread"), [], "the namespaces")
      try expect(try await checkpointer.deleteThread("thread") == false, "there is a thread")
    },
  ]

  private static func latest(_ checkpointer: any Checkpointer) async throws -> StoredCheckpoint {
    try expectSome(try await checkpointer.load(thread: "thread", namespace: .root, id: nil), "the latest")
  }
}
