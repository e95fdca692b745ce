import AgentGraph
import AgentJSON
import AgentTesting
import Testing

/// The code of the guide "Subgraphs".
@Suite struct SubgraphsGuide {
  struct Research: GraphState {
    var question = ""
    var sources = SharedList<String>()

    struct Channels: Sendable {
      let question = StateChannel.last("question", \Research.question)
      let sources = StateChannel.appended("sources", \Research.sources)
    }
    static let channels = Channels()
  }

  struct Report: GraphState {
    var topics: [String] = []
    var sections = SharedList<String>()

    struct Channels: Sendable {
      let topics = StateChannel.last("topics", \Report.topics)
      let sections = StateChannel.appended("sections", \Report.sections)
    }
    static let channels = Channels()
  }

  private func research() throws -> CompiledGraph<Research> {
    var graph = Graph<Research>("research")
    graph.node("look up") { state, context in
      if state.question == "secrets" { _ = try context.interrupt("Really?") }
      return .write(\.sources, ["a book on \(state.question)"])
    }
    graph.start(at: "look up")
    return try graph.compile()
  }

  @Test("A compiled graph is a node: what it begins with, and what becomes of its end")
  func node() async throws {
    let research = try research()
    var graph = Graph<Report>("report")
    graph.subgraph(
      "research", research,
      input: { report in .write(\.question, report.topics.first ?? "") },
      output: { research in .write(\.sections, Array(research.sources)) })
    graph.start(at: "research")
    let result = try await graph.compile().run(.write(\.topics, ["tea"]))
    #expect(Array(result.state.sections) == ["a book on tea"])
  }

  @Test("One call for each thing that is sent, and an interrupt from within")
  func sends() async throws {
    let research = try research()
    var graph = Graph<Report>("report")
    graph.subgraph(
      "research", research, takes: String.self,
      input: { topic in .write(\.question, topic) },
      output: { research in .write(\.sections, Array(research.sources)) })
    graph.start(at: ["research"]) { state in .sends(state.topics.map { Send("research", $0) }) }
    let reports = try graph.compile(checkpointer: InMemoryCheckpointer())

    let stopped = try await reports.run(.write(\.topics, ["tea", "secrets"]), on: "report-1")
    print(stopped.interrupts[0].namespace)  // research:<the task's id>
    let result = try await reports.run(.resume("yes"), on: "report-1")
    #expect(Array(result.state.sections) == ["a book on tea", "a book on secrets"])

    // A nested graph's state is asked of the nested graph.
    let inner = try await research.checkpointed(by: reports.checkpointer)
      .snapshot(of: "report-1", in: stopped.interrupts[0].namespace)
    #expect(inner?.state.question == "secrets")
  }

  @Test("A graph over the same state, and one that remembers")
  func sameStateAndOwn() async throws {
    var review = Graph<Report>("review")
    review.node("check") { state in .write(\.sections, ["checked \(state.sections.count)"]) }
    review.start(at: "check")

    var graph = Graph<Report>("report")
    graph.subgraph("review", try review.compile())
    graph.subgraph(
      "notebook", try research(), checkpointing: .own,
      input: { _ in .write(\.question, "tea") },
      output: { notebook in .write(\.sections, ["\(notebook.sources.count) so far"]) })
    graph.start(at: "review")
    graph.edge("review", to: "notebook")
    let reports = try graph.compile(checkpointer: InMemoryCheckpointer())
    _ = try await reports.run(.nothing, on: "report-2")
    let result = try await reports.run(.nothing, on: "report-2")
    #expect(Array(result.state.sections) == ["checked 0", "1 so far", "checked 2", "2 so far"])
  }

  @Test("A nested node leaves its graph")
  func parent() async throws {
    var triage = Graph<Research>("triage")
    triage.node("decide") { state in
      .parent(Command<Report>.write(\.sections, ["skipped \(state.question)"]).goto("publish"))
    }
    triage.start(at: "decide")
    var graph = Graph<Report>("report")
    graph.subgraph(
      "triage", try triage.compile(), .destinations(["publish"]),
      input: { _ in .write(\.question, "gossip") }, output: { _ in .nothing })
    graph.node("publish") { _ in .write(\.sections, ["published"]) }
    graph.start(at: "triage")
    let result = try await graph.compile().run(.nothing)
    #expect(Array(result.state.sections) == ["skipped gossip", "published"])
  }
}
