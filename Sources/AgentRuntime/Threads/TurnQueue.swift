import Synchronization

/// Lets one turn of a thread run at a time, the others wait in the order in which they came.
final class TurnQueue: Sendable {
  struct Ticket: Sendable, Hashable {
    var key: ThreadKey
    var number: Int
  }

  private struct Waiter {
    var number: Int
    var handle: RunHandle
    var place: RunPlace?
    var continuation: CheckedContinuation<Void, any Error>?
  }

  private struct Line {
    var holder: Waiter
    var waiters: [Waiter] = []
  }

  private struct State {
    var lines: [ThreadKey: Line] = [:]
    var nextNumber = 0
  }

  private let state = Mutex(State())
  private let waitersMax: Int

  /// Allows `waitersMax` turns to wait for one thread.
  init(waitersMax: Int) { self.waitersMax = waitersMax }

  /// Whether a turn of the thread is under way.
  func isBusy(_ key: ThreadKey) -> Bool { state.withLock { $0.lines[key] != nil } }

  /// Waits until the thread is free, and takes the run's place; who waited gets that of the turn before it. Throws
  /// `RuntimeError` 409 where the policy or the length of the line forbids to wait, 429 where the thread is free and no
  /// place is, and `CancellationError` when the task is cancelled meanwhile.
  func enter(
    _ key: ThreadKey, policy: ConversationConfig.BusyPolicy, handle: RunHandle, place: RunPlace? = nil
  ) async throws -> Ticket {
    let (ticket, busyWith) = try admit(key, policy: policy, handle: handle, place: place)
    if let busyWith {
      for handle in busyWith { handle.cancel(.superseded) }
      try await wait(ticket)
    }
    do {
      try await place?.take()
    } catch {
      leave(ticket)
      throw error
    }
    return ticket
  }

  private func wait(_ ticket: Ticket) async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        park(ticket, continuation)
      }
    } onCancel: {
      abandon(ticket)
    }
  }

  /// Takes the thread if it is free, else a place in line; and whom the newcomer ends (nil: the thread was free).
  private func admit(
    _ key: ThreadKey, policy: ConversationConfig.BusyPolicy, handle: RunHandle, place: RunPlace?
  ) throws -> (Ticket, [RunHandle]?) {
    try state.withLock { state in
      state.nextNumber += 1
      let ticket = Ticket(key: key, number: state.nextNumber)
      let newcomer = Waiter(number: ticket.number, handle: handle, place: place)
      guard var line = state.lines[key] else {
        state.lines[key] = Line(holder: newcomer)
        return (ticket, nil)
      }
      try check(line, of: key, policy)
      let ended = policy == .enqueue ? [] : [line.holder.handle] + line.waiters.map(\.handle)
      line.waiters.append(newcomer)
      state.lines[key] = line
      return (ticket, ended)
    }
  }

  /// Throws `RuntimeError` 409 where a newcomer would be refused now.
  func check(_ key: ThreadKey, policy: ConversationConfig.BusyPolicy) throws {
    try state.withLock { state in
      if let line = state.lines[key] { try check(line, of: key, policy) }
    }
  }

  private func check(_ line: Line, of key: ThreadKey, _ policy: ConversationConfig.BusyPolicy) throws {
    if policy == .reject {
      throw RuntimeError(.conflict, "Another turn of session '\(key.sessionID)' is under way (on_busy: reject).")
    }
    // Who takes over ends those in line, so that their number is no reason to refuse.
    guard policy != .enqueue || line.waiters.count < waitersMax else {
      throw RuntimeError(
        .conflict, "\(waitersMax) turns wait for session '\(key.sessionID)' already, as many as may.",
        retryAfter: .seconds(1))
    }
  }

  private func park(_ ticket: Ticket, _ continuation: CheckedContinuation<Void, any Error>) {
    enum Outcome { case parked, ready, cancelled }
    let outcome = state.withLock { state -> Outcome in
      guard state.lines[ticket.key]?.holder.number != ticket.number else { return .ready }
      guard let index = state.lines[ticket.key]?.waiters.firstIndex(where: { $0.number == ticket.number }) else {
        // The task was cancelled before it got here.
        return .cancelled
      }
      state.lines[ticket.key]?.waiters[index].continuation = continuation
      return .parked
    }
    switch outcome {
    case .parked: break
    case .ready: continuation.resume()
    case .cancelled: continuation.resume(throwing: CancellationError())
    }
  }

  /// Gives up a place in line; if the thread was handed over in this moment, passes it on.
  private func abandon(_ ticket: Ticket) {
    let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
      guard let index = state.lines[ticket.key]?.waiters.firstIndex(where: { $0.number == ticket.number }) else {
        return nil
      }
      return state.lines[ticket.key]?.waiters.remove(at: index).continuation
    }
    continuation?.resume(throwing: CancellationError())
  }

  /// Frees the thread for the next in line.
  func leave(_ ticket: Ticket) {
    let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
      guard var line = state.lines[ticket.key], line.holder.number == ticket.number else { return nil }
      guard !line.waiters.isEmpty else {
        state.lines[ticket.key] = nil
        return nil
      }
      let waiter = line.waiters.removeFirst()
      if let place = waiter.place { line.holder.place?.pass(to: place) }
      line.holder = waiter
      state.lines[ticket.key] = line
      return waiter.continuation
    }
    next?.resume()
  }
}
