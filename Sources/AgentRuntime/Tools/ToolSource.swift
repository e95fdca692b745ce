public import FoundationEssentials

/// Where tools come from: an MCP server, or what is built in.
public protocol ToolSource: Sendable {
  /// The tools as they are now; a list that was fetched before is remembered until the source says that it changed.
  /// Throws `ToolError` where the source cannot be reached and nothing is remembered.
  func tools() async throws -> [any Tool]

  /// What is known of the source, without asking it.
  var health: ToolSourceHealth { get }

  /// Keeps the source usable (connections, a child process) until the task is cancelled, and then lets go of them.
  func run() async

  /// Lets go of what was kept for a session, or for an agent's sessions altogether: it was deleted.
  func forget(agentID: String, sessionID: String?) async
}

extension ToolSource {
  /// Nothing was kept.
  public func forget(agentID: String, sessionID: String?) async {}
}

/// What is known of a source of tools.
public struct ToolSourceHealth: Sendable, Hashable {
  /// Whether it answered when it was last asked; nil if it never was.
  public var isReachable: Bool?
  /// What is wrong; nil where all is well.
  public var problem: String?
  /// How many tools it offered last.
  public var toolCount: Int
  /// When it last answered, or failed to.
  public var time: Date?

  /// Makes a report.
  public init(isReachable: Bool? = nil, problem: String? = nil, toolCount: Int = 0, time: Date? = nil) {
    self.isReachable = isReachable
    self.problem = problem
    self.toolCount = toolCount
    self.time = time
  }
}
