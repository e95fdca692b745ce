import AgentGraph
import AgentJSON
import Synchronization

/// A model that calls a tool again and again, with long arguments and longer results.
struct ReactTask: BenchTask {
  let turns: Int
  let script: [ChatMessage]

  init(turns: Int) {
    self.turns = turns
    let calls = (0..<turns).map { turn in
      ChatMessage(
        id: "ai-\(turn)", kind: .ai, text: "",
        toolCalls: [
          ToolCall(id: "call-\(turn)", name: "lookup", arguments: ["query": .string(Inputs.query(turn))])
        ])
    }
    let last = ChatMessage(id: "ai-\(turns)", kind: .ai, text: String(repeating: "answer", count: 100))
    script = calls + [last]
  }

  var supersteps: Int { 2 * turns + 1 }
  var events: Int { 2 * turns + 1 }
  var given: Command<ChatState> {
    .write(\.messages, [.put(ChatMessage(id: "human-0", kind: .human, text: "hi?"))])
  }

  func compile(_ checkpointer: (any Checkpointer)?) throws -> CompiledGraph<ChatState> {
    let model = ScriptedModel(script)
    var graph = Graph<ChatState>("react")
    graph.node("agent") { state in .write(\.messages, [.put(await model.answer(state.messages))]) }
    graph.node("tools", input: ToolCall.self) { call, _ in
      let result = await Self.lookup(call.query)
      return .write(
        \.messages, [.put(ChatMessage(id: "tool-\(call.id)", kind: .tool, text: result, answers: call.id))])
    }
    graph.start(at: "agent")
    graph.edge("agent", to: ["tools"]) { state in
      .sends((state.messages.last?.toolCalls ?? []).map { Send("tools", $0) })
    }
    graph.edge("tools", to: "agent")
    return try graph.compile(checkpointer: checkpointer)
  }

  private static func lookup(_ query: String) async -> String { Inputs.toolResult(query) }

  func lines(_ state: ChatState) -> [String] {
    state.messages.flatMap { message in
      [message.kind.rawValue, message.text] + message.toolCalls.map(\.query)
    }
  }
}

/// Gives its answers in turn.
private final class ScriptedModel: Sendable {
  private let answers: [ChatMessage]
  private let given = Mutex(0)

  init(_ answers: [ChatMessage]) { self.answers = answers }

  /// The next answer, whatever the messages are.
  func answer(_ messages: MessageList<ChatMessage>) async -> ChatMessage {
    let place = given.withLock { given in
      defer { given += 1 }
      return given
    }
    return answers[place]
  }
}
