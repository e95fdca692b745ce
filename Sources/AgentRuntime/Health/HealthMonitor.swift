public import FoundationEssentials
import Synchronization

/// Probes the model and the store in the background, so that health costs a request nothing (contract §5).
public final class HealthMonitor: Sendable {
  /// What a probe found.
  public struct Check: Sendable, Hashable {
    /// Whether the part works.
    public enum Status: String, Sendable, Hashable {
      case healthy, degraded, unhealthy, unknown
    }

    /// Whether the part works; `unknown` until the first probe has ended.
    public var status = Status.unknown
    /// What is wrong; nil where all is well.
    public var problem: String?
    /// How long the probe took.
    public var responseTime: Duration?
    /// When it ended.
    public var time: Date?
  }

  /// All that is known at one moment.
  public struct Report: Sendable, Hashable {
    /// The model service.
    public var model = Check()
    /// The store.
    public var store = Check()
    /// Agents that are stored and not revoked.
    public var activeAgents = 0
    /// When a platform last read the schema.
    public var lastSync: Date?
    /// Whether a probe has hung for so long that what it found before says nothing of now.
    public var isStale = false
  }

  private let state = Mutex(Report())
  private let model: any ChatModel
  private let store: any RuntimeStore
  private let interval: Duration

  /// Probes every `interval`.
  public init(model: any ChatModel, store: any RuntimeStore, interval: Duration = .seconds(5)) {
    self.model = model
    self.store = store
    self.interval = interval
  }

  /// What is known now.
  public var report: Report {
    var report = state.withLock { $0 }
    let oldest = Date(timeIntervalSinceNow: -4 * Double(interval.components.seconds) - 6)
    report.isStale = [report.model.time, report.store.time].contains { $0.map { $0 < oldest } ?? false }
    return report
  }

  /// Notes that a platform read the schema.
  public func noteSync() {
    let now = Date()
    state.withLock { $0.lastSync = now }
  }

  /// Notes that so many more agents are stored and not revoked; the next probe counts anew.
  public func noteActiveAgents(_ change: Int) {
    state.withLock { $0.activeAgents = max(0, $0.activeAgents + change) }
  }

  /// Probes until the task is cancelled.
  public func run() async {
    while !Task.isCancelled {
      async let model: Void = probeModel()
      async let store: Void = probeStore()
      _ = await (model, store)
      try? await Task.sleep(for: interval)
    }
  }

  private func probeModel() async {
    let start = ContinuousClock.now
    var check = Check()
    do {
      try await model.probe()
      check.status = .healthy
    } catch {
      if Task.isCancelled { return }
      check.status = .unhealthy
      check.problem = "\(error)"
    }
    check.responseTime = .now - start
    check.time = Date()
    state.withLock { [check] in $0.model = check }
  }

  private func probeStore() async {
    let start = ContinuousClock.now
    var check = Check()
    var agents: Int?
    do {
      let health = try await store.probe()
      check.status = !health.reads ? .unhealthy : health.writes ? .healthy : .degraded
      check.problem = health.problem
      if health.reads { agents = try await store.activeAgentCount() }
    } catch {
      if Task.isCancelled { return }
      check.status = .unhealthy
      check.problem = "\(error)"
    }
    check.responseTime = .now - start
    check.time = Date()
    state.withLock { [check, agents] report in
      report.store = check
      if let agents { report.activeAgents = agents }
    }
  }
}
