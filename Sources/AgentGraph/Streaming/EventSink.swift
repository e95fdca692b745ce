/// Where a run's events go.
struct EventSink: Sendable {
  let modes: StreamModes
  /// Whether events of nested graphs are wanted.
  let includesSubgraphs: Bool
  /// Takes an event; waits while whoever reads is slow (G37).
  let take: @Sendable (GraphEvent) async throws -> Void

  func wants(_ mode: StreamModes) -> Bool { !modes.isDisjoint(with: mode) }

  func send(_ event: GraphEvent) async throws {
    if event.namespace.isRoot || includesSubgraphs { try await take(event) }
  }
}
