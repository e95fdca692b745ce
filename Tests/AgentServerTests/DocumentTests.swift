import AgentJSON
import AgentRuntime
import Testing

@testable import AgentServer

@Suite(.timeLimit(.minutes(2))) struct DocumentTests {
  @Test func describesEveryEndpointInDebug() async throws {
    try await LiveServer.with(configure: { $0.isDebug = true }) { server in
      let document = try await server.request("GET", "/openapi.json", token: nil).body
      #expect(document["openapi"] == "3.1.0")
      let paths = try #require(document["paths"]?.objectValue)
      for (path, methods) in [
        "/v1/agents": ["get", "post"], "/v1/agents/{id}": ["delete", "get", "put"],
        "/v1/agents/{id}/status": ["patch"], "/v1/agents/compose": ["post"],
        "/v1/agents/{id}/revisions": ["get"],
        "/v1/agents/{id}/sessions/{session_id}": ["delete", "get"], "/v1/chat/completions": ["post"],
        "/v1/models": ["get"], "/v1/models/{id}": ["get"], "/v1/schema": ["get"], "/v1/templates": ["get"],
        "/v1/templates/{id}": ["get"], "/v1/health": ["get"], "/metrics": ["get"], "/": ["get"], "/ping": ["get"],
        "/ready": ["get"],
      ] {
        #expect(paths[path]?.objectValue?.keys.sorted() == methods, "\(path)")
      }
      let text = try await server.request("GET", "/docs", token: nil).text
      #expect(text.contains("/v1/chat/completions"))
    }
  }

  @Test func namesOnlySchemasThatExist() async throws {
    try await LiveServer.with(configure: { $0.isDebug = true }) { server in
      let document = try await server.request("GET", "/openapi.json", token: nil).body
      let known = Set(document["components"]?["schemas"]?.objectValue?.keys ?? [])
      var used: Set<String> = []
      collectReferences(document, into: &used)
      #expect(used.subtracting(known).isEmpty)
      #expect(known.subtracting(used).isEmpty)
      for name in known {
        let schema = try #require(document["components"]?["schemas"]?[name])
        // Each is a schema on its own, but for references into the document.
        if !schema.encodedText.contains("$ref") { _ = try JSONSchema(schema) }
      }
    }
  }

  private func collectReferences(_ value: JSONValue, into used: inout Set<String>) {
    if let text = value["$ref"]?.stringValue, let name = text.split(separator: "/").last { used.insert(String(name)) }
    for (_, member) in value.objectValue ?? [:] { collectReferences(member, into: &used) }
    for element in value.arrayValue ?? [] { collectReferences(element, into: &used) }
  }
}
