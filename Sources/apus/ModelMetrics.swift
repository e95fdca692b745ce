import Metrics
import Synchronization

/// What the model services came to, for `GET /metrics`.
final class ModelMetrics: Sendable {
  /// By upstream and outcome; as many as the configuration has upstreams.
  private let counters = Mutex<[String: [String: Counter]]>([:])

  /// Counts an attempt by its upstream and its outcome: `ok`, `cancelled`, or the kind of the failure.
  func note(upstream: String, outcome: String) {
    let counter = counters.withLock { counters in
      if let counter = counters[upstream]?[outcome] { return counter }
      let counter = Counter(
        label: "apus_model_attempts_total", dimensions: [("upstream", upstream), ("outcome", outcome)])
      counters[upstream, default: [:]][outcome] = counter
      return counter
    }
    counter.increment()
  }
}
