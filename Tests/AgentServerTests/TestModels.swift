import AgentRuntime
import Synchronization

/// Closed until it is opened; waiting for it can be cancelled.
final class Gate: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func open() { continuation.finish() }

  func wait() async { for await _ in stream {} }
}

/// Sends `first`, waits for the gate, sends `second`.
final class GatedModel: ChatModel {
  let gate: Gate
  let started = Gate()
  let ended = Gate()
  private let cancelled = Atomic(false)

  var wasCancelled: Bool { cancelled.load(ordering: .relaxed) }

  init(gate: Gate) { self.gate = gate }

  private func pass() async throws {
    started.open()
    defer { ended.open() }
    await gate.wait()
    if Task.isCancelled { cancelled.store(true, ordering: .relaxed) }
    try Task.checkCancellation()
  }

  func complete(_ request: ChatRequest) async throws -> ChatCompletion {
    try await pass()
    return ChatCompletion(message: Message(.assistant, "first second"), finishReason: "stop", usage: nil)
  }

  func stream(_ request: ChatRequest, onDeltas: ([ChatDelta]) async throws -> Void) async throws -> ChatCompletion {
    try await onDeltas([ChatDelta(content: "first")])
    try await pass()
    try await onDeltas([ChatDelta(content: "second")])
    return ChatCompletion(message: Message(.assistant, "first second"), finishReason: "stop", usage: nil)
  }

  func probe() async throws {}
}

/// Fails after so many tokens.
struct FailingModel: ChatModel {
  let afterTokens: Int

  func complete(_ request: ChatRequest) async throws -> ChatCompletion {
    throw ModelError(.unavailable, "the model is out", isRetryable: true)
  }

  func stream(_ request: ChatRequest, onDeltas: ([ChatDelta]) async throws -> Void) async throws -> ChatCompletion {
    for number in 0..<afterTokens { try await onDeltas([ChatDelta(content: "\(number)")]) }
    return try await complete(request)
  }

  func probe() async throws {}
}
