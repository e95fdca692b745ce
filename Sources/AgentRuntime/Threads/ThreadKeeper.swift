/// Gives each turn its thread, one at a time: reads it when the turn begins, and stores what the turn adds.
struct ThreadKeeper: Sendable {
  let store: any RuntimeStore
  let queue: TurnQueue

  /// Runs a turn while no other turn of its thread runs. `policy` says what happens if one does; `onWaiting` is told
  /// when the turn has to wait, and when it goes on.
  func turn<Value>(
    _ key: ThreadKey, policy: ConversationConfig.BusyPolicy, handle: RunHandle,
    onWaiting: @Sendable (Bool) -> Void = { _ in }, _ work: () async throws -> Value
  ) async throws -> Value {
    let ticket = try await queue.enter(key, policy: policy, handle: handle, onWaiting: onWaiting)
    defer { queue.leave(ticket) }
    return try await work()
  }
}
