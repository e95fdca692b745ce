import AgentGraph

/// Counts words of documents: one task for each document, all in one superstep, folded together by a reducer.
struct WordCount: GraphState {
  var documents: [String] = []
  var counts: [String: Int] = [:]
  var report = ""

  struct Channels: Sendable {
    let documents = StateChannel.last("documents", \WordCount.documents)
    let counts = StateChannel.reduced("counts", \WordCount.counts) { (counts, more: [String: Int]) in
      counts.merge(more, uniquingKeysWith: +)
    }
    let report = StateChannel.last("report", \WordCount.report)
  }
  static let channels = Channels()
}

var graph = Graph<WordCount>()

// Map: what is sent to a node is its input, and has its type.
graph.node("count", input: String.self) { document, _ in
  let words = document.split { !$0.isLetter }.map { ($0.lowercased(), 1) }
  return .write(\.counts, Dictionary(words, uniquingKeysWith: +))
}
graph.start(at: ["count"]) { state in .sends(state.documents.map { Send("count", $0) }) }

// Reduce: the edge fires once, when all tasks of the superstep are done.
graph.node("rank") { state in
  let ranked = state.counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
  return .write(\.report, ranked.prefix(3).map { "\($0.key) \($0.value)" }.joined(separator: ", "))
}
graph.edge("count", to: "rank")

let documents = ["The cat sat.", "The dog saw the cat.", "A cat is a cat."]
let result = try await graph.compile().run(.write(\.documents, documents))
print("\(documents.count) documents, \(result.supersteps) supersteps: \(result.state.report)")
