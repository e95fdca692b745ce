/// `custom-code-bot` 1.0.0: the agent is the user's own code, run in the sandbox (contract §3, §4).
public struct CustomCodeBot: AgentTemplate {
  /// What can be set.
  public struct Settings: TemplateSettings {
    /// 代码源
    public struct CodeSource: SettingsSection {
      /// What a form shows.
      public static let title = "代码源"
      /// What it is about.
      public static let description = "智能体代码的来源与入口"
      /// There is no agent without code.
      public static let isRequired = true
      /// Where the code is.
      @Setting("代码类型", "代码的提供方式：内联代码、代码仓库或软件包")
      public var type = SourceType.inline
      /// The code, or a reference to it.
      @Setting("代码内容", "内联代码的全文，或代码仓库、软件包的引用", .required, .notBlank, .multiline)
      public var content = ""
      /// The function that is called.
      @Setting("入口点", "被调用的函数名，接收一个参数 {messages, system_prompt, config, metadata}", .identifier)
      public var entryPoint = "main"
      /// What is installed besides.
      @Setting("依赖包", "代码运行所需的依赖包，例如 requests==2.32.0")
      public var dependencies: [String] = []

      /// The defaults.
      public init() {}
    }

    /// 运行时设置
    public struct Runtime: SettingsSection {
      /// What a form shows.
      public static let title = "运行时设置"
      /// What it is about.
      public static let description = "代码的语言与资源限制"
      /// The language must be chosen knowingly.
      public static let isRequired = true
      /// What the code is written in.
      @Setting("编程语言", "代码使用的编程语言")
      public var language = Language.python
      /// A prefix of an installed version; empty takes the newest.
      @Setting("语言版本", "已安装版本的前缀，例如 3.11；留空则使用最新版本")
      public var version = ""
      /// Wall time of one call, in seconds.
      @Setting("执行超时", "一次执行的最长时间，单位为秒", .range(1...300))
      public var timeout = 30.0
      /// Memory of one call, in MB.
      @Setting("内存限制", "一次执行可使用的内存，单位为 MB", .range(64...2048))
      public var memoryLimit = 512.0

      /// The defaults.
      public init() {}
    }

    /// Where the code is, and where it begins.
    public var codeSource = CodeSource()
    /// What runs it.
    public var runtime = Runtime()

    /// The defaults.
    public init() {}
  }

  /// Where the code is.
  public enum SourceType: String, SettingChoice {
    case inline, repository, package

    /// What a form shows.
    public var label: String {
      switch self {
      case .inline: "内联代码"
      case .repository: "代码仓库"
      case .package: "软件包"
      }
    }
  }

  /// What the code is written in.
  public enum Language: String, SettingChoice {
    case python, javascript, typescript

    /// What a form shows.
    public var label: String {
      switch self {
      case .python: "Python"
      case .javascript: "JavaScript"
      case .typescript: "TypeScript"
      }
    }
  }

  /// What the platform is told.
  public static let about = TemplateDescription(
    id: "custom-code-bot", type: "custom", version: "1.0.0", displayName: "自定义智能体",
    description: "在隔离的沙箱中运行用户代码的智能体，支持 Python、JavaScript 与 TypeScript",
    requirements: RuntimeRequirements(memory: "512MB", cpu: "1 core", estimatedLatency: "the code's own"))

  /// A template has no state.
  public init() {}

  /// Whether the code can be what it should be: it can be had, it parses, its entry point is there, its language is
  /// installed.
  public func check(_ settings: Settings, _ context: TemplateContext) async throws -> TemplateFindings {
    try await CustomCode(settings).check(context)
  }

  /// One call of the code.
  public func execute(_ run: AgentRun, settings: Settings) async throws -> ChatCompletion {
    try await CustomCode(settings).answer(run)
  }
}
