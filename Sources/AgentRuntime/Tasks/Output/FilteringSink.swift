import AgentJSON
import Synchronization

/// Passes on of a model's answer what `JSONStreamFilter` lets through, and keeps it.
final class FilteringSink: Sendable {
  private struct State {
    var filter: JSONStreamFilter
    var sent = ""
  }

  private let sink: DeltaSink
  private let state: Mutex<State>

  init(_ sink: @escaping DeltaSink, takesArrays: Bool) {
    self.sink = sink
    state = Mutex(State(filter: JSONStreamFilter(takesArrays: takesArrays)))
  }

  /// The text that was passed on so far.
  var sent: String { state.withLock { $0.sent } }

  func take(_ deltas: [ChatDelta]) async throws {
    let visible = deltas.compactMap { delta -> ChatDelta? in
      guard let content = delta.content else { return delta }
      var delta = delta
      let passed = state.withLock { state in
        let passed = state.filter.take(content)
        state.sent += passed
        return passed
      }
      delta.content = passed.isEmpty ? nil : passed
      return passed.isEmpty && delta.extra == nil && delta.metadata == nil ? nil : delta
    }
    if !visible.isEmpty { try await sink(visible) }
  }
}
