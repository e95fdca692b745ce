import AgentGraph

extension CheckpointerConformance {
  static let treeChecks: [Check] = (1...12).map { seed in
    Check("a random tree of checkpoints holds what full snapshots would, seed \(seed)") { checkpointer, time in
      var numbers = SeededNumbers(seed: UInt64(seed))
      let samples = CheckpointSamples(time)
      var gone: Set<CheckpointID> = []
      for round in 0..<4 {
        for _ in 0..<25 { try await grow(samples, without: gone, checkpointer, &numbers) }
        try await samples.expectStored(in: checkpointer, where: { !gone.contains($0) }, "round \(round)")
        let last = Int.random(in: 3...30, using: &numbers)
        let removed = try await checkpointer.prune(thread: "thread", keeping: RetentionPolicy(last: last))
        let left = samples.all.map(\.record.id).filter { !gone.contains($0) }.sorted()
        gone.formUnion(left.dropLast(last))
        try expectEqual(removed, max(0, left.count - last), "round \(round): how many were removed")
        try await samples.expectStored(in: checkpointer, where: { !gone.contains($0) }, "round \(round), pruned")
      }
    }
  }

  /// Adds a checkpoint: mostly after the last one, now and then after any other, even one that was removed.
  private static func grow(
    _ samples: CheckpointSamples, without gone: Set<CheckpointID>, _ checkpointer: any Checkpointer,
    _ numbers: inout SeededNumbers
  ) async throws {
    samples.time.pass(microseconds: .random(in: 0...3, using: &numbers))
    let parent = Int.random(in: 0..<4, using: &numbers) == 0 ? samples.all.randomElement(using: &numbers) : nil
    let count = Int.random(in: 1...3, using: &numbers)
    let write =
      if let parent {
        samples.make(after: parent, source: .fork) { state in
          for _ in 0..<count { change(&state, &numbers) }
        }
      } else {
        samples.make { state in
          for _ in 0..<count { change(&state, &numbers) }
        }
      }
    try await checkpointer.save([write])
  }

  private static func change(_ state: inout SampleState, _ numbers: inout SeededNumbers) {
    let list = Bool.random(using: &numbers) ? "messages" : "log"
    guard case .list(var elements) = state[list] else { return }
    let text = "text \(Int.random(in: 0..<1_000, using: &numbers))"
    switch Int.random(in: 0..<12, using: &numbers) {
    case 0...4: elements += Array(repeating: text, count: .random(in: 1...4, using: &numbers))
    case 5: elements += (0..<Int.random(in: 20...80, using: &numbers)).map { "\(text) \($0)" }
    case 6: if let place = elements.indices.randomElement(using: &numbers) { elements[place] = text }
    case 7: if let place = elements.indices.randomElement(using: &numbers) { elements.remove(at: place) }
    case 8: elements.removeLast(.random(in: 0...elements.count, using: &numbers))
    case 9: elements = [text]
    case 10: state["title"] = .text(text)
    default: state["notes"] = .text(CheckpointSamples.long(text))
    }
    state[list] = .list(elements)
  }
}
