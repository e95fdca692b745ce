import Synchronization

/// What a run has done so far.
///
/// The record of a part of a run keeps what the part used; what is shown of it stands in the whole run's record. Steps
/// within a part that are only told of when they have ended are the part's own affair.
final class RunRecord: Sendable {
  struct Contents: Sendable {
    var steps: [ExecutionStep] = []
    var usage: TokenUsage?
    /// What of it was used in this process, and not before the run was gone on with.
    var spent: TokenUsage?
    /// Names of the tools that were called, each once, in the order of their first calls.
    var tools: [String] = []
    /// What the caller should know of, such as tools that are missing.
    var warnings: [String] = []
    var pendingApprovals: [PendingApproval] = []
  }

  private let state = Mutex(Contents())
  private let whole: RunRecord?

  /// A run's record, or that of a part of the run.
  init(partOf whole: RunRecord? = nil) { self.whole = whole }

  var contents: Contents { state.withLock { $0 } }

  /// The steps that the caller sees.
  var steps: [ExecutionStep] { whole?.steps ?? state.withLock { $0.steps } }

  /// Adds a step that has ended.
  func add(_ step: ExecutionStep) {
    if whole == nil { state.withLock { $0.steps.append(step) } }
  }

  /// Adds a step that has begun; returns its index.
  func open(_ step: ExecutionStep) -> Int {
    if let whole { return whole.open(step) }
    return state.withLock { contents in
      contents.steps.append(step)
      return contents.steps.count - 1
    }
  }

  func replace(_ index: Int, _ step: ExecutionStep) {
    if let whole { return whole.replace(index, step) }
    state.withLock { $0.steps[index] = step }
  }

  func noteTool(_ name: String) {
    if let whole { return whole.noteTool(name) }
    state.withLock { contents in
      if !contents.tools.contains(name) { contents.tools.append(name) }
    }
  }

  func warn(_ warning: String) {
    if let whole { return whole.warn(warning) }
    state.withLock { $0.warnings.append(warning) }
  }

  func noteApprovals(_ approvals: [PendingApproval]) { state.withLock { $0.pendingApprovals = approvals } }

  func add(_ usage: TokenUsage?) {
    guard let usage else { return }
    state.withLock { contents in
      contents.usage = usage.added(to: contents.usage)
      contents.spent = usage.added(to: contents.spent)
    }
    whole?.add(usage)
  }

  /// Adds what was used before this process went on with the run.
  func restore(_ usage: TokenUsage?) {
    guard let usage else { return }
    state.withLock { $0.usage = usage.added(to: $0.usage) }
    whole?.restore(usage)
  }
}
