import Metrics

/// What the model services came to, for `GET /metrics`.
enum ModelMetrics {
  /// Counts an attempt by its upstream and its outcome: `ok`, `cancelled`, or the kind of the failure.
  static func note(upstream: String, outcome: String) {
    Counter(
      label: "apus_model_attempts_total", dimensions: [("upstream", upstream), ("outcome", outcome)]
    ).increment()
  }
}
