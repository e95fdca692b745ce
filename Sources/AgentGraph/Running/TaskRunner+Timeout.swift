import Synchronization

extension TaskRunner {
  /// An attempt that is given up when it takes too long (G16).
  func attempt(
    _ task: NodeTask, _ node: CompiledNode<State>, _ seat: TaskSeat, number: Int, within policy: TimeoutPolicy
  ) async -> TaskOutcome<State> {
    let clock = level.scope.options.clock
    let life = SignOfLife(clock, within: level.life)
    guard let place = AbandonedAttempts.enter() else {
      return .failed(GraphError(.nodeTimeout, AbandonedAttempts.refusal(node.name), node: node.name))
    }
    let race = Race<TaskOutcome<State>>()
    // A bridge out of structured concurrency: a node that ignores its cancellation must not hold the run.
    let work = Task {
      let outcome = await attempt(task, node, seat, number: number, life: life)
      race.settle(outcome)
      AbandonedAttempts.leave(place)
    }
    // As the attempt's: whichever of the two is first decides.
    let timer = Task {
      guard let limit = await policy.exceeded(life, clock) else { return }
      let error = GraphError(.nodeTimeout, "Node \"\(node.name)\" took longer than its \(limit).", node: node.name)
      race.decide(.failed(error))
      life.giveUp()
      work.cancel()
      try? await clock.sleep(for: policy.grace)
      race.settle(.failed(error))
    }
    let outcome = await withTaskCancellationHandler {
      await race.outcome()
    } onCancel: {
      work.cancel()
      let grace = policy.grace
      // A cancellation handler cannot wait; the grace holds for whoever cancels from outside, too.
      Task {
        try? await clock.sleep(for: grace)
        race.settle(.failed(CancellationError()))
      }
    }
    timer.cancel()
    life.giveUp()
    return outcome
  }
}

extension TimeoutPolicy {
  /// Waits until a limit is exceeded, and names it; nil when the wait was cancelled.
  fileprivate func exceeded(_ life: SignOfLife, _ clock: any Clock<Duration>) async -> String? {
    await withTaskGroup(of: String?.self) { group in
      if let run {
        group.addTask { (try? await clock.sleep(for: run)).map { "run timeout of \(run)" } }
      }
      if let idle {
        group.addTask {
          while true {
            let left = idle - life.silence
            guard left > .zero else { return "idle timeout of \(idle)" }
            guard (try? await clock.sleep(for: left)) != nil else { return nil }
          }
        }
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
  }
}

/// The first of two to say how an attempt ended: the attempt, or whoever gives it up.
private final class Race<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    /// What it has come to, whatever the attempt still says.
    var decided: Value?
    var waiter: CheckedContinuation<Value, Never>?
  }
  private let state = Mutex(State())

  /// The attempt is too late: however it ends, this is the outcome.
  func decide(_ value: Value) { state.withLock { $0.decided = value } }

  func settle(_ value: Value) {
    let (waiter, value) = state.withLock { state -> (CheckedContinuation<Value, Never>?, Value) in
      let value = state.decided ?? value
      guard state.value == nil else { return (nil, value) }
      state.value = value
      defer { state.waiter = nil }
      return (state.waiter, value)
    }
    waiter?.resume(returning: value)
  }

  func outcome() async -> Value {
    await withCheckedContinuation { continuation in
      let value = state.withLock { state -> Value? in
        if state.value == nil { state.waiter = continuation }
        return state.value
      }
      if let value { continuation.resume(returning: value) }
    }
  }
}

/// Attempts that may outlive their run. They are counted, and bounded: beyond the bound nodes with a timeout fail.
public enum AbandonedAttempts: Sendable {
  private static let running = Atomic<Int>(0)
  /// The most attempts with a timeout that may run at once in a process.
  public static let attemptsMax = 10_000

  /// Attempts with a timeout that have not ended, whether their run still waits for them or not.
  public static var count: Int { running.load(ordering: .relaxed) }

  fileprivate struct Place: Sendable {}

  fileprivate static func enter() -> Place? {
    guard running.wrappingAdd(1, ordering: .relaxed).newValue <= attemptsMax else {
      running.wrappingSubtract(1, ordering: .relaxed)
      return nil
    }
    return Place()
  }

  fileprivate static func leave(_ place: Place) { running.wrappingSubtract(1, ordering: .relaxed) }

  fileprivate static func refusal(_ node: String) -> String {
    "Node \"\(node)\" was not started: \(attemptsMax) attempts with a timeout run already, and do not end."
  }
}
