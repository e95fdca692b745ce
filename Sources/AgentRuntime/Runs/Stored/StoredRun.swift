public import AgentJSON
public import FoundationEssentials

/// One execution of an agent as a store keeps it: what was asked, how far it came, and who is at it.
///
/// What it was made with never changes. Times are UTC; stores keep them to the millisecond.
public struct StoredRun: Sendable, Hashable {
  /// Names the run, among those of all agents.
  public let id: String
  /// The agent.
  public let agentID: String
  /// The session whose thread it goes on with; nil where there is none.
  public let sessionID: String?
  /// Who asked.
  public let userID: String?
  /// The chat request as it came, so that the run can be resumed.
  public let request: JSONObject
  /// Whether it goes on when the caller leaves.
  public let isBackground: Bool
  /// When it was made.
  public let createdAt: Date

  /// How far it is.
  public var status: RunStatus
  /// Why it was cancelled.
  public var reason: RunReason?
  /// What was done so far, as `metadata.execution_steps` shows it.
  public var steps: [JSONValue]
  /// The completion; nil while there is none.
  public var output: JSONValue?
  /// The sum over every model call, as the API shows it; nil where no model counted.
  public var usage: JSONValue?
  /// What went wrong, as the API tells it.
  public var error: JSONObject?
  /// How often somebody began to execute it.
  public var starts: Int
  /// When somebody first began to execute it.
  public var startedAt: Date?
  /// When it came to its end, from which its retention counts.
  public var endedAt: Date?
  /// When it last changed; claims leave it.
  public var updatedAt: Date

  /// The store's count of changes: 1 once the run was inserted, one more with each replacement and each claim.
  public var revision: Int
  /// Who executes it; nil when nobody does.
  public var claim: RunClaim?

  /// Makes a queued run that nobody holds.
  public init(
    id: String, agentID: String, sessionID: String? = nil, userID: String? = nil, request: JSONObject,
    isBackground: Bool = false, createdAt: Date
  ) {
    self.id = id
    self.agentID = agentID
    self.sessionID = sessionID
    self.userID = userID
    self.request = request
    self.isBackground = isBackground
    self.createdAt = createdAt
    status = .queued
    steps = []
    starts = 0
    updatedAt = createdAt
    revision = 1
  }

  /// From when its retention counts: its end, or where nobody noted one, its last change. Nil until it has ended.
  public var retainedFrom: Date? { status.hasEnded ? endedAt ?? updatedAt : nil }
}
