import AgentJSON
import AgentTesting
import FoundationEssentials
import Logging
import Synchronization

@testable import AgentRuntime

/// A time that moves only when it is told to.
final class ManualDate: Sendable {
  private let seconds = Mutex(1_700_000_000.0)
  var now: Date { Date(timeIntervalSince1970: seconds.withLock { $0 }) }
  func advance(by more: Double) { seconds.withLock { $0 += more } }
}

/// One process of the runtime over a store that others may work on, too.
struct KeptHarness: Sendable {
  let model: ScriptedChatModel
  let catalog: AgentCatalog
  let service: RunService
  let runs: ActiveRuns
  let clock = ManualClock()
  let date: ManualDate
  let limits = RuntimeLimits()

  init(
    _ store: any RuntimeStore, date: ManualDate = ManualDate(), toolsets: [Toolset] = [], runsMax: Int = 10,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, _ model: ScriptedChatModel
  ) {
    self.model = model
    self.date = date
    runs = ActiveRuns(runsMax: runsMax, timeout: .seconds(60))
    let toolsets = ToolsetCatalog(toolsets)
    let templates = TemplateCatalog([CustomerServiceBot.self, TaskExecutionBot.self])
    catalog = AgentCatalog(templates: templates, store: store, toolsets: toolsets, runs: runs)
    let executor = AgentExecutor(
      model: model, defaultModelID: "m", store: store, toolsets: toolsets, runs: runs, limits: limits,
      statistics: RunStatistics(), timing: .instant, logger: logger)
    service = RunService(
      executor: executor, catalog: catalog, store: store, limits: limits, lease: .seconds(30), now: { date.now },
      clock: clock, logger: logger)
  }

  /// A model that says which step it is asked for.
  static func model(_ answer: @escaping @Sendable (TaskCall) -> ScriptedAnswer = { .text("\($0)") })
    -> ScriptedChatModel
  {
    ScriptedChatModel { call, _ in answer(TaskCall(call.request)) }
  }

  /// Stores a task agent `a` of five steps.
  func makeAgent(_ settings: JSONObject = [:], fields: JSONObject = [:]) async throws {
    var steps: JSONObject = ["steps": ["1", "2", "3", "4", "5"]]
    for (key, value) in settings { steps[key] = value }
    var body: JSONObject = [
      "id": "a", "name": "Task", "template_id": "task-execution-bot",
      "template_config": ["taskSteps": .object(steps), "validation": ["outputFormat": "text"]],
    ]
    for (key, value) in fields { body[key] = value }
    _ = try await catalog.create(body)
  }

  func call(_ metadata: JSONObject, _ text: String = "do", stream: Bool = false) throws -> ChatCall {
    try ChatCall(
      body: [
        "model": "a", "messages": [["role": "user", "content": .string(text)]], "stream": .bool(stream),
        "metadata": .object(metadata),
      ], requestID: "r", limits: limits)
  }

  func ask(_ metadata: JSONObject, handle: RunHandle = RunHandle()) async throws -> RunResult {
    let agent = try await catalog.runnable("a", userID: nil)
    return try await service.answer(try call(metadata), agent: agent, handle: handle)
  }

  /// Takes up what is due, and returns the run when it has ended.
  func goOn(_ id: String) async throws -> StoredRun? {
    try await service.store.releaseClaims()
    try await service.pickUp()
    _ = try await service.kept.run(id)?.log.end()
    return try await service.store.run(id)
  }

  /// Stores a conversation agent `a`.
  func makeConversation(_ fields: JSONObject = [:]) async throws {
    var body: JSONObject = ["id": "a", "name": "Bot", "template_id": "customer-service-bot"]
    for (key, value) in fields { body[key] = value }
    _ = try await catalog.create(body)
  }

  /// Begins a run in the background.
  func submit(_ metadata: JSONObject, stream: Bool = false) async throws -> StoredRun {
    var metadata = metadata
    metadata["background"] = true
    let agent = try await catalog.runnable("a", userID: nil)
    return try await service.submit(try call(metadata, stream: stream), agent: agent)
  }

  /// Stores a run that is due.
  func makeDue(_ id: String, session: String? = nil, starts: Int = 1, status: RunStatus = .queued) async throws {
    var row = StoredRun(
      id: id, agentID: "a", sessionID: session,
      request: try call(session.map { ["session_id": .string($0)] } ?? [:]).body, createdAt: date.now)
    (row.starts, row.status) = (starts, status)
    try await service.store.insert(row)
  }

  /// What the model was asked, in order.
  var calls: [TaskCall] { model.requests.map { TaskCall($0) } }
}
