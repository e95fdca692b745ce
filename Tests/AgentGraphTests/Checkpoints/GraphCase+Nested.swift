import AgentGraph
import AgentJSON

extension GraphCase {
  /// Two words with a question between them.
  static func page(_ name: String = "page") -> Graph<Page> {
    var page = Graph<Page>(name)
    page.node("ask") { _, context in .write(\.words, [try context.interrupt("word?").stringValue ?? ""]) }
    page.node("count") { state in .write(\.count, state.words.count) }
    page.start(at: "ask")
    page.edge("ask", to: "count")
    return page
  }

  @Sendable static func nested() throws -> Graph<Ledger> {
    var graph = Graph<Ledger>()
    graph.subgraph(
      "page", try page().compile(), input: { _ in .nothing },
      output: { page in .entry("\(page.words.joined(separator: " ")),\(page.count)") })
    graph.start(at: "page")
    return graph
  }

  @Sendable static func own() throws -> Graph<Ledger> {
    var page = Graph<Page>("counter")
    page.node("count") { _ in .write(\.count, 1) }
    page.start(at: "count")
    var graph = Graph<Ledger>()
    graph.subgraph(
      "page", try page.compile(), checkpointing: .own, input: { _ in .nothing },
      output: { page in .entry("\(page.count)").write(\.total, 1) })
    graph.start(at: "page")
    graph.edge("page", to: ["page"]) { $0.total < 3 ? "page" : .end }
    return graph
  }

  @Sendable static func sameState() throws -> Graph<Ledger> {
    var graph = Graph<Ledger>("outer")
    graph.subgraph("inner", try chain("x", "y", as: "inner").compile())
    graph.node("end") { _ in .entry("end") }
    graph.start(at: "inner")
    graph.edge("inner", to: "end")
    return graph
  }

  @Sendable static func nestedFailing() throws -> Graph<Ledger> {
    let visits = Visits()
    var page = Graph<Page>("page")
    page.node("word") { _ in .write(\.words, ["w"]) }
    page.node("fail") { _ in
      if visits.number("fail") < 2 { throw Mishap() }
      return .write(\.words, ["w2"])
    }
    page.start(at: "word")
    page.edge("word", to: "fail")
    var graph = Graph<Ledger>()
    graph.subgraph(
      "page", try page.compile(), input: { _ in .nothing }, output: { .entry($0.words.joined(separator: ",")) })
    graph.start(at: "page")
    return graph
  }

  @Sendable static func parentCommand() throws -> Graph<Ledger> {
    var page = Graph<Page>("page")
    page.node("up") { _ in .parent(Command<Ledger>.entry("from below").goto("b")) }
    page.start(at: "up")
    var graph = Graph<Ledger>()
    graph.subgraph(
      "page", try page.compile(), .destinations(["b"]), input: { _ in .nothing }, output: { _ in .entry("never") })
    graph.node("b") { _ in .entry("b") }
    graph.start(at: "page")
    return graph
  }
}
