import AgentGraph
import AgentJSON
import AgentTesting
import Testing

/// The code of the guide "Interrupts".
@Suite struct InterruptsGuide {
  struct Mail: GraphState {
    var draft = ""
    var isApproved = false
    var isSent = false

    struct Channels: Sendable {
      let draft = StateChannel.last("draft", \Mail.draft)
      let isApproved = StateChannel.last("is_approved", \Mail.isApproved)
      let isSent = StateChannel.last("is_sent", \Mail.isSent)
    }
    static let channels = Channels()
  }

  private func mailGraph() -> Graph<Mail> {
    var graph = Graph<Mail>("mail")
    graph.node("approve") { state, context in
      let answer = try context.interrupt(
        ["question": "Send this?", "draft": .string(state.draft)], schema: ["type": "boolean"])
      return .write(\.isApproved, answer.boolValue ?? false)
    }
    graph.node("send") { _ in .write(\.isSent, true) }
    graph.start(at: "approve")
    graph.edge("approve", to: ["send"]) { $0.isApproved ? "send" : .end }
    return graph
  }

  @Test("Asking, answering, and an answer that does not fit")
  func asking() async throws {
    let mails = try mailGraph().compile(checkpointer: InMemoryCheckpointer())
    let stopped = try await mails.run(.write(\.draft, "Dear Ada …"), on: "mail-1")
    for interrupt in stopped.interrupts {
      print(interrupt.node, interrupt.value, interrupt.schema ?? .null)
    }

    do {
      _ = try await mails.run(.resume("perhaps"), on: "mail-1")
    } catch let error as GraphError where error.code == .invalidAnswer {
      print(error.message)  // names what is wrong; nothing was saved, and the question is still open
    }

    let result = try await mails.run(.resume(true), on: "mail-1")
    #expect(stopped.interrupts.count == 1 && result.state.isSent)
  }

  @Test("A resume may bring writes")
  func writes() async throws {
    let mails = try mailGraph().compile(checkpointer: InMemoryCheckpointer())
    _ = try await mails.run(.write(\.draft, "Dear Ada …"), on: "mail-2")
    let result = try await mails.run(.resume(true).write(\.draft, "Dear Grace …"), on: "mail-2")
    #expect(result.state.draft == "Dear Grace …")
  }

  struct Poll: GraphState {
    var votes = SharedList<String>()
    struct Channels: Sendable { let votes = StateChannel.appended("votes", \Poll.votes) }
    static let channels = Channels()
  }

  @Test("Several questions at once are answered by their ids, in any order")
  func several() async throws {
    var graph = Graph<Poll>("poll")
    graph.node("ask", input: String.self) { name, context in
      let vote = try context.interrupt(.string("\(name), yes or no?"))
      return .write(\.votes, ["\(name): \(vote.stringValue ?? "?")"])
    }
    graph.start(at: ["ask"]) { _ in .sends(["Ada", "Grace"].map { Send("ask", $0) }) }
    let polls = try graph.compile(checkpointer: InMemoryCheckpointer())

    let open = try await polls.run(.nothing, on: "poll-1").interrupts
    let first = try await polls.run(.resume("yes", to: open[1].id), on: "poll-1")
    print(first.interrupts.count)  // 1: Ada's is still open
    let result = try await polls.run(.resume("no"), on: "poll-1")
    print(Array(result.state.votes))  // ["Ada: no", "Grace: yes"]
    #expect(first.interrupts.count == 1 && Array(result.state.votes) == ["Ada: no", "Grace: yes"])
  }

  @Test("Stops before and after nodes")
  func points() async throws {
    let keeper = InMemoryCheckpointer()
    let careful = try mailGraph().compile(checkpointer: keeper, interruptBefore: .nodes(["send"]))
    _ = try await careful.run(.write(\.draft, "Dear Ada …"), on: "mail-3")
    let stopped = try await careful.run(.resume(true), on: "mail-3")
    print(stopped.interrupts.map(\.kind))  // [before]
    // Look at it, change it if need be, and go on:
    try await careful.updateState(of: "mail-3", .write(\.draft, "Dear Grace …"), asNode: "approve")
    let result = try await careful.run(on: "mail-3")
    #expect(stopped.interrupts.map(\.kind) == [.before])
    #expect(result.state.isSent && result.state.draft == "Dear Grace …")

    // For one run, whatever the graph was compiled with:
    var options = RunOptions()
    options.interruptBefore = .nowhere
    options.interruptAfter = .all
    let after = try await careful.run(.write(\.draft, "Dear Ada …"), on: "mail-4", options: options)
    #expect(after.interrupts.map(\.kind) == [.question])
  }
}
