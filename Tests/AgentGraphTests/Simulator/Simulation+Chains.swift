import AgentGraph

extension Simulation {
  /// What is wrong with stored checkpoints: each follows the one before it, one superstep on.
  func chainFaults(_ world: SimulatedWorld) -> [String] {
    var faults: [String] = []
    let (lines, isExit) = (world.store.lines, world.durability == .exit)
    for (namespace, line) in lines {
      let name = namespace.isRoot ? "the thread" : "\(namespace)"
      for (before, link) in zip([nil] + line.map { $0 as SimulatedStore.Link? }, line) {
        if link.parent != before?.id {
          faults.append("checkpoint \(link.id) of \(name) does not follow the one before")
        }
        if let before, link.id <= before.id {
          faults.append("checkpoint \(link.id) of \(name) is not after its parent")
        }
        if !isNext(link.metadata.step, before?.metadata.step, isExit) {
          faults.append(
            "step \(link.metadata.step) of \(name) follows \(before?.metadata.step.description ?? "nothing")")
        }
        // With `exit` a graph around may have gone on without a checkpoint of its own.
        guard !isExit else { continue }
        for (outer, id) in link.metadata.parents
        where !(lines[GraphNamespace(rawValue: outer)] ?? []).contains(where: { $0.id == id }) {
          faults.append("checkpoint \(link.id) of \(name) lies in \(outer) \(id), which is not stored")
        }
      }
    }
    return faults
  }

  private func isNext(_ step: Int, _ before: Int?, _ isExit: Bool) -> Bool {
    guard let before else { return isExit || step == -1 }
    return isExit ? step > before : step == before + 1
  }

  /// The thread's supersteps are the same, whatever happened between them.
  func chainDifferences(_ expected: SimulatedStore, _ actual: SimulatedStore) -> [String] {
    func lines(_ store: SimulatedStore) -> [String] {
      (store.lines[.root] ?? []).map {
        "\($0.metadata.step) \($0.metadata.source) ran \($0.metadata.ran) due \($0.due)"
      }
    }
    let (one, other) = (lines(expected), lines(actual))
    guard one != other else { return [] }
    let place =
      zip(one, other).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(one.count, other.count)
    func line(_ lines: [String]) -> String { place < lines.count ? lines[place] : "nothing" }
    return ["superstep \(line(other)), not \(line(one))"]
  }
}
