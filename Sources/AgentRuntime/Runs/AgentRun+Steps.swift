import AgentJSON

extension AgentRun {
  /// Takes a place for a run that needs no thread; the row of one that is kept says that it waits no longer. Throws
  /// `RuntimeError` 429, and `StoreError`.
  func takePlace() async throws {
    try await place.take()
    try await kept?.start()
  }

  /// Begins a step that the caller may watch: whoever streams is told at once. Throws what the stream throws.
  func begin(step name: String) async throws -> OpenStep {
    let index = record.open(ExecutionStep(name: name, status: .running, duration: .zero))
    try await announceSteps()
    return OpenStep(name: name, index: index, start: .now)
  }

  /// Ends it.
  func end(_ open: OpenStep, error: String?) async throws {
    let status = error == nil ? ExecutionStep.Status.completed : .error
    try await end(open, ExecutionStep(name: open.name, status: status, duration: .now - open.start, error: error))
  }

  /// Ends it as this step.
  func end(_ open: OpenStep, _ step: ExecutionStep) async throws {
    record.replace(open.index, step)
    log(step)
    try await announceSteps()
  }

  /// Tells whoever streams of the steps so far.
  func announceSteps() async throws {
    guard let sink else { return }
    try await sink([.steps(record.steps, of: id)])
  }
}

extension ChatDelta {
  /// What is told of a run's steps while it goes on.
  static func steps(_ steps: [ExecutionStep], of runID: String) -> ChatDelta {
    ChatDelta(metadata: ["run_id": .string(runID), "execution_steps": .array(steps.map(\.json))])
  }
}

/// A step that has begun.
struct OpenStep: Sendable {
  let name: String
  let index: Int
  let start: ContinuousClock.Instant
}
