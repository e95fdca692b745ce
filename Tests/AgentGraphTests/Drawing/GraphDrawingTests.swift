import AgentGraph
import AgentJSON
import AgentTesting
import Testing

@Suite struct GraphDrawingTests {
  private func inner() throws -> CompiledGraph<Page> {
    var graph = Graph<Page>("inner")
    graph.node("read") { _ in .nothing }
    graph.start(at: "read")
    return try graph.compile()
  }

  private func graph() throws -> CompiledGraph<Ledger> {
    var graph = Graph<Ledger>("outer")
    graph.node("plan", .destinations(["work"])) { _ in .nothing }
    graph.node("work", .onError("mend")) { _ in .nothing }
    graph.node("mend") { _ in .nothing }
    graph.node("say \"#1\"") { _ in .nothing }
    graph.subgraph("page", try inner(), input: { _ in .nothing }, output: { _ in .nothing })
    graph.node("last", .deferred) { _ in .nothing }
    graph.start(at: "plan")
    graph.edge("plan", to: ["say \"#1\"", "__end__"], label: "ready?") { _ in .end }
    graph.edge("plan", to: "page")
    graph.edge(["page", "mend"], to: "last")
    return try graph.compile()
  }

  @Test("Drawing: nodes and edges of every kind")
  func parts() throws {
    let drawing = try graph().drawing
    #expect(drawing.nodes.map(\.name) == ["plan", "work", "mend", "say \"#1\"", "page", "last"])
    #expect(drawing.nodes.map(\.isDeferred) == [false, false, false, false, false, true])
    #expect(drawing.nodes[4].subgraph?.nodes.map(\.name) == ["read"])
    let edges = drawing.edges.map {
      "\($0.source) \($0.kind.rawValue) \($0.target)\($0.label.map { " (\($0))" } ?? "")"
    }
    #expect(
      edges == [
        "__start__ always plan", "plan always page", "page barrier last", "mend barrier last",
        "plan condition say \"#1\" (ready?)", "plan condition __end__ (ready?)", "plan command work",
        "work failure mend", "work always __end__", "say \"#1\" always __end__", "last always __end__",
      ])
  }

  @Test("Drawing: Mermaid")
  func mermaid() throws {
    #expect(
      try graph().drawing.mermaid == """
        flowchart TD
          first(["start"])
          last(["end"])
          n0["plan"]
          n1["work"]
          n2["mend"]
          n3["say #quot;#35;1#quot;"]
          subgraph n4 ["page"]
            n4_first(["start"])
            n4_last(["end"])
            n4_n0["read"]
            n4_first --> n4_n0
            n4_n0 --> n4_last
          end
          n5["last"]
          first --> n0
          n0 --> n4
          n4 ==> n5
          n2 ==> n5
          n0 -. "ready?" .-> n3
          n0 -. "ready?" .-> last
          n0 -. command .-> n1
          n1 -. error .-> n2
          n1 --> last
          n3 --> last
          n5 --> last

        """)
  }

  @Test("Drawing: JSON")
  func json() throws {
    let json = try graph().drawing.json
    let expected = try JSONValue(
      parsing: """
        {"name": "outer",
         "nodes": [{"name": "plan"}, {"name": "work"}, {"name": "mend"}, {"name": "say \\"#1\\""},
          {"name": "page", "graph": {"name": "inner", "nodes": [{"name": "read"}], "edges": [
            {"source": "__start__", "target": "read", "kind": "always"},
            {"source": "read", "target": "__end__", "kind": "always"}]}},
          {"name": "last", "deferred": true}],
         "edges": [
          {"source": "__start__", "target": "plan", "kind": "always"},
          {"source": "plan", "target": "page", "kind": "always"},
          {"source": "page", "target": "last", "kind": "barrier"},
          {"source": "mend", "target": "last", "kind": "barrier"},
          {"source": "plan", "target": "say \\"#1\\"", "kind": "condition", "label": "ready?"},
          {"source": "plan", "target": "__end__", "kind": "condition", "label": "ready?"},
          {"source": "plan", "target": "work", "kind": "command"},
          {"source": "work", "target": "mend", "kind": "failure"},
          {"source": "work", "target": "__end__", "kind": "always"},
          {"source": "say \\"#1\\"", "target": "__end__", "kind": "always"},
          {"source": "last", "target": "__end__", "kind": "always"}]}
        """)
    #expect(json == expected)
  }

  @Test("Drawing: a conditional start is drawn, and a label may hold anything")
  func conditionalStart() throws {
    var graph = Graph<Ledger>()
    graph.node("a\nb") { _ in .nothing }
    graph.start(at: ["a\nb"], label: "\"x\"\n#") { _ in .end }
    let mermaid = try graph.compile().drawing.mermaid
    #expect(mermaid.contains("  first -. \"#quot;x#quot; #35;\" .-> n0\n"))
    #expect(mermaid.contains("n0[\"a b\"]"))
  }
}
