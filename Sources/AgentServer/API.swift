import AgentJSON
import AgentRuntime
import HTTPTypes
import Logging
import NIOCore
import NIOHTTPTypes

/// What every request goes through, whatever it asks for: route, token, body, answer, record.
struct API: Sendable {
  let configuration: APIServerConfiguration
  private let table: EndpointTable
  private let tokens: TokenCheck
  private let limits: CallerLimits
  private let cors: CORS
  private let ids = RequestIDs()
  private let records: RequestRecorder

  init(configuration: APIServerConfiguration, endpoints: [Endpoint], logger: Logger) {
    self.configuration = configuration
    table = EndpointTable(endpoints)
    tokens = TokenCheck(configuration.tokens)
    limits = CallerLimits(configuration)
    cors = CORS(origins: configuration.corsOrigins)
    records = RequestRecorder(endpoints: table.endpoints, logger: logger)
  }

  /// Answers one request; `client` is the address it counts for. Throws only when the connection cannot go on.
  func serve(
    _ head: HTTPRequest, _ body: inout RequestBodyReader, _ parts: inout RequestParts, _ outlet: ResponseOutlet,
    _ watch: ConnectionWatch, client: String?
  ) async throws {
    var record = RequestRecord(requestID: ids.id(for: head), method: head.method.rawValue)
    let target = Target(head.path ?? "/")
    record.path = target.path
    do {
      if let preflight = cors.preflight(head) {
        try await send(preflight, head, record, outlet)
      } else {
        try limits.admit(address: client, path: target.path, &record)
        // Before the route is looked for, so that nobody without a token learns which there are.
        if target.path.hasPrefix("/v1/") { try limits.admit(token: tokens.admit(head), &record) }
        let match = try table.match(head.method, path: target.path)
        record.endpoint = match.index
        let endpoint = table.endpoints[match.index]
        if endpoint.needsToken, !target.path.hasPrefix("/v1/") {
          try limits.admit(token: tokens.admit(head), &record)
        }
        let buffer = try await readBody(endpoint, head, &body, &parts, outlet)
        let exchange = Exchange(
          head: head, requestID: record.requestID, parameters: match.parameters, query: Query(target.query),
          body: buffer, watch: watch)
        try await perform(endpoint, exchange, &record, outlet)
      }
    } catch {
      await fail(error, head, target, &record, outlet)
    }
    records.finish(record, status: outlet.status)
  }

  private func readBody(
    _ endpoint: Endpoint, _ head: HTTPRequest, _ body: inout RequestBodyReader, _ parts: inout RequestParts,
    _ outlet: ResponseOutlet
  ) async throws -> ByteBuffer {
    guard endpoint.takesBody else { return ByteBuffer() }
    if let type = head.headerFields[.contentType], !Self.isJSON(type) {
      throw RuntimeError(
        .unsupportedMediaType, "The content type '\(type.prefix(80))' is not supported; application/json is.",
        shouldRetry: false)
    }
    return try await body.collect(head, &parts, outlet)
  }

  private static func isJSON(_ contentType: String) -> Bool {
    if contentType == "application/json" { return true }
    let type = contentType.prefix { $0 != ";" }.trimmingSpaces.lowercased()
    return type == "application/json" || (type.hasPrefix("application/") && type.hasSuffix("+json"))
  }

  private func perform(
    _ endpoint: Endpoint, _ exchange: Exchange, _ record: inout RequestRecord, _ outlet: ResponseOutlet
  ) async throws {
    switch endpoint.action {
    case .answer(let answer):
      try await send(try await answer(exchange), exchange.head, record, outlet)
    case .notedAnswer(let answer):
      let (answer, notes) = try await answer(exchange)
      record.notes = notes
      try await send(answer, exchange.head, record, outlet)
    case .stream(let stream):
      let own = StreamingAnswer(outlet: outlet, api: self, exchange: exchange)
      record.notes = try await stream(exchange, own)
      if let failure = record.notes.failure { throw failure }
    }
  }

  /// Sends a whole answer with the headers that every answer has.
  func send(_ answer: HTTPAnswer, _ head: HTTPRequest, _ record: RequestRecord, _ outlet: ResponseOutlet) async throws {
    try await send(answer, head, requestID: record.requestID, outlet)
  }

  func send(_ answer: HTTPAnswer, _ head: HTTPRequest, requestID: String, _ outlet: ResponseOutlet) async throws {
    var answer = answer
    decorate(&answer.headers, head, requestID)
    try await outlet.send(answer, withBody: head.method != .head)
  }

  func decorate(_ headers: inout HTTPFields, _ head: HTTPRequest, _ requestID: String) {
    headers[.requestID] = requestID
    cors.decorate(&headers, for: head)
  }

  private func fail(
    _ error: any Error, _ head: HTTPRequest, _ target: Target, _ record: inout RequestRecord, _ outlet: ResponseOutlet
  ) async {
    // Nobody is left to be answered, or the answer is half sent: the connection ends here.
    guard !(error is CancellationError), outlet.status == nil, !(error is any ChannelFault) else {
      outlet.mustClose = true
      record.isAbandoned = true
      return
    }
    let described = RuntimeError(describing: error)
    record.error = described
    let isOpenAI = record.endpoint.map { table.endpoints[$0].isOpenAI } ?? Self.isOpenAIPath(target.path)
    var answer = ErrorAnswer(error: described, requestID: record.requestID).answer(isOpenAI: isOpenAI)
    if described.code == .methodNotAllowed { answer.headers[.allow] = described.details?["allow"]?.stringValue }
    if let rates = record.rates ?? record.notes.rates { answer.headers.add(rates) }
    do {
      try await send(answer, head, record, outlet)
    } catch {
      outlet.mustClose = true
      record.isAbandoned = true
    }
  }

  private static func isOpenAIPath(_ path: Substring) -> Bool {
    path.hasPrefix("/v1/chat/completions") || path.hasPrefix("/v1/models")
  }

  /// The answer to what is not HTTP.
  func protocolFault() -> [HTTPResponsePart] {
    let fault = RuntimeError(.validation, "This is not a valid HTTP/1.1 request.", status: 400)
    var record = RequestRecord(requestID: ids.next(), method: "none")
    record.error = fault
    records.finish(record, status: fault.status)
    let answer = ErrorAnswer(error: fault, requestID: record.requestID).answer(isOpenAI: false)
    var head = HTTPResponse(status: answer.status, headerFields: answer.headers)
    head.headerFields[.requestID] = record.requestID
    head.headerFields[.contentLength] = String(answer.body.readableBytes)
    head.headerFields[.connection] = "close"
    return [.head(head), .body(answer.body), .end(nil)]
  }
}

/// A request's target: path and query.
struct Target {
  let path: Substring
  let query: Substring

  init(_ text: String) {
    let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = parts[0].isEmpty ? "/" : parts[0]
    query = parts.count > 1 ? parts[1] : ""
  }
}

/// Errors of the connection itself, after which nothing can be written.
protocol ChannelFault: Error {}
extension ChannelError: ChannelFault {}
extension IOError: ChannelFault {}
extension NIOAsyncWriterError: ChannelFault {}

extension Substring {
  var trimmingSpaces: Substring {
    var text = self
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }
}
