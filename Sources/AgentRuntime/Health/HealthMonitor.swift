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
    let check = await Self.check {
      try await self.model.probe()
      return (.healthy, nil)
    }
    if let check { state.withLock { $0.model = check } }
  }

  private func probeStore() async {
    let check = await Self.check {
      let health = try await self.store.probe()
      if health.reads {
        let agents = try await self.store.activeAgentCount()
        self.state.withLock { $0.activeAgents = agents }
      }
      return (!health.reads ? .unhealthy : health.writes ? .healthy : .degraded, health.problem)
    }
    if let check { state.withLock { $0.store = check } }
  }

  /// Times a probe; nil where it was cancelled and so says nothing.
  private static func check(_ probe: () async throws -> (Check.Status, String?)) async -> Check? {
    let start = ContinuousClock.now
    var check = Check()
    do {
      (check.status, check.problem) = try await probe()
    } catch {
      if Task.isCancelled { return nil }
      (check.status, check.problem) = (.unhealthy, "\(error)")
    }
    check.responseTime = .now - start
    check.time = Date()
    return check
  }
}
