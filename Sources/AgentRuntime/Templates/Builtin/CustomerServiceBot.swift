/// `customer-service-bot` 1.0.0: a conversation with a model that remembers (contract §3).
public struct CustomerServiceBot: AgentTemplate {
  /// What can be set.
  public struct Settings: TemplateSettings {
    /// 对话设置
    public struct Conversation: SettingsSection {
      /// What a form shows.
      public static let title = "对话设置"
      /// What it is about.
      public static let description = "配置对话的记忆方式"
      /// Whether the server keeps the thread.
      @Setting("持续对话模式", "开启后，同一会话中的历史消息由服务端保存并持续使用")
      public var continuous = true
      /// How many messages the model sees.
      @Setting("对话历史长度", "每次请求发送给模型的最近消息数量", .range(5...100))
      public var historyLength = 10

      /// The defaults.
      public init() {}
    }

    /// The conversation's settings.
    public var conversation = Conversation()

    /// The defaults.
    public init() {}
  }

  /// What the platform is told.
  public static let about = TemplateDescription(
    id: "customer-service-bot", type: "conversation", version: "1.0.0", displayName: "智能客服助手",
    description: "持续对话的智能客服，记住会话历史并逐字流式回答",
    requirements: RuntimeRequirements(memory: "64MB", cpu: "0.1 cores", estimatedLatency: "the model's own"))

  /// A template has no state.
  public init() {}

  /// One turn of the conversation.
  public func execute(_ run: AgentRun, settings: Settings) async throws -> ChatCompletion {
    try await Conversation(
      continuous: settings.conversation.continuous, historyLength: settings.conversation.historyLength
    ).turn(run)
  }
}
