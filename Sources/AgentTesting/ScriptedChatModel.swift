public import AgentRuntime
import Synchronization

/// A chat model that answers what a test told it to, and keeps what it was asked.
public final class ScriptedChatModel: ChatModel {
  /// One call as the model got it.
  public struct Call: Sendable {
    /// What was asked.
    public var request: ChatRequest
    /// Whether the answer was to be streamed.
    public var isStreamed: Bool
  }

  private struct State {
    var calls: [Call] = []
    var problem: ModelError?
  }

  private let state = Mutex(State())
  private let answer: @Sendable (Call, Int) -> ScriptedAnswer

  /// Answers call by call, the first being number 0.
  public init(answering answer: @escaping @Sendable (_ call: Call, _ number: Int) -> ScriptedAnswer) {
    self.answer = answer
  }

  /// Gives these answers, one a call; calls beyond them fail as `model_unavailable`.
  public convenience init(_ answers: ScriptedAnswer...) {
    self.init { _, number in
      guard answers.indices.contains(number) else {
        return .failing(ModelError(.unavailable, "The script has \(answers.count) answers, and this is one more call."))
      }
      return answers[number]
    }
  }

  /// All calls so far, in order.
  public var calls: [Call] { state.withLock { $0.calls } }

  /// What all calls so far asked, in order.
  public var requests: [ChatRequest] { calls.map(\.request) }

  /// What `probe` throws; nil while the model is well.
  public func setProblem(_ problem: ModelError?) { state.withLock { $0.problem = problem } }

  /// The answer at once, after its gates. Throws what the script says, and `CancellationError`.
  public func complete(_ request: ChatRequest) async throws -> ChatCompletion {
    let answer = begin(Call(request: request, isStreamed: false))
    for event in answer.events { try await event.happen { _ in } }
    return answer.completion
  }

  /// The answer event by event, each as soon as its gate is open. Throws as `complete` does, and what the sink throws.
  public func stream(
    _ request: ChatRequest, onDeltas: ([ChatDelta]) async throws -> Void
  ) async throws -> ChatCompletion {
    let answer = begin(Call(request: request, isStreamed: true))
    for event in answer.events { try await event.happen(onDeltas) }
    return answer.completion
  }

  /// Throws the problem that was set.
  public func probe() async throws {
    if let problem = state.withLock({ $0.problem }) { throw problem }
  }

  private func begin(_ call: Call) -> ScriptedAnswer {
    let number = state.withLock { state in
      state.calls.append(call)
      return state.calls.count - 1
    }
    return answer(call, number)
  }
}
