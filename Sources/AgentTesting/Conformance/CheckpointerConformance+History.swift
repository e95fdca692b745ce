import AgentGraph

extension CheckpointerConformance {
  static let historyChecks: [Check] = [
    Check("history is newest first, and has a limit") { checkpointer, time in
      let samples = try await tenCheckpoints(checkpointer, time)
      let ids = samples.all.map(\.record.id)
      try await expectHistory(checkpointer, HistoryQuery(), ids.reversed(), "all")
      try await expectHistory(checkpointer, HistoryQuery(limit: 3), [ids[9], ids[8], ids[7]], "the newest three")
      try await expectHistory(checkpointer, HistoryQuery(limit: 0), [], "none")
      try await expectHistory(checkpointer, HistoryQuery(limit: -1), [], "fewer than none")
    },
    Check("history before a checkpoint has only older ones") { checkpointer, time in
      let samples = try await tenCheckpoints(checkpointer, time)
      let ids = samples.all.map(\.record.id)
      try await expectHistory(
        checkpointer, HistoryQuery(limit: 2, before: ids[4]), [ids[3], ids[2]], "before the fifth")
      try await expectHistory(checkpointer, HistoryQuery(before: ids[0]), [], "before the first")
      let later = GraphIDs(now: { time.now + 1_000_000 }, origin: 1).nextCheckpoint()
      try await expectHistory(checkpointer, HistoryQuery(before: later), ids.reversed(), "before one that is not there")
    },
    Check("history is filtered by sources and by run") { checkpointer, time in
      let samples = try await tenCheckpoints(checkpointer, time)
      let ids = samples.all.map(\.record.id)
      func wanted(_ places: [Int]) -> [CheckpointID] { places.map { ids[$0] } }
      try await expectHistory(checkpointer, HistoryQuery(sources: [.input]), wanted([8, 4, 0]), "inputs")
      try await expectHistory(
        checkpointer, HistoryQuery(sources: [.input, .fork]), wanted([8, 7, 4, 3, 0]), "inputs and forks")
      try await expectHistory(checkpointer, HistoryQuery(sources: []), [], "no source")
      try await expectHistory(checkpointer, HistoryQuery(run: "run-1"), wanted([7, 4, 1]), "a run")
      try await expectHistory(checkpointer, HistoryQuery(run: "run"), [], "the beginning of a run's name")
      try await expectHistory(
        checkpointer, HistoryQuery(limit: 1, before: ids[7], sources: [.input], run: "run-1"), wanted([4]),
        "all at once")
    },
    Check("history has pending writes and no effects") { checkpointer, time in
      let samples = try await tenCheckpoints(checkpointer, time)
      for sample in samples.all.suffix(2) {
        try await checkpointer.save([
          samples.pending("t", of: sample, .failed(failure, answers: [])), samples.effect("t", 0, of: sample, "1"),
        ])
      }
      let history = try await checkpointer.history(thread: "thread", namespace: .root, query: HistoryQuery(limit: 3))
      try expectEqual(history.map(\.pending.count), [1, 1, 0], "pending writes")
      try expectEqual(history.map(\.effects.count), [0, 0, 0], "effects")
    },
    Check("history holds each state as it was") { checkpointer, time in
      try await tenCheckpoints(checkpointer, time).expectStored(in: checkpointer, "ten checkpoints")
    },
  ]

  private static func tenCheckpoints(_ checkpointer: any Checkpointer, _ time: ManualTime) async throws
    -> CheckpointSamples
  {
    let samples = CheckpointSamples(time)
    for number in 0..<10 {
      time.pass(microseconds: 10)
      let source = [CheckpointSource.input, .loop, .update, .fork][number % 4]
      try await checkpointer.save([
        samples.make(source: source, run: "run-\(number % 3)") { $0.append("message \(number)") }
      ])
    }
    return samples
  }

  private static func expectHistory(
    _ checkpointer: any Checkpointer, _ query: HistoryQuery, _ ids: [CheckpointID], _ what: String
  ) async throws {
    let found = try await checkpointer.history(thread: "thread", namespace: .root, query: query)
    try expectEqual(found.map(\.id), ids, what)
  }
}
