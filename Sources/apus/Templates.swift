import AgentRuntime

/// The kinds of agents in this build; adding one is a line here.
enum Templates {
  static let all: [any AgentTemplate.Type] = [CustomerServiceBot.self]
}
