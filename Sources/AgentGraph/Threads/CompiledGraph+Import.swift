extension CompiledGraph {
  /// A first checkpoint for a thread that was kept elsewhere: this state, with nothing due. `Checkpointer.save` stores
  /// it. `createdAt` is in microseconds since 1970.
  public func importedCheckpoint(
    thread: String, state: State, run: String, createdAt: UInt64, ids: GraphIDs = .shared
  ) -> CheckpointRecord {
    let layout = plan.layout
    return CheckpointRecord(
      thread: thread, namespace: .root, id: ids.nextCheckpoint(), parent: nil,
      metadata: CheckpointMetadata(
        source: .update, step: 0, run: run, graph: plan.name, createdAt: createdAt,
        versions: layout.channels.map { $0.isTracked ? 1 : 0 }),
      plan: CheckpointPlan(), state: LayoutImage(layout: layout, state: state),
      changes: layout.images.indices.map { ChannelChange(channel: $0, kept: 0) })
  }
}
