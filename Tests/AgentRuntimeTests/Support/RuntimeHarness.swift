import AgentJSON
import AgentTesting
import FoundationEssentials
import Logging

@testable import AgentRuntime

/// The runtime put together over a scripted model and a store in memory.
struct RuntimeHarness: Sendable {
  let model: ScriptedChatModel
  let store: InMemoryStore
  let statistics = RunStatistics()
  let runs: ActiveRuns
  let catalog: AgentCatalog
  let executor: AgentExecutor
  let limits: RuntimeLimits

  init(
    _ model: ScriptedChatModel = ScriptedChatModel { _, _ in .text("ok") }, limits: RuntimeLimits = RuntimeLimits(),
    templates: [any AgentTemplate.Type] = [CustomerServiceBot.self], toolsets: [Toolset] = [],
    store: InMemoryStore = InMemoryStore(), sandbox: (any Sandbox)? = nil, supply: (any CodeSupply)? = nil,
    logsContent: Bool = false,
    timing: RunTiming = RunTiming(),
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) {
    self.model = model
    self.store = store
    self.limits = limits
    runs = ActiveRuns(runsMax: limits.concurrentRunsMax, timeout: limits.executionTimeout)
    let toolsets = ToolsetCatalog(toolsets)
    catalog = AgentCatalog(
      templates: TemplateCatalog(templates), store: store, toolsets: toolsets, sandbox: sandbox, supply: supply,
      runs: runs)
    executor = AgentExecutor(
      model: model, defaultModelID: "default-model", store: store, toolsets: toolsets,
      sandbox: sandbox, supply: supply, runs: runs, limits: limits, statistics: statistics, logsContent: logsContent,
      timing: timing,
      logger: logger)
  }

  /// Stores an agent of the conversation template with these further fields.
  @discardableResult
  func agent(_ id: String = "a", _ fields: JSONObject = [:]) async throws -> AgentDefinition {
    var body: JSONObject = ["id": .string(id), "name": "Agent", "template_id": "customer-service-bot"]
    for (key, value) in fields { body[key] = value }
    return try await catalog.create(body).agent
  }

  /// Runs a chat as the server would, from the request's body on.
  func chat(
    _ messages: [Message], agent: String = "a", session: String? = nil, user: String? = nil,
    config: JSONObject? = nil, parameters: JSONObject = [:], approvals: [JSONValue]? = nil,
    handle: RunHandle = RunHandle(), sink: DeltaSink? = nil
  ) async throws -> RunResult {
    var body = parameters
    body["model"] = .string(agent)
    body["messages"] = .array(messages.map { .object($0.json) })
    var metadata: JSONObject = [:]
    metadata["session_id"] = session.map { .string($0) }
    metadata["user_id"] = user.map { .string($0) }
    metadata["approvals"] = approvals.map { .array($0) }
    body["metadata"] = .object(metadata)
    body["conversation_config"] = config.map { .object($0) }
    let call = try ChatCall(body: body, requestID: "request-1", limits: limits)
    let loaded = try await catalog.runnable(call.model, userID: call.userID)
    return try await executor.execute(call, agent: loaded, handle: handle, sink: sink)
  }

  /// The messages of a thread; nil where there is none.
  func thread(_ session: String, agent: String = "a") async throws -> [String]? {
    try await store.thread(ThreadKey(agentID: agent, sessionID: session), last: nil)?.messages.map(\.short)
  }

  /// The prompt of the model's call of that number.
  func prompt(_ number: Int) -> [String] { model.requests[number].messages.map(\.short) }
}

extension Message {
  /// `user: hello`; tool calls as `assistant: →id`, their results as `tool: id`.
  var short: String {
    let calls = json["tool_calls"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
    let text = calls.isEmpty ? json["tool_call_id"]?.stringValue ?? text : "→" + calls.joined(separator: ",")
    return "\(role.rawValue): \(text)"
  }

  static func user(_ text: String) -> Message { Message(.user, text) }
  static func system(_ text: String) -> Message { Message(.system, text) }
  static func assistant(_ text: String) -> Message { Message(.assistant, text) }

  static func calls(_ ids: String...) -> Message {
    let calls = ids.map { id -> JSONValue in
      ["id": .string(id), "type": "function", "function": ["name": "f", "arguments": "{}"]]
    }
    return Message(role: .assistant, json: ["role": "assistant", "content": .null, "tool_calls": .array(calls)])
  }

  static func result(_ id: String) -> Message {
    Message(role: .tool, json: ["role": "tool", "tool_call_id": .string(id), "content": "done"])
  }
}

/// The error that `body` throws; nil where it throws none.
func failure(_ body: () async throws -> Void) async -> (any Error)? {
  do {
    try await body()
    return nil
  } catch {
    return error
  }
}

/// The `RuntimeError` that `body` throws.
func runtimeError(_ body: () async throws -> Void) async -> RuntimeError? { await failure(body) as? RuntimeError }

extension RuntimeError {
  /// `path: type` of each fault, sorted.
  var faultList: [String] { faults.map { "\($0.pathText): \($0.type)" }.sorted() }
}
