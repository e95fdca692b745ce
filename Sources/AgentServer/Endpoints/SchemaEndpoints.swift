import AgentJSON
import AgentRuntime
import HTTPTypes

/// Contract §3.
struct SchemaEndpoints: Sendable {
  private let parts: ServerParts
  // Nothing of it changes while the process runs, but for whether code can be run.
  private let withCode: Document
  private let withoutCode: Document

  init(parts: ServerParts) {
    self.parts = parts
    withCode = Document(parts, canRunCode: true)
    withoutCode = Document(parts, canRunCode: false)
  }

  var endpoints: [Endpoint] {
    [
      Endpoint(
        method: .get, path: "/v1/schema", summary: "Which templates there are, and what can be set",
        schema: EndpointSchema(response: "Schema", headers: ["X-Schema-Version", "If-None-Match"]),
        action: .answer(schema)),
      Endpoint(
        method: .get, path: "/v1/templates", summary: "List templates",
        schema: EndpointSchema(response: "TemplateList"), action: .answer(list)),
      Endpoint(
        method: .get, path: "/v1/templates/{id}", summary: "Read a template",
        schema: EndpointSchema(response: "Template", query: ["version"]), action: .answer(read)),
    ]
  }

  @Sendable private func schema(_ exchange: Exchange) async throws -> HTTPAnswer {
    if let text = exchange.head.headerFields[.schemaVersion] { try check(text) }
    parts.health.noteSync()
    let document = parts.executor.canRunCode ? withCode : withoutCode
    let (body, etag) = (document.body, document.etag)
    let headers: HTTPFields = [.eTag: etag, .cacheControl: "no-cache"]
    let known = exchange.head.headerFields[.ifNoneMatch].map { header in
      header.split(separator: ",").map(\.trimmingSpaces)
    }
    if let known, known.contains("*") || known.contains(where: { $0 == etag || $0 == "W/\(etag)" }) {
      return HTTPAnswer(status: .notModified, headers: headers)
    }
    return .json(body, headers: headers)
  }

  private func check(_ text: String) throws {
    guard let client = SemanticVersion(text) else {
      let fault = Fault(
        path: [.key("header"), .key("X-Schema-Version")],
        message: "'\(text.prefix(80))' is not a semantic version such as 1.2.0", type: "invalid")
      throw RuntimeError(.validation, "\(fault.pathText): \(fault.message)", status: 400, faults: [fault])
    }
    guard let breaking = parts.schema.incompatibility(with: client) else { return }
    let current = parts.schema.current.version
    throw RuntimeError(
      .versionMismatch, "Schema version \(client) cannot be used with this runtime's \(current).",
      details: [
        "current_version": .string(current.description), "required_version": .string(text),
        "breaking_changes": .array(breaking.map { .string($0) }),
      ], shouldRetry: false)
  }

  @Sendable private func list(_ exchange: Exchange) async throws -> HTTPAnswer {
    .json(["templates": .array(parts.catalog.templates.newest.map { .object($0.json) })])
  }

  @Sendable private func read(_ exchange: Exchange) async throws -> HTTPAnswer {
    let (id, version) = (exchange.parameter("id"), exchange.query["version"])
    try exchange.query.check()
    guard let template = parts.catalog.templates.version(version, of: id) else {
      let known = parts.catalog.templates.versionNames(of: id)
      let hint =
        known.isEmpty
        ? "There are: \(parts.catalog.templates.ids.joined(separator: ", "))."
        : "Its versions are: \(known.joined(separator: ", "))."
      throw RuntimeError(
        .notFound, "No template '\(id.prefix(128))'\(version.map { " \($0.prefix(80))" } ?? ""). \(hint)")
    }
    return .json(.object(template.json))
  }
}

/// What `GET /v1/schema` answers.
private struct Document: Sendable {
  let body: [UInt8]
  let etag: String

  init(_ parts: ServerParts, canRunCode: Bool) {
    let current = parts.schema.current
    let json: JSONValue = [
      "version": .string(current.version.description), "lastUpdated": .string(current.date),
      "supportedAgentTemplates": .array(parts.catalog.templates.newest.map { .object($0.json) }),
      "capabilities": ["streaming": true, "toolCalling": true, "multimodal": true, "codeExecution": .bool(canRunCode)],
      "limits": [
        "maxConcurrentAgents": .integer(parts.limits.concurrentRunsMax),
        "maxMessageLength": .integer(parts.limits.messageLengthMax),
        "maxConversationHistory": .integer(parts.limits.conversationHistoryMax),
      ],
    ]
    body = json.encoded()
    etag = "\"\(Self.digest(body))\""
  }

  /// FNV-1a of 64 bits, twice from different starts: tells versions apart, and need not resist an attack.
  private static func digest(_ bytes: [UInt8]) -> String {
    func hash(_ start: UInt64) -> String {
      let value = bytes.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
      let text = String(value, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    return hash(0xcbf2_9ce4_8422_2325) + hash(0x8422_2325_cbf2_9ce4)
  }
}
