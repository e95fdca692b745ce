import Metrics

/// Counts the tokens that runs use in this process: once a run, however many wait for it, and if nobody does.
struct TokenMetrics: Sendable {
  private let prompt = Counter(label: "apus_prompt_tokens_total")
  private let completion = Counter(label: "apus_completion_tokens_total")

  func note(_ usage: TokenUsage?) {
    guard let usage else { return }
    prompt.increment(by: usage.promptTokens)
    completion.increment(by: usage.completionTokens)
  }
}
