import Synchronization

/// Runs the tasks of a simulated process one job at a time, in an order that is drawn: the same for the same seed.
///
/// All the process does runs here, its saves too: when nothing is left to do and it has not ended, it hangs.
final class SimulatedExecutor: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
  }

  var isIdle: Bool { jobs.withLock { $0.isEmpty } }

  /// Runs one job; returns false if there is none.
  func runOne(_ dice: inout SimulatorDice) -> Bool {
    let draw = Int(dice.next() >> 33)
    let job = jobs.withLock { jobs -> UnownedJob? in
      jobs.isEmpty ? nil : jobs.remove(at: draw % jobs.count)
    }
    guard let job else { return false }
    unsafe job.runSynchronously(on: asUnownedTaskExecutor())
    return true
  }
}

/// Time that passes when it is slept through.
struct SimulatedClock: Clock {
  struct Instant: InstantProtocol {
    var time = Duration.zero
    func advanced(by duration: Duration) -> Instant { Instant(time: time + duration) }
    func duration(to other: Instant) -> Duration { other.time - time }
    static func < (left: Instant, right: Instant) -> Bool { left.time < right.time }
  }
  var now: Instant { Instant() }
  var minimumResolution: Duration { .nanoseconds(1) }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    await Task.yield()
    try Task.checkCancellation()
  }
}
