/// What was written when: versions, conflicts within a superstep, and what the next checkpoint must hold.
struct ChannelLog {
  /// The version that wrote each channel last; 0 for none yet.
  private(set) var versions: [Int]
  /// Channels of which the beginning was changed, since this graph's first checkpoint.
  private(set) var rewritten: Set<Int>
  /// Leading elements that are as the last checkpoint has them; `unchanged` where nothing was written.
  private var kept: [Int]
  private var changed: [Int] = []
  private var writers: [Writer]
  /// Counts supersteps that may write: one bump each (G4).
  private(set) var version: Int

  /// Who wrote a channel in the current superstep.
  private struct Writer {
    var version = 0
    var task = 0
    var node = 0
    var overwrote = false
  }

  private static let unchanged = Int.max

  init(channels: Int, versions: [Int] = [], rewritten: Set<Int> = []) {
    self.versions = versions.count == channels ? versions : Array(repeating: 0, count: channels)
    version = versions.max() ?? 0
    self.rewritten = rewritten
    kept = Array(repeating: Self.unchanged, count: channels)
    writers = Array(repeating: Writer(), count: channels)
  }

  /// Begins a superstep's writes.
  mutating func begin() { version += 1 }

  /// Enters a write of a task. Returns whether it counts: what comes with another task's overwrite in the same
  /// superstep does not. Throws where two tasks may not both write (G5).
  mutating func enter<State: GraphState>(
    _ write: AnyChannelWrite<State>, task: Int, of node: Int, _ plan: GraphPlan<State>
  ) throws -> Bool {
    let (channel, index) = (write.channel, write.channel.index)
    let writer = writers[index]
    let isOwn = writer.version == version && writer.task == task
    if writer.version == version, !isOwn {
      if channel.isSingleWriter || (write.overwrites && writer.overwrote) {
        throw plan.conflict(channel.name, writer.node, node)
      }
      if writer.overwrote { return false }
    }
    let overwrote = write.overwrites || (isOwn && writer.overwrote)
    writers[index] = Writer(version: version, task: task, node: node, overwrote: overwrote)
    return true
  }

  /// Notes that a channel changed.
  mutating func note(_ channel: Int, kept count: Int, before: Int?) {
    versions[channel] = version
    if kept[channel] == Self.unchanged { changed.append(channel) }
    kept[channel] = min(kept[channel], count)
    if let before, count < before { rewritten.insert(channel) }
  }

  /// Whether a channel was written in the current superstep.
  func isWritten(_ channel: Int) -> Bool { writers[channel].version == version }

  /// What differs from the last checkpoint; from now on, this one is the last.
  mutating func takeChanges(_ places: [Int]) -> [ChannelChange] {
    guard !changed.isEmpty else { return [] }
    var changes: [ChannelChange] = []
    changes.reserveCapacity(changed.count)
    for channel in changed {
      if places[channel] >= 0 { changes.append(ChannelChange(channel: places[channel], kept: kept[channel])) }
      kept[channel] = Self.unchanged
    }
    changed.removeAll(keepingCapacity: true)
    return changes
  }

  /// As if every channel had been written anew: for a first checkpoint.
  mutating func noteAll() {
    changed = Array(kept.indices)
    for channel in kept.indices { kept[channel] = 0 }
  }
}

extension GraphPlan {
  fileprivate func conflict(_ channel: String, _ first: Int, _ second: Int) -> GraphError {
    let (one, other) = (nodeName(first), nodeName(second))
    return GraphError(
      .conflictingWrites,
      "\"\(one)\" and \"\(other)\" both wrote channel \"\(channel)\" in one superstep: it takes one write. Give it a "
        + "reducer, or let one of them write.", node: other)
  }

  func nodeName(_ index: Int) -> String { index < 0 ? NodeNames.start : nodes[index].name }
}
