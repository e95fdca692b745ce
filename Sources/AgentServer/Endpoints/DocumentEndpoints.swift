import AgentJSON
import HTTPTypes

/// `/docs` and `/openapi.json`, where DEBUG is on.
struct DocumentEndpoints: Sendable {
  private let document: [UInt8]
  private let page: [UInt8]

  init(documented: [Endpoint], version: String) {
    document = OpenAPIDocument(endpoints: documented, version: version).json.encoded(pretty: true)
    page = Array(DocumentPage(endpoints: documented, version: version).html.utf8)
  }

  var endpoints: [Endpoint] {
    [
      Endpoint(
        method: .get, path: "/openapi.json", summary: "This API as an OpenAPI 3.1 document", needsToken: false,
        action: .answer { [document] _ in .json(document) }),
      Endpoint(
        method: .get, path: "/docs", summary: "This API for people", needsToken: false,
        action: .answer { [page] _ in .text(page, type: "text/html; charset=utf-8") }),
    ]
  }
}
