import AgentJSON
import AgentRuntime
import AgentTesting
import Foundation
import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization

@testable import AgentServer

/// A whole server on a free loopback port, over a store in memory and a model that the test writes.
struct LiveServer: Sendable {
  static let token = "test-token-of-the-server"
  let port: Int
  let runs: ActiveRuns
  let store: InMemoryStore

  /// Serves while `body` runs.
  static func with<Result: Sendable>(
    _ model: any ChatModel = EchoModel(), limits: RuntimeLimits = RuntimeLimits(), sandbox: (any Sandbox)? = nil,
    configure: (inout APIServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (LiveServer) async throws -> Result
  ) async throws -> Result {
    var configuration = APIServerConfiguration(tokens: [token, "second-token"])
    configuration.host = "127.0.0.1"
    configuration.port = 0
    configure(&configuration)
    let (ports, started) = AsyncStream.makeStream(of: Int.self)
    let runs = ActiveRuns(runsMax: limits.concurrentRunsMax, timeout: limits.executionTimeout)
    let store = InMemoryStore()
    let server = APIServer(
      configuration: configuration, parts: parts(model, limits, runs, store, sandbox),
      group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      onStart: { started.yield($0) })
    return try await withThrowingTaskGroup(of: Result?.self) { tasks in
      tasks.addTask {
        try await server.run()
        return nil
      }
      tasks.addTask {
        await runs.watchDeadlines()
        return nil
      }
      tasks.addTask {
        for await port in ports { return try await body(LiveServer(port: port, runs: runs, store: store)) }
        return nil
      }
      while let ended = try await tasks.next() {
        if let result = ended {
          tasks.cancelAll()
          return result
        }
      }
      throw CancellationError()
    }
  }

  private static func parts(
    _ model: any ChatModel, _ limits: RuntimeLimits, _ runs: ActiveRuns, _ store: InMemoryStore,
    _ sandbox: (any Sandbox)?
  ) -> ServerParts {
    let statistics = RunStatistics()
    let templates = TemplateCatalog([CustomerServiceBot.self, TaskExecutionBot.self, CustomCodeBot.self])
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let catalog = AgentCatalog(templates: templates, store: store, sandbox: sandbox, runs: runs)
    let executor = AgentExecutor(
      model: model, defaultModelID: "default", store: store, sandbox: sandbox, runs: runs, limits: limits,
      statistics: statistics, logger: logger)
    return ServerParts(
      catalog: catalog, executor: executor,
      runService: RunService(executor: executor, catalog: catalog, store: store, limits: limits, logger: logger),
      store: store, runs: runs, health: HealthMonitor(model: model, store: store), statistics: statistics,
      limits: limits, schema: .builtin, version: "0.0.0", renderMetrics: { Array("# metrics\n".utf8) })
  }

  /// Makes an agent and returns its id.
  func makeAgent(_ id: String = "bot", _ more: JSONObject = [:]) async throws -> String {
    var body: JSONObject = ["id": .string(id), "name": "Bot", "template_id": "customer-service-bot"]
    for (key, value) in more { body[key] = value }
    let answer = try await request("POST", "/v1/agents", .object(body))
    guard answer.status == 201 else { throw UnexpectedAnswer(text: "\(answer.status) \(answer.body.encodedText)") }
    return id
  }

  func request(
    _ method: String, _ path: String, _ body: JSONValue? = nil, headers: [String: String] = [:], token: String? = token
  ) async throws -> Reply {
    try await raw(method, path, body.map { Data($0.encoded()) }, headers: headers, token: token)
  }

  /// Sends bytes as they are.
  func raw(
    _ method: String, _ path: String, _ body: Data?, headers: [String: String] = [:], token: String? = token,
    appending rest: Data = Data()
  ) async throws -> Reply {
    var client = RawClient(port: port)
    defer { client.close() }
    try client.connect()
    var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    var fields = headers
    if let token { fields["X-Runtime-Token"] = token }
    if let body {
      fields["Content-Length"] = String(body.count)
      if fields["Content-Type"] == nil { fields["Content-Type"] = "application/json" }
    }
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
    try client.send(Data((head + "Connection: close\r\n\r\n").utf8) + (body ?? Data()) + rest)
    let connection = client
    return try await Reply(bytes: blocking { try connection.readToEnd() })
  }
}

struct UnexpectedAnswer: Error {
  let text: String
}

/// Says what it was told last, in pieces of one word.
struct EchoModel: ChatModel {
  func complete(_ request: ChatRequest) async throws -> ChatCompletion {
    ChatCompletion(
      message: Message(.assistant, request.messages.last?.text ?? ""), finishReason: "stop",
      usage: TokenUsage(promptTokens: request.messages.count, completionTokens: 1))
  }

  func stream(_ request: ChatRequest, onDeltas: ([ChatDelta]) async throws -> Void) async throws -> ChatCompletion {
    let completion = try await complete(request)
    for word in completion.message.text.split(separator: " ") { try await onDeltas([ChatDelta(content: "\(word) ")]) }
    return completion
  }

  func probe() async throws {}
}
