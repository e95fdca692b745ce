import AgentJSON
import AgentTesting
import Logging
import Synchronization
import Testing

@testable import AgentRuntime

/// Which of a task's calls a model is asked.
enum TaskCall: Sendable, Hashable {
  /// A step, from 1; after a tool's results, too.
  case step(Int)
  case compose
  case repair

  init(_ request: ChatRequest) {
    let text = request.messages.last { $0.role == .user }?.text ?? ""
    if text.hasPrefix("Your answer does not fit") {
      self = .repair
    } else if let start = text.range(of: "Now carry out step ")?.upperBound {
      self = .step(Int(text[start...].prefix { $0.isNumber }) ?? 0)
    } else {
      self = .compose
    }
  }
}

extension String {
  /// Where a piece of text stands.
  func range(of piece: String) -> Range<String.Index>? { ranges(of: piece).last }
}

extension RuntimeHarness {
  /// The runtime with task agents. The model answers by what it is asked; `number` counts calls of the same kind, from 0.
  static func withTasks(
    limits: RuntimeLimits = RuntimeLimits(), toolsets: [Toolset] = [], timing: RunTiming = .instant,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    answering answer: @escaping @Sendable (_ call: TaskCall, _ number: Int) -> ScriptedAnswer
  ) -> RuntimeHarness {
    let counts = Counts()
    let model = ScriptedChatModel { call, _ in
      let kind = TaskCall(call.request)
      return answer(kind, counts.next(kind))
    }
    return RuntimeHarness(
      model, limits: limits, templates: [TaskExecutionBot.self], toolsets: toolsets, timing: timing,
      logger: logger)
  }

  /// Stores a task agent with these settings.
  @discardableResult
  func taskAgent(
    _ steps: [String] = ["one", "two", "three"], _ settings: JSONObject = [:], format: String = "text",
    strict: Bool = true, fields: JSONObject = [:]
  ) async throws -> AgentCatalog.Change {
    var taskSteps: JSONObject = ["steps": .array(steps.map { .string($0) })]
    for (key, value) in settings { taskSteps[key] = value }
    var body: JSONObject = [
      "id": "a", "name": "Task", "template_id": "task-execution-bot",
      "template_config": [
        "taskSteps": .object(taskSteps), "validation": ["strictMode": .bool(strict), "outputFormat": .string(format)],
      ],
    ]
    for (key, value) in fields { body[key] = value }
    return try await catalog.create(body)
  }

  /// What the model was asked, in order.
  var taskCalls: [TaskCall] { model.requests.map { TaskCall($0) } }

  /// The text of what the model was asked last in its call of that kind and number.
  func instruction(_ call: TaskCall, _ number: Int = 0) -> String {
    let requests = model.requests.filter { TaskCall($0) == call }
    return requests.indices.contains(number) ? requests[number].messages.last?.text ?? "" : ""
  }
}

/// Numbers calls of each kind.
private final class Counts: Sendable {
  private let counts = Mutex<[TaskCall: Int]>([:])

  func next(_ kind: TaskCall) -> Int {
    counts.withLock { counts in
      defer { counts[kind, default: 0] += 1 }
      return counts[kind, default: 0]
    }
  }
}

extension RunTiming {
  /// No pause before a retry: the draw is 0.
  static var instant: RunTiming { RunTiming.with(ContinuousClock()) }

  static func with(_ clock: any Clock<Duration>, draw: @escaping @Sendable () -> Double = { 0 }) -> RunTiming {
    var timing = RunTiming()
    (timing.clock, timing.draw) = (clock, draw)
    return timing
  }
}

extension ScriptedAnswer {
  static var outage: ScriptedAnswer { .failing(ModelError(.unavailable, "The model is down.", isRetryable: true)) }
}

extension [ExecutionStep] {
  /// `name: status` and, of more than one, the attempts.
  var short: [String] {
    map { "\($0.name): \($0.status.rawValue)" + (($0.attempts ?? 1) > 1 ? " (\($0.attempts ?? 0))" : "") }
  }
}
