import Synchronization

/// What a run has done so far.
final class RunRecord: Sendable {
  struct Contents: Sendable {
    var steps: [ExecutionStep] = []
    var usage: TokenUsage?
    /// Names of the tools that were called, each once, in the order of their first calls.
    var tools: [String] = []
    /// What the caller should know of, such as tools that are missing.
    var warnings: [String] = []
    var pendingApprovals: [PendingApproval] = []
  }

  private let state = Mutex(Contents())

  var contents: Contents { state.withLock { $0 } }

  /// Adds a step; returns its index.
  @discardableResult
  func add(_ step: ExecutionStep) -> Int {
    state.withLock { contents in
      contents.steps.append(step)
      return contents.steps.count - 1
    }
  }

  func replace(_ index: Int, _ step: ExecutionStep) { state.withLock { $0.steps[index] = step } }

  func noteTool(_ name: String) {
    state.withLock { contents in
      if !contents.tools.contains(name) { contents.tools.append(name) }
    }
  }

  func warn(_ warning: String) { state.withLock { $0.warnings.append(warning) } }

  func noteApprovals(_ approvals: [PendingApproval]) { state.withLock { $0.pendingApprovals = approvals } }

  func add(_ usage: TokenUsage?) {
    guard let usage else { return }
    state.withLock { contents in
      guard let sum = contents.usage else {
        contents.usage = usage
        return
      }
      contents.usage = TokenUsage(
        promptTokens: sum.promptTokens + usage.promptTokens,
        completionTokens: sum.completionTokens + usage.completionTokens, details: usage.details)
    }
  }
}
