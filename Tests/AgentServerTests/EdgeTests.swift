import AgentJSON
import Foundation
import Testing

@testable import AgentServer

@Suite(.timeLimit(.minutes(2))) struct EdgeTests {
  @Test(arguments: [
    ("GET", "/", 200), ("GET", "/ping", 200), ("GET", "/ready", 200), ("GET", "/ping/", 200), ("HEAD", "/ping", 200),
    ("GET", "/metrics", 401), ("GET", "/v1/agents", 401), ("GET", "/v1/health", 401), ("GET", "/docs", 404),
    ("GET", "/openapi.json", 404), ("POST", "/v1/chat/completions", 401), ("GET", "/v1/models", 401),
  ])
  func opensWhatTheContractOpens(method: String, path: String, status: Int) async throws {
    try await LiveServer.with { server in
      let reply = try await server.request(method, path, token: nil)
      #expect(reply.status == status)
      #expect(reply.headers["x-request-id"] != nil)
      if method == "HEAD" { #expect(reply.text.isEmpty && reply.headers["content-length"] != "0") }
    }
  }

  @Test func takesEitherTokenInEitherHeader() async throws {
    try await LiveServer.with { server in
      for (name, value) in [
        ("X-Runtime-Token", LiveServer.token), ("X-Runtime-Token", "second-token"),
        ("Authorization", "Bearer \(LiveServer.token)"), ("Authorization", "bearer second-token"),
      ] {
        let status = try await server.request("GET", "/v1/agents", headers: [name: value], token: nil).status
        #expect(status == 200)
      }
      for wrong in ["", "x", LiveServer.token + "x", String(LiveServer.token.dropLast()), "Bearer"] {
        let plain = try await server.request("GET", "/v1/agents", token: wrong).status
        #expect(plain == 401)
        let bearer = ["Authorization": "Bearer \(wrong)"]
        let asBearer = try await server.request("GET", "/v1/agents", headers: bearer, token: nil).status
        #expect(asBearer == 401)
      }
    }
  }

  @Test func writesErrorsInTheShapeOfTheirPath() async throws {
    try await LiveServer.with { server in
      let plain = try await server.request("GET", "/v1/agents/none", headers: ["X-Request-ID": "my-id-1"])
      #expect(plain.status == 404)
      #expect(plain.body["error"] == "AGENT_NOT_FOUND")
      #expect(plain.body["request_id"] == "my-id-1")
      #expect(plain.headers["x-request-id"] == "my-id-1")
      #expect(plain.body.objectValue?.keys == ["error", "message", "details", "detail", "request_id"])
      let chat: JSONValue = ["model": "none", "messages": [["role": "user", "content": "x"]]]
      let openAI = try await server.request("POST", "/v1/chat/completions", chat)
      #expect(openAI.body["error"]?["code"] == "AGENT_NOT_FOUND")
      #expect(openAI.body["error"]?["type"] == "not_found_error")
      let model = try await server.request("GET", "/v1/models/none")
      #expect(model.body["error"]?["code"] == "AGENT_NOT_FOUND")
      let unknown = try await server.request("GET", "/v1/nothing")
      #expect(unknown.status == 404 && unknown.body["error"] == "NOT_FOUND")
    }
  }

  @Test(arguments: ["a b", "", String(repeating: "x", count: 129), "ä", "a\"b"])
  func replacesRequestIDsThatAreNotSane(id: String) async throws {
    try await LiveServer.with { server in
      let reply = try await server.request("GET", "/ping", headers: ["X-Request-ID": id])
      #expect(reply.headers["x-request-id"]?.hasPrefix("req-") == true)
    }
  }

  @Test func namesTheMethodsThatAPathAnswers() async throws {
    try await LiveServer.with { server in
      let reply = try await server.request("DELETE", "/v1/agents")
      #expect(reply.status == 405)
      #expect(reply.headers["allow"] == "POST, GET")
      #expect(reply.body["error"] == "METHOD_NOT_ALLOWED")
    }
  }

  @Test func refusesBodiesThatAreTooLargeWithoutReadingThem() async throws {
    try await LiveServer.with(configure: { $0.requestBytesMax = 1000 }) { server in
      let announced = try await server.raw(
        "POST", "/v1/agents", nil, headers: ["Content-Length": "100000000"])
      #expect(announced.status == 413)
      #expect(announced.headers["connection"] == "close")
      let sent = try await server.raw("POST", "/v1/agents", Data(repeating: 32, count: 2000))
      #expect(sent.status == 413 && sent.body["error"] == "PAYLOAD_TOO_LARGE")
    }
  }

  @Test(arguments: [
    ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("application/json; charset=utf-8", 422),
    ("application/vnd.api+json", 422), ("APPLICATION/JSON", 422),
  ])
  func takesJSONAlone(type: String, status: Int) async throws {
    try await LiveServer.with { server in
      let reply = try await server.raw("POST", "/v1/agents", Data("{}".utf8), headers: ["Content-Type": type])
      #expect(reply.status == status)
    }
  }

  @Test(arguments: ["GET /ping HTTP/1.0\r\n\r\n", "GET /ping HTTP/1.1\r\nHost: x\r\nConnection: TE, Close\r\n\r\n"])
  func closesForWhoWaitsForTheEnd(request: String) async throws {
    try await LiveServer.with { server in
      var client = RawClient(port: server.port)
      defer { client.close() }
      try client.connect()
      try client.send(Data(request.utf8))
      let connection = client
      let reply = try await Reply(bytes: blocking { try connection.readToEnd() })
      #expect(reply.status == 200)
    }
  }

  @Test func answersBrowsersOfListedOriginsAlone() async throws {
    try await LiveServer.with(configure: { $0.corsOrigins = ["https://a.example"] }) { server in
      let asks = ["Origin": "https://a.example", "Access-Control-Request-Method": "POST"]
      let preflight = try await server.request("OPTIONS", "/v1/agents", headers: asks, token: nil)
      #expect(preflight.status == 204)
      #expect(preflight.headers["access-control-allow-origin"] == "https://a.example")
      let other = try await server.request("GET", "/ping", headers: ["Origin": "https://b.example"])
      #expect(other.headers["access-control-allow-origin"] == nil)
    }
  }

  @Test(arguments: ["/v1/nope", "/v1/agents/x/y/z", "/v1/chat/completions"])
  func tellsNobodyWithoutATokenWhichRoutesThereAre(path: String) async throws {
    try await LiveServer.with { server in
      let reply = try await server.request("DELETE", path, token: nil)
      #expect(reply.status == 401)
    }
  }

  /// The connection closes after the answer, and all of it must have left before.
  @Test func sendsLargeAnswersWhole() async throws {
    try await LiveServer.with { server in
      let prompt = String(repeating: "p", count: 60_000)
      for number in 0..<200 { _ = try await server.makeAgent("a\(number)", ["system_prompt": .string(prompt)]) }
      let reply = try await server.request("GET", "/v1/agents?limit=1000")
      #expect(reply.text.utf8.count == Int(reply.headers["content-length"] ?? ""))
      #expect(reply.body.arrayValue?.count == 200)
      #expect(reply.text.utf8.count > 12_000_000)
    }
  }

  @Test(arguments: ["zz\r\nhello\r\n", "5\r\nhello\r\n;;;\r\n"])
  func refusesBodiesThatAreNotHTTP(body: String) async throws {
    try await LiveServer.with { server in
      let reply = try await server.raw(
        "POST", "/v1/agents", nil, headers: ["Transfer-Encoding": "chunked"], appending: Data(body.utf8))
      #expect(reply.status == 400)
    }
  }

  @Test func answersWhatIsNotHTTP() async throws {
    try await LiveServer.with { server in
      var client = RawClient(port: server.port)
      defer { client.close() }
      try client.connect()
      try client.send(Data("this is not http\r\n\r\n".utf8))
      let connection = client
      let reply = try await Reply(bytes: blocking { try connection.readToEnd() })
      #expect(reply.status == 400)
      let afterwards = try await server.request("GET", "/ping").status
      #expect(afterwards == 200)
    }
  }

  @Test func servesManyRequestsOnOneConnection() async throws {
    try await LiveServer.with { server in
      var client = RawClient(port: server.port)
      defer { client.close() }
      try client.connect()
      let connection = client
      try await blocking {
        for _ in 0..<200 {
          try connection.send(Data("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
          _ = try connection.read(until: "pong")
        }
      }
    }
  }
}
