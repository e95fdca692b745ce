import AgentGraph
import AgentJSON

/// Why an attempt at a step failed, as it is stored.
struct StepFailure: Sendable, Hashable, Codable {
  /// For the caller.
  var message: String
  /// When the model asks to come again, in seconds.
  var retryAfterSeconds: Double?
  /// Tokens of the attempt's model calls; nil where no model counted.
  var usage: TokenUsage?

  /// `stepTimeout` in seconds.
  init(_ error: any Error, within stepTimeout: Double, usage: TokenUsage?) {
    if Self.isTimeout(error) {
      message = "no result within stepTimeout (\(stepTimeout.settingJSON.encodedText) s)"
    } else {
      message = Self.text(of: error)
    }
    retryAfterSeconds = (error as? ModelError)?.retryAfter.map { $0 / .seconds(1) }
    self.usage = usage
  }

  static func isTimeout(_ error: any Error) -> Bool { (error as? GraphError)?.code == .nodeTimeout }

  var retryAfter: Duration? { retryAfterSeconds.map { .seconds($0) } }

  /// An error as `execution_steps` shows it.
  static func text(of error: any Error) -> String {
    error is CancellationError ? "cancelled" : "\(RuntimeError(describing: error))".cutInMiddle(to: messageMax)
  }

  private static let messageMax = 1000
}

/// Stands for a step's failure in the log, which must not have the model's own words.
struct TaskStepFailure: Error, CustomStringConvertible {
  let step: Int
  let attempts: Int

  var description: String { "step \(step) of a task failed after \(attempts) attempts" }
}

/// How long a step waits before it is tried again: exponential, with full jitter (contract §4).
struct StepBackoff: Sendable, Hashable {
  /// The longest first pause; it doubles each time.
  var base = Duration.milliseconds(500)
  /// No pause is longer, unless the model asks for it.
  var cap = Duration.seconds(8)
  /// What is waited for a model that asks for more.
  var askedMax = Duration.seconds(60)

  /// The pause after the attempt of that number, from 1. `draw` is from 0 to 1.
  func pause(after attempt: Int, draw: Double, asked: Duration?) -> Duration {
    let longest = min(cap, base * (1 << min(max(attempt - 1, 0), 20)))
    return max(longest * max(0, min(1, draw)), min(asked ?? .zero, askedMax))
  }
}
