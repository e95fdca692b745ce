import AgentJSON
import AgentRuntime
import HTTPTypes
import NIOCore

/// One operation of the API: how it is called, what it says of itself in `/openapi.json`, and what it does.
struct Endpoint: Sendable {
  enum Action: Sendable {
    /// Answers as a whole.
    case answer(@Sendable (Exchange) async throws -> HTTPAnswer)
    /// The same with what its record says.
    case notedAnswer(@Sendable (Exchange) async throws -> (answer: HTTPAnswer, notes: RequestNotes))
    /// Writes its answer by itself, and returns what its record says.
    case stream(@Sendable (Exchange, StreamingAnswer) async throws -> RequestNotes)
  }

  let method: HTTPRequest.Method
  /// `/v1/agents/{id}`
  let path: String
  let summary: String
  /// Whether the caller must show a token.
  var needsToken = true
  /// Whether errors have OpenAI's shape.
  var isOpenAI = false
  var takesBody = false
  /// What the OpenAPI document says besides; see `OpenAPIDocument`.
  var schema = EndpointSchema()
  let action: Action

  var segments: [Substring] { path.split(separator: "/") }
}

/// What `/openapi.json` says of an operation besides its path and summary.
struct EndpointSchema: Sendable {
  /// Names a component schema.
  var request: String?
  /// Names a component schema; nil is any JSON.
  var response: String?
  var status = 200
  var query: [String] = []
  var headers: [String] = []
}

/// A request on its way: what an endpoint gets.
struct Exchange: Sendable {
  let head: HTTPRequest
  let requestID: String
  /// The values of the path's `{…}`, decoded.
  let parameters: [String: String]
  let query: Query
  let body: ByteBuffer
  let watch: ConnectionWatch

  /// A value of the path. The route's own pattern names it.
  func parameter(_ name: String) -> String { parameters[name] ?? "" }

  /// The body as an object. Throws `RuntimeError` 422 with the place of the fault.
  func object() throws -> JSONObject {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: body.readableBytesSpan)
    } catch {
      let place = body.readableBytes == 0 ? "is empty" : "\(error.message) (byte \(error.offset))"
      throw RuntimeError.invalid([
        Fault(path: [.key("body")], message: "not valid JSON: \(place)", type: "json_invalid")
      ])
    }
    guard let object = value.objectValue else {
      throw RuntimeError.invalid([
        Fault(path: [.key("body")], message: "a JSON object is expected, not \(value.typeName)", type: "wrong_type")
      ])
    }
    return object
  }
}

/// What a request's log line and metrics say besides what every one has.
struct RequestNotes: Sendable {
  var agentID: String?
  var runID: String?
  var usage: TokenUsage?
  /// Why there is no answer; the caller is told as of an error that is thrown.
  var failure: (any Error)?
  /// The error that ended an answer whose status had been sent already.
  var lateError: RuntimeError?
  /// What is left of the agent's rates; for a request that they refused.
  var rates: RateLimitStatus?
}
