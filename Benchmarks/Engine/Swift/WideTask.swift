import AgentGraph
import AgentJSON
import Synchronization

/// Many channels, with lists that double in every round.
struct WideTask: BenchTask {
  let length: Int
  let rounds: Int
  let message: JSONValue
  let texts: [String]

  init(keys: Int, length: Int, rounds: Int) {
    self.length = length
    self.rounds = rounds
    message = Inputs.wideMessage(keys)
    texts = (0..<3 * rounds).map { Inputs.wideText($0, length) }
  }

  var supersteps: Int { 5 * rounds }
  var events: Int { 6 * rounds }
  var given: Command<WideState> { .write(\.messages, [message]) }

  func compile(_ checkpointer: (any Checkpointer)?) throws -> CompiledGraph<WideState> {
    var graph = Graph<WideState>("wide")
    Self.addNodes(to: &graph, TextTable(texts))
    graph.start(at: "one")
    graph.edge("one", to: "two")
    graph.edge("two", to: "three")
    graph.edge("two", to: "four")
    graph.edge(["three", "four"], to: "five")
    graph.edge("five", to: "six")
    graph.edge("six", to: ["one"]) { [length] state in state.messages.count > length ? .end : "one" }
    return try graph.compile(checkpointer: checkpointer)
  }

  private static func addNodes(to graph: inout Graph<WideState>, _ texts: TextTable) {
    graph.node("one") { state in
      .write(\.triggerEvents, Array(state.messages)).write(\.primaryIssueMedium, texts.next())
    }
    graph.node("two") { state in
      let one = state.triggerEvents.last
      return .write(\.autoresponse, one).write(\.issue, one)
    }
    graph.node("three") { state in .write(\.relevantRules, state.autoresponse.map { [$0] }) }
    graph.node("four") { state in
      let items = Array(state.triggerEvents)
      return .write(\.categorizations, items).write(\.responses, items).write(\.memoryDocs, state.triggerEvents)
    }
    graph.node("five") { state in
      let one = state.categorizations.last
      let object = one?.objectValue ?? [:]
      return .write(\.userInfo, one).write(\.crmInfo, one).write(\.emailThreadID, texts.next())
        .write(\.slackParticipants, object).write(\.botID, texts.next()).write(\.notifiedAssignees, object)
    }
    graph.node("six") { state in .write(\.messages, Array(state.responses)) }
  }

  func lines(_ state: WideState) -> [String] {
    func items(_ list: SharedList<JSONValue>?) -> String {
      guard let list else { return "None" }
      return list.allSatisfy { $0 == message } ? "\(list.count)" : "other items"
    }
    func one(_ value: JSONValue?) -> String { value == message ? "the message" : "other" }
    return [
      "autoresponse=" + one(state.autoresponse), "bot_id=" + (state.botID ?? "None"),
      "categorizations=" + items(state.categorizations), "crm_info=" + one(state.crmInfo),
      "email_thread_id=" + (state.emailThreadID ?? "None"), "issue=" + one(state.issue),
      "memory_docs=" + items(state.memoryDocs), "messages=" + items(state.messages),
      "notified_assignees=" + one(.object(state.notifiedAssignees)),
      "primary_issue_medium=" + state.primaryIssueMedium, "relevant_rules=" + items(state.relevantRules),
      "responses=" + items(state.responses), "slack_participants=" + one(.object(state.slackParticipants)),
      "trigger_events=" + items(state.triggerEvents), "user_info=" + one(state.userInfo),
    ]
  }
}

/// Gives texts in turn; they are made before the clock runs.
private final class TextTable: Sendable {
  private let texts: [String]
  private let given = Mutex(0)

  init(_ texts: [String]) { self.texts = texts }

  func next() -> String {
    let place = given.withLock { given in
      defer { given += 1 }
      return given
    }
    return texts[place]
  }
}
