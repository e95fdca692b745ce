/// Gives each turn its thread, one at a time: reads it when the turn begins, and stores what the turn adds.
struct ThreadKeeper: Sendable {
  let store: any RuntimeStore
  let queue: TurnQueue

  /// Runs a turn while no other turn of its thread runs. `policy` says what happens if one does; `place` is
  /// taken when the turn begins, and the row of a run that is kept says so.
  func turn<Value>(
    _ key: ThreadKey, policy: ConversationConfig.BusyPolicy, handle: RunHandle,
    place: RunPlace? = nil, kept: KeptRun? = nil, _ work: () async throws -> Value
  ) async throws -> Value {
    let ticket = try await queue.enter(key, policy: policy, handle: handle, place: place)
    defer { queue.leave(ticket) }
    try await kept?.start()
    return try await work()
  }
}
