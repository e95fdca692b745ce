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
  let clock = ManualClock()
  let date: ManualDate
  let limits = RuntimeLimits()

  init(_ store: any RuntimeStore, date: ManualDate = ManualDate(), toolsets: [Toolset] = [], _ model: ScriptedChatModel)
  {
    self.model = model
    self.date = date
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let runs = ActiveRuns(runsMax: 10, timeout: .seconds(60))
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

  /// What the model was asked, in order.
  var calls: [TaskCall] { model.requests.map { TaskCall($0) } }
}
