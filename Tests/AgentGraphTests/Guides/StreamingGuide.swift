import AgentGraph
import AgentJSON
import AgentTesting
import Synchronization
import Testing

/// The code of the guide "Streaming".
@Suite struct StreamingGuide {
  struct Story: GraphState {
    var topic = ""
    var text = ""

    struct Channels: Sendable {
      let topic = StateChannel.last("topic", \Story.topic)
      let text = StateChannel.last("text", \Story.text)
    }
    static let channels = Channels()
  }

  private func storyGraph() -> Graph<Story> {
    var graph = Graph<Story>("story")
    graph.node("write") { state, context in
      var text = ""
      for word in ["Once", " upon", " a", " \(state.topic)"] {
        text += word
        try await context.emitMessage(["delta": .string(word)])
      }
      try await context.emit(["progress": 1.0])
      return .write(\.text, text)
    }
    graph.start(at: "write")
    return graph
  }

  @Test("A stream tells what it is asked to tell")
  func loop() async throws {
    let stories = try storyGraph().compile(checkpointer: InMemoryCheckpointer())
    for try await event in stories.stream(
      .write(\.topic, "time"), on: "story-1", modes: [.messages, .custom, .updates])
    {
      switch event.content {
      case .message(let piece): print(event.node ?? "", piece["delta"] ?? .null)
      case .custom(let value): print("\(value)")
      case .updates(let updates, _): print(updates.map { "\($0.channel) = \($0.value)" })
      default: break
      }
    }
    let result = try await stories.snapshot(of: "story-1")
    #expect(result?.state.text == "Once upon a time")
  }

  @Test("Events may be taken by a function, which gives the result besides")
  func function() async throws {
    let stories = try storyGraph().compile()
    let text = Mutex("")
    let result = try await stories.run(.write(\.topic, "time"), modes: .messages) { event in
      if case .message(let piece) = event.content { text.withLock { $0 += piece["delta"]?.stringValue ?? "" } }
    }
    #expect(result.state.text == text.withLock { $0 })
  }

  @Test("The state after each superstep, typed")
  func values() async throws {
    let stories = try storyGraph().compile()
    var last = ""
    for try await event in stories.stream(.write(\.topic, "time"), modes: .values) {
      if case .values(let state as Story) = event.content { last = state.text }
    }
    #expect(last == "Once upon a time")
  }
}
