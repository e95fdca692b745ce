import AgentJSON
import AgentTesting
import Logging

@testable import AgentRuntime

/// The composer over a scripted model, with all built-in templates and two toolsets.
struct ComposeHarness: Sendable {
  let runtime: RuntimeHarness
  let composer: AgentComposer
  let tools = ScriptedToolSource([ScriptedTool("add") { _, _ in ToolOutput("3") }])
  var model: ScriptedChatModel { runtime.model }

  init(
    _ model: ScriptedChatModel, limits: RuntimeLimits = RuntimeLimits(), sandbox: (any Sandbox)? = nil,
    supply: (any CodeSupply)? = nil, logsContent: Bool = false,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) {
    runtime = RuntimeHarness(
      model, limits: limits, templates: [CustomerServiceBot.self, TaskExecutionBot.self, CustomCodeBot.self],
      toolsets: [Toolset(name: "math", source: tools), Toolset(name: "web", source: ScriptedToolSource([]))],
      sandbox: sandbox, supply: supply, logsContent: logsContent, logger: logger)
    composer = AgentComposer(catalog: runtime.catalog, executor: runtime.executor)
  }

  /// A composer whose model says these texts, one a call.
  init(saying texts: String...) {
    self.init(ScriptedChatModel { _, number in texts.indices.contains(number) ? .text(texts[number]) : .text("more?") })
  }

  /// Asks for an agent of the task template, with these fields laid over.
  func compose(_ fields: JSONObject = [:], handle: RunHandle = RunHandle()) async throws -> AgentProposal {
    var body: JSONObject = ["template_id": "task-execution-bot", "instructions": "Compare offers of suppliers."]
    for (key, value) in fields { body[key] = value }
    return try await composer.compose(body, requestID: "req-1", handle: handle)
  }

  /// What the runtime has stored.
  func storedCount() async throws -> Int { try await runtime.catalog.agents(AgentQuery(limit: 100)).total }
}

/// Answers as a model gives them.
enum Composed {
  static let steps: JSONValue = ["taskSteps": ["steps": ["Collect the offers", "Compare them"], "retryCount": 1]]

  /// A whole answer with these members laid over; null takes one out.
  static func agent(_ fields: JSONObject = [:]) -> String {
    var answer: JSONObject = [
      "reasoning": "Two steps are enough.", "name": "Offers", "description": "Compares offers.",
      "system_prompt": "You compare offers.", "template_config": steps, "toolsets": ["math"],
    ]
    for (key, value) in fields { answer[key] = value.isNull ? nil : value }
    return JSONValue.object(answer).encodedText
  }

  /// One that no agent can be made of.
  static let broken = agent(["template_config": ["taskSteps": ["steps": ["a"], "stepTimeout": 9]]])
}
