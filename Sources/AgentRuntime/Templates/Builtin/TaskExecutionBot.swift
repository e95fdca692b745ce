/// `task-execution-bot` 1.1.0: works through a list of steps, and composes an answer of what they came to (contract §3, §4).
public struct TaskExecutionBot: AgentTemplate {
  /// What can be set.
  public struct Settings: TemplateSettings {
    /// 任务步骤
    public struct TaskSteps: SettingsSection {
      /// What a form shows.
      public static let title = "任务步骤"
      /// What it is about.
      public static let description = "任务的执行步骤与执行方式"
      /// What is done, in order.
      @Setting("执行步骤", "依次执行的步骤，每一项是对一个步骤的说明", .items(1...20), .notBlank, .advised)
      public var steps = ["分析需求", "制定计划", "执行任务", "验证结果"]
      /// Of one attempt, in seconds.
      @Setting("步骤超时", "单个步骤每次尝试的最长时间，单位为秒", .range(10...3600))
      public var stepTimeout = 300.0
      /// How often a step that failed is tried again.
      @Setting("重试次数", "步骤失败后的最大重试次数", .range(0...5))
      public var retryCount = 2
      /// Whether no step waits for another.
      @Setting("并行执行", "开启后，所有步骤同时执行，互不使用彼此的结果")
      public var parallelExecution = false

      /// The defaults.
      public init() {}
    }

    /// 验证设置
    public struct Validation: SettingsSection {
      /// What a form shows.
      public static let title = "验证设置"
      /// What it is about.
      public static let description = "对步骤结果与最终输出的要求"
      /// Whether a failure ends the execution.
      @Setting("严格模式", "开启后，任一步骤失败或输出不符合格式时，整个任务失败")
      public var strictMode = true
      /// What the answer looks like.
      @Setting("输出格式", "最终输出的格式：JSON、纯文本或结构化结果")
      public var outputFormat = OutputFormat.structured

      /// The defaults.
      public init() {}
    }

    /// What is done, and how.
    public var taskSteps = TaskSteps()
    /// What the outcome must satisfy.
    public var validation = Validation()

    /// The defaults.
    public init() {}
  }

  /// What the answer looks like.
  public enum OutputFormat: String, SettingChoice, Codable {
    case json, text, structured

    /// What a form shows.
    public var label: String {
      switch self {
      case .json: "JSON"
      case .text: "纯文本"
      case .structured: "结构化"
      }
    }
  }

  /// What the platform is told.
  public static let about = TemplateDescription(
    id: "task-execution-bot", type: "task", version: "1.1.0", displayName: "任务型智能体",
    description: "按步骤执行任务的智能体，支持重试、超时、并行执行与结构化输出",
    requirements: RuntimeRequirements(
      memory: "64MB", cpu: "0.1 cores", estimatedLatency: "the model's own, once for each step and once more"))

  /// A template has no state.
  public init() {}

  /// The graph of the steps is made once for each agent.
  public func prepare(_ settings: Settings) -> AgentProgram {
    let program = TaskProgram(TaskPlan(settings))
    return { run in try await program.answer(run) }
  }

  /// One task.
  public func execute(_ run: AgentRun, settings: Settings) async throws -> ChatCompletion {
    try await prepare(settings)(run)
  }
}
