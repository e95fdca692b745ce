import AgentRuntime
import AgentSandbox
import Metrics

/// What the sandbox does, for `GET /metrics`.
enum SandboxMetrics {
  /// Counts a call by its language and outcome.
  static func note(_ record: SupervisedSandbox.CallRecord) {
    let language = ("language", record.language.rawValue)
    Counter(label: "apus_sandbox_calls_total", dimensions: [language, ("outcome", record.outcome)]).increment()
    guard record.usage.wasCold else { return }
    Counter(label: "apus_sandbox_cold_starts_total", dimensions: [language]).increment()
  }

  /// Sets the gauges to the workers as they stand now.
  static func note(_ status: SandboxStatus) {
    // JavaScript and TypeScript share theirs.
    for (name, language) in [("python", SandboxLanguage.python), ("deno", .javascript)] {
      guard let entry = status.languages[language] else { continue }
      for (state, count) in [("idle", entry.idle), ("busy", entry.busy)] {
        Gauge(label: "apus_sandbox_workers", dimensions: [("pool", name), ("state", state)]).record(count)
      }
    }
  }
}
