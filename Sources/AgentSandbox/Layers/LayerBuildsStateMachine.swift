/// Which layers are being built, and who waits for which: one build of a layer at a time, and so many in all.
struct LayerBuildsStateMachine {
  private enum Stage {
    case queued, running
    /// Nobody waited any more, so it was told to stop; who came since waits for the next.
    case stopping
  }

  private struct Build {
    var stage: Stage
    var waiters: [Int]
  }

  /// What to do for someone who came.
  enum Entry: Equatable {
    /// Its result will come by itself.
    case wait
    /// Start the build.
    case start
    /// Too many are queued.
    case refuse
  }

  /// What to do when a build has ended.
  struct Ending: Equatable {
    /// They get its result.
    var served: [Int] = []
    /// These builds start.
    var starts: [String] = []
  }

  private let runningMax: Int
  private let buildsMax: Int
  private var builds: [String: Build] = [:]
  private var queue: [String] = []

  init(runningMax: Int, buildsMax: Int) {
    self.runningMax = runningMax
    self.buildsMax = buildsMax
  }

  /// Someone wants a layer.
  mutating func enter(_ waiter: Int, _ name: String) -> Entry {
    if builds[name] != nil {
      builds[name]?.waiters.append(waiter)
      return .wait
    }
    guard builds.count < buildsMax else { return .refuse }
    let starts = runningCount < runningMax
    builds[name] = Build(stage: starts ? .running : .queued, waiters: [waiter])
    if !starts { queue.append(name) }
    return starts ? .start : .wait
  }

  /// Someone waits no more. Returns whether the build is to be stopped.
  mutating func leave(_ waiter: Int, _ name: String) -> Bool {
    guard var build = builds[name], let index = build.waiters.firstIndex(of: waiter) else { return false }
    build.waiters.remove(at: index)
    let stops = build.stage == .running && build.waiters.isEmpty
    if stops { build.stage = .stopping }
    if build.stage == .queued, build.waiters.isEmpty {
      builds[name] = nil
      queue.removeAll { $0 == name }
    } else {
      builds[name] = build
    }
    return stops
  }

  /// A build that was started has ended, well or not.
  mutating func ended(_ name: String) -> Ending {
    var ending = Ending()
    if let build = builds.removeValue(forKey: name) {
      if build.stage == .running {
        ending.served = build.waiters
      } else if !build.waiters.isEmpty {
        builds[name] = Build(stage: .queued, waiters: build.waiters)
        queue.append(name)
      }
    }
    while runningCount < runningMax, !queue.isEmpty {
      let next = queue.removeFirst()
      builds[next]?.stage = .running
      ending.starts.append(next)
    }
    return ending
  }

  /// Whether a layer is being built, or will be.
  func contains(_ name: String) -> Bool { builds[name] != nil }

  private var runningCount: Int { builds.values.count { $0.stage != .queued } }
}
