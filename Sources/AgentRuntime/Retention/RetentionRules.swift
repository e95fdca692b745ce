/// For how long runs and threads are kept.
public struct RetentionRules: Sendable, Hashable {
  /// Since a run's end (RUN_RETENTION); nil keeps runs for ever.
  public var runs: Duration?
  /// Since the last write to a thread (THREAD_RETENTION); nil keeps threads for ever.
  public var threads: Duration?

  /// Makes rules.
  public init(runs: Duration? = nil, threads: Duration? = nil) {
    self.runs = runs
    self.threads = threads
  }
}

/// When what is due is removed.
public struct RetentionTiming: Sendable, Hashable {
  /// After the start, which has better things to do.
  public var delay: Duration
  /// Between rounds.
  public var interval: Duration
  /// Between the steps of a round, so that requests have the store to themselves most of the time.
  public var pause: Duration

  /// Makes a timing.
  public init(delay: Duration, interval: Duration, pause: Duration = .milliseconds(50)) {
    self.delay = delay
    self.interval = interval
    self.pause = pause
  }

  /// A round in a hundredth of the shortest time that is kept, between a second and ten minutes; the first one after
  /// that, or after a minute where that is shorter.
  public init(for rules: RetentionRules) {
    let shortest = [rules.runs, rules.threads].compactMap(\.self).min() ?? .zero
    let interval = min(max(shortest / 100, .seconds(1)), .seconds(600))
    self.init(delay: min(interval, .seconds(60)), interval: interval)
  }
}
