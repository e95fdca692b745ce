extension GraphLoop {
  /// Applies the writes of a superstep, in the order of tasks (G3).
  mutating func apply(_ results: TaskResults<State>) throws {
    if plan.layout.hasTransient { clearTransient() }
    for index in 0..<results.count {
      let writes = results[index].command.writes
      if writes.count > 0 { try apply(writes, task: index, of: tasks[index].node) }
    }
  }

  /// Clears what holds one superstep's writes alone, before those of the next are applied (G4).
  mutating func clearTransient() {
    for channel in plan.layout.transient where channel.clear(&state) { log.note(channel.index, kept: 0, before: nil) }
  }

  /// Applies one task's writes; `task` tells tasks of a superstep apart.
  mutating func apply(_ writes: [AnyChannelWrite<State>], task: Int, of node: Int) throws {
    for write in writes where try log.enter(write, task: task, of: node, plan) {
      let before = write.channel.count(state)
      let kept = try write.apply(to: &state)
      log.note(write.channel.index, kept: kept, before: before)
    }
  }
}
