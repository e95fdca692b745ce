public import FoundationEssentials
public import Logging
import Synchronization

/// Removes runs and threads once they have been kept for long enough, in the background and in small steps.
///
/// What a step removed stays removed, so that a round may end anywhere: the next one goes on, in whatever process.
public final class RetentionKeeper: Sendable {
  /// Runs may hold megabytes each, so that few are removed at a time.
  private static let runsMax = 32
  /// So many threads are looked at in a step.
  private static let threadsMax = 500

  private let store: any RuntimeStore
  private let toolsets: ToolsetCatalog
  private let rules: RetentionRules
  private let timing: RetentionTiming
  private let clock: any Clock<Duration>
  private let now: @Sendable () -> Date
  private let logger: Logger
  /// What failed the last time: it is told once, until it has worked again.
  private let failing = Mutex<Set<String>>([])

  /// Keeps `store` to `rules`; `toolsets` let go of what they hold for sessions that are removed. `clock` measures pauses,
  /// `now` tells the time of day.
  public init(
    store: any RuntimeStore, toolsets: ToolsetCatalog = ToolsetCatalog(), rules: RetentionRules,
    timing: RetentionTiming? = nil, clock: any Clock<Duration> = ContinuousClock(),
    now: @escaping @Sendable () -> Date = { Date() }, logger: Logger
  ) {
    self.store = store
    self.toolsets = toolsets
    self.rules = rules
    self.timing = timing ?? RetentionTiming(for: rules)
    self.clock = clock
    self.now = now
    self.logger = logger
  }

  /// Removes what is due, round by round, until the task is cancelled; at once where everything is kept for ever.
  public func run() async {
    guard rules != RetentionRules() else { return }
    var pause = timing.delay
    while await slept(pause) {
      await round()
      pause = timing.interval
    }
  }

  private func round() async {
    var removed = RemovedByAge()
    await attempt("runs") { try await pruneRuns(&removed) }
    await attempt("threads") { try await pruneThreads(&removed) }
    guard removed != RemovedByAge() else { return }
    logger.info(
      "removed by age", metadata: ["runs": "\(removed.runs)", "threads": "\(removed.threads)"])
  }

  private func pruneRuns(_ removed: inout RemovedByAge) async throws {
    guard let age = rules.runs else { return }
    let time = now().addingTimeInterval(-(age / .seconds(1)))
    repeat {
      let pruned = try await store.runs.prune(endedBefore: time, limit: Self.runsMax)
      removed.runs += pruned.count
      if pruned.isEmpty { return }
    } while await slept(timing.pause)
  }

  private func pruneThreads(_ removed: inout RemovedByAge) async throws {
    guard let age = rules.threads else { return }
    let time = now().addingTimeInterval(-(age / .seconds(1)))
    var place: Int64?
    repeat {
      let pruned = try await store.pruneThreads(unusedSince: time, after: place, limit: Self.threadsMax)
      removed.threads += pruned.removed.count
      for key in pruned.removed.compactMap(ThreadKey.init(name:)) {
        await toolsets.forget(agentID: key.agentID, sessionID: key.sessionID)
      }
      guard let next = pruned.next else { return }
      place = next
    } while await slept(timing.pause)
  }

  /// Does a part of a round. A failure is told once, and the part tried again with the next round.
  private func attempt(_ what: String, _ work: () async throws -> Void) async {
    guard !Task.isCancelled else { return }
    do {
      try await work()
      failing.withLock { _ = $0.remove(what) }
    } catch {
      guard !Task.isCancelled, failing.withLock({ $0.insert(what).inserted }) else { return }
      logger.warning(
        "removing by age failed, and is tried again", metadata: ["what": "\(what)", "error": "\(error)"])
    }
  }

  /// Returns whether the pause came to its end; false once the task is cancelled.
  private func slept(_ pause: Duration) async -> Bool {
    do {
      try await clock.sleep(for: pause)
      return !Task.isCancelled
    } catch {
      return false
    }
  }
}

/// What a round removed.
private struct RemovedByAge: Equatable {
  var runs = 0
  var threads = 0
}
