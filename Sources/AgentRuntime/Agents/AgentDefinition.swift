public import AgentJSON
public import FoundationEssentials

/// Where an agent stands on its way to publication (contract §2).
public enum AgentStatus: String, Sendable, Hashable, CaseIterable {
  case draft, submitted, pending, published, revoked

  /// The statuses that may follow this one.
  public var successors: [AgentStatus] {
    switch self {
    case .draft: [.submitted, .revoked]
    case .submitted: [.pending, .draft, .revoked]
    case .pending: [.published, .draft, .revoked]
    case .published: [.revoked]
    case .revoked: []
    }
  }
}

/// Whether a version of a line is for its owner or for everybody (contract §2).
public enum VersionType: String, Sendable, Hashable, CaseIterable {
  case beta, release
}

/// A stored agent: a template with its settings filled in (contract §2).
public struct AgentDefinition: Sendable, Hashable {
  /// 1..128 of `A-Za-z0-9._:-`.
  public var id: String
  /// 1..100 characters, not unique.
  public var name: String
  /// Free text.
  public var description: String?
  /// Where a picture of the agent is.
  public var avatarURL: String?
  /// `conversation`, `task`, `custom`, or a template's own.
  public var type: String
  /// The template.
  public var templateID: String
  /// The version of the template.
  public var templateVersionID: String
  /// The template's settings, as they were given.
  public var templateConfig: JSONObject
  /// Goes before the conversation.
  public var systemPrompt: String?
  /// How conversations are held; nil members fall back to the template's settings.
  public var conversationConfig: ConversationConfig?
  /// The agent's own rate limits.
  public var limits: AgentLimits?
  /// Names of toolsets.
  public var toolsets: [String]
  /// The model configuration; nil is the default one.
  public var llmConfigID: String?
  /// The logical agent of which this is a version.
  public var agentLineID: String
  /// Beta or release.
  public var versionType: VersionType
  /// From 1; `v3` on the wire.
  public var versionNumber: Int
  /// Who may use it before it is published.
  public var ownerID: String?
  /// Where it stands.
  public var status: AgentStatus
  /// `{keep_files_mb?}`.
  public var codeInterpreter: JSONObject?
  /// Strings of the platform's, returned as they came.
  public var metadata: JSONObject?
  /// From 1, one more with each update.
  public var revision: Int
  /// When it was created, UTC.
  public var createdAt: Date
  /// When it was last updated, UTC.
  public var updatedAt: Date

  /// What `code_interpreter.keep_files_mb` allows, in bytes.
  var keptFilesBytesMax: Int {
    // A terabyte is as good as anything above it.
    min(codeInterpreter?["keep_files_mb"]?.intValue ?? 0, 1 << 20) << 20
  }

  /// Makes a draft with the contract's defaults.
  public init(id: String, name: String, type: String, templateID: String, templateVersionID: String, createdAt: Date) {
    self.id = id
    self.name = name
    self.type = type
    self.templateID = templateID
    self.templateVersionID = templateVersionID
    self.templateConfig = [:]
    self.toolsets = []
    self.agentLineID = id
    self.versionType = .beta
    self.versionNumber = 1
    self.status = .draft
    self.revision = 1
    self.createdAt = createdAt
    self.updatedAt = createdAt
  }
}

/// How an agent holds conversations (contract §2).
public struct ConversationConfig: Sendable, Hashable {
  /// What happens to a turn that comes while another one of its thread is under way.
  public enum BusyPolicy: String, Sendable, Hashable, CaseIterable {
    /// It waits, for a bounded time.
    case enqueue
    /// It is refused.
    case reject
    /// The turn under way is cancelled.
    case interrupt
    /// The turn under way is cancelled and leaves no trace.
    case rollback
  }

  /// Whether the server keeps the thread.
  public var continuous: Bool?
  /// How many messages the model sees, 1 or more.
  public var historyLength: Int?
  /// 0..2.
  public var temperature: Double?
  /// Tokens, 1 or more.
  public var maxTokens: Int?
  /// See `BusyPolicy`.
  public var onBusy: BusyPolicy?

  /// An empty configuration.
  public init() {}
}

/// The agent's own limits (contract §2).
public struct AgentLimits: Sendable, Hashable {
  /// Requests a minute.
  public var requestsPerMinute: Int?
  /// Tokens a minute.
  public var tokensPerMinute: Int?
  /// Tool turns of one execution.
  public var maxToolTurns: Int?

  /// No limits.
  public init() {}
}

/// One entry of an agent's history (contract §2).
public struct AgentRevision: Sendable, Hashable {
  /// From 1.
  public var revision: Int
  /// When, UTC.
  public var updatedAt: Date
  /// Names of the fields that were changed; at revision 1 those that were given.
  public var changes: [String]

  /// Makes an entry.
  public init(revision: Int, updatedAt: Date, changes: [String]) {
    self.revision = revision
    self.updatedAt = updatedAt
    self.changes = changes
  }
}
