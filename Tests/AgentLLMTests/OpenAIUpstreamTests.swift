import AgentJSON
import AgentRuntime
import NIOCore
import NIOHTTP1
import Testing

@testable import AgentHTTP
@testable import AgentLLM

@Suite(.timeLimit(.minutes(2))) struct OpenAIUpstreamTests {
  @Test(arguments: [
    ("http://localhost:8080", "http://localhost:8080/v1"),
    ("http://localhost:8080/", "http://localhost:8080/v1"),
    ("http://localhost:8080/v1", "http://localhost:8080/v1"),
    ("http://localhost:8080/v1//", "http://localhost:8080/v1"),
    ("HTTPS://proxy.example/llm", "HTTPS://proxy.example/llm/v1"),
    ("https://proxy.example/openai/v1", "https://proxy.example/openai/v1"),
    ("https://proxy.example/v1beta/openai", "https://proxy.example/v1beta/openai"),
    ("http://[::1]:9/vision", "http://[::1]:9/vision/v1"),
  ])
  func baseURL(_ given: String, _ expected: String) throws {
    #expect(try OpenAIUpstream(name: "x", baseURL: given).baseURL == expected)
  }

  @Test(arguments: [
    "", "localhost:8080", "ftp://host/", "http:/host", "http:host", "http://", "http:///v1", "http://:80/v1",
    "http://ho st/", "http://host/?a=b", "http://host/v1#x", "http://höst/", "http://host/\nX: y", "unix:///run/x",
  ])
  func refusedURL(_ url: String) throws {
    let error = #expect(throws: ModelError.self) { try OpenAIUpstream(name: "x", baseURL: url) }
    #expect(error?.kind == .misconfigured)
    #expect(error?.message.contains("\"\(url)\"") == true)
    #expect(error?.message.contains("allowed is http(s)://host") == true)
  }

  @Test func secretsAreNotPrinted() throws {
    let error = #expect(throws: ModelError.self) { try OpenAIUpstream(name: "x", baseURL: "http://me:pass@host/") }
    #expect(error?.message.contains("pass@") == false)
    for key in ["", "a b", "a\n", "clé"] {
      let error = #expect(throws: ModelError.self) {
        try OpenAIUpstream(name: "x", baseURL: "http://h", apiKey: Secret(key))
      }
      #expect(key.isEmpty || error?.message.contains("\"\(key)\"") == false)
    }
    let upstream = try OpenAIUpstream(name: "x", baseURL: "http://h", apiKey: Secret("sk-very-secret"))
    var dumped = ""
    dump(upstream, to: &dumped)
    #expect(!(dumped + String(reflecting: upstream) + "\(upstream)").contains("sk-very-secret"))
    #expect(upstream.apiKey?.revealed == "sk-very-secret")
  }

  @Test(arguments: [
    (400, ModelError.Kind.rejected, false), (413, .rejected, false), (422, .rejected, false),
    (401, .misconfigured, false), (403, .misconfigured, false), (404, .misconfigured, false),
    (405, .misconfigured, false), (418, .misconfigured, false), (301, .misconfigured, false),
    (408, .unavailable, true), (409, .unavailable, true), (500, .unavailable, true), (502, .unavailable, true),
    (503, .unavailable, true), (529, .unavailable, true), (429, .rateLimited, true),
  ])
  func status(_ status: Int, _ kind: ModelError.Kind, _ isRetryable: Bool) throws {
    let upstream = try OpenAIUpstream(name: "llm_proxy", baseURL: "http://h")
    let head = AnswerHead(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status)))
    let error = upstream.error(head, body: ByteBuffer(string: "{\"error\":{\"message\":\"why\"}}"), unixNow: 0)
    #expect(error.kind == kind)
    #expect(error.status == status)
    #expect(error.isRetryable == isRetryable)
    #expect(error.message == "llm_proxy answered HTTP \(status): why")
  }

  @Test(arguments: [
    ("{\"error\":{\"message\":\"why\",\"code\":1}}", "why"), ("{\"error\":\"why\"}", "why"),
    ("{\"detail\":\"why\"}", "why"),
    ("{\"message\":\"why\"}", "why"), ("plain why", "plain why"), ("{\"error\":{\"x\":1}}", "{\"x\":1}"),
    ("{\"error\":{\"message\":\"bad key sk-1\"}}", "bad key ***"), ("{\"detail\":[1]}", "{\"detail\":[1]}"),
  ])
  func upstreamText(_ body: String, _ text: String) throws {
    let upstream = try OpenAIUpstream(name: "m", baseURL: "http://h", apiKey: Secret("sk-1"))
    let head = AnswerHead(HTTPResponseHead(version: .http1_1, status: .badRequest))
    #expect(upstream.error(head, body: ByteBuffer(string: body), unixNow: 0).message == "m answered HTTP 400: \(text)")
  }

  @Test func upstreamTextIsCut() throws {
    let upstream = try OpenAIUpstream(name: "m", baseURL: "http://h")
    let head = AnswerHead(HTTPResponseHead(version: .http1_1, status: .badRequest))
    let long = String(repeating: "e\u{301}", count: 100_000)
    let message = upstream.error(head, body: ByteBuffer(string: long), unixNow: 0).message
    #expect(message.unicodeScalars.count < 1100)
    #expect(message.hasSuffix("…"))
    #expect(upstream.error(head, body: ByteBuffer(), unixNow: 0).message == "m answered HTTP 400")
    #expect(upstream.error(head, body: ByteBuffer(bytes: [0xFF, 0xFE]), unixNow: 0).kind == .rejected)
  }

  @Test(
    arguments: [
      (nil, "7", Duration.seconds(7)), (nil, "0", .zero), (nil, "1.5", .milliseconds(1500)),
      ("250", "7", .milliseconds(250)),
      ("x", "7", .seconds(7)), (nil, "Sun, 06 Nov 1994 08:49:37 GMT", .seconds(60)),
      (nil, "Sun, 06 Nov 1994 08:48:36 GMT", .zero), (nil, nil, nil), (nil, "-1", nil), (nil, "soon", nil),
      (nil, "1e300", nil), (nil, "nan", nil), (nil, "inf", nil), (nil, "Sun, 06 Nov 2994 08:49:37 GMT", nil),
      (nil, "Sunday, 06-Nov-94 08:49:37 GMT", nil), (nil, "Sun, 32 Nov 1994 08:49:37 GMT", nil), ("-1", nil, nil),
    ] as [(String?, String?, Duration?)])
  func retryAfter(_ milliseconds: String?, _ value: String?, _ expected: Duration?) {
    #expect(RetryAfter.parse(milliseconds: milliseconds, value: value, unixNow: 784_111_717) == expected)
  }

  @Test(arguments: [
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
    ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200), ("Thu, 31 Dec 2099 23:59:59 GMT", 4_102_444_799),
  ])
  func httpDate(_ text: String, _ seconds: Int) { #expect(RetryAfter.unixSeconds(httpDate: text) == seconds) }
}
